import { assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { fromCloudEvent, toCloudEvent } from "../../src/event/cloud_event.ts";
import type { MillraceEvent } from "../../src/event/event.ts";

/** What the examples of the JSON format have in common (cloudevents/spec, formats/json-format.md 3.2, Apache-2.0). */
const common = {
  specversion: "1.0",
  type: "com.example.someevent",
  source: "/mycontext",
  id: "C234-1234-1234",
  time: "2018-04-05T17:31:00Z",
  comexampleextension1: "value",
  comexampleothervalue: 5,
};
const event: MillraceEvent = {
  id: "C234-1234-1234",
  topic: "com.example.someevent",
  timeMs: Date.UTC(2018, 3, 5, 17, 31),
  source: "/mycontext",
  data: null,
};

function flawOf(value: unknown): string {
  const error = assertThrows(() => fromCloudEvent(value), MillraceError);
  assertEquals(error.code, "event/invalid");
  return error.message;
}

Deno.test("fromCloudEvent reads the specification's examples", () => {
  const data = { appinfoA: "abc", appinfoB: 123, appinfoC: true };
  const examples: [value: Record<string, unknown>, data: unknown][] = [
    [{ subject: null, datacontenttype: "application/json", data }, data],
    [{ subject: null, data: "I'm just a string" }, "I'm just a string"],
    [
      { unsetextension: null, datacontenttype: "application/xml", data: `<much wow="xml"/>` },
      `<much wow="xml"/>`,
    ],
  ];
  for (const [value, data] of examples) {
    assertEquals(fromCloudEvent({ ...common, ...value }), { ...event, data });
  }
});

Deno.test("fromCloudEvent refuses the specification's example with binary data: an event's is JSON", () => {
  const flaw = flawOf({
    ...common,
    datacontenttype: "application/vnd.apache.thrift.binary",
    data_base64: "... base64 encoded string ...",
  });
  assertEquals(flaw.includes("data_base64"), true, flaw);
});

Deno.test("fromCloudEvent takes a string of JSON as a string, and no data as null", () => {
  assertEquals(fromCloudEvent({ ...common, data: "[1]" }).data, "[1]");
  assertEquals(fromCloudEvent({ ...common, datacontenttype: "text/json", data: "[1]" }).data, "[1]");
  assertEquals(fromCloudEvent({ ...common, datacontenttype: "a/b+json; charset=utf-8", data: [1] }).data, [
    1,
  ]);
  assertEquals(fromCloudEvent(common).data, null);
});

Deno.test("fromCloudEvent gives an event that does not tell its time the one when it was received", () => {
  const { time: _, ...timeless } = common;
  assertEquals(fromCloudEvent(timeless, 7).timeMs, 7);
  assertEquals(fromCloudEvent({ ...common, time: null }, 7).timeMs, 7);
  assertEquals(fromCloudEvent(common, 7).timeMs, event.timeMs);
  assertEquals(fromCloudEvent({ ...common, time: "2018-04-05t19:31:00.000000+02:00" }).timeMs, event.timeMs);
});

Deno.test("fromCloudEvent names what is wrong", () => {
  const flaws: [value: unknown, says: string][] = [
    [null, "a JSON object"],
    [[], "a JSON object"],
    ["{}", "a JSON object"],
    [{ ...common, specversion: "0.3" }, `specversion must be "1.0": "0.3"`],
    [{ ...common, specversion: undefined }, "specversion"],
    [{ ...common, id: "" }, "id must be a string that is not empty"],
    [{ ...common, id: 5 }, "id must be a string"],
    [{ ...common, id: "x".repeat(256) }, "at most 255 characters"],
    [{ ...common, id: "a\nb" }, "no control characters"],
    [{ ...common, id: "a\ud800" }, "well-formed"],
    [{ ...common, source: undefined }, "source must be"],
    [{ ...common, type: null }, "type must be"],
    [{ ...common, time: undefined }, "time must be a timestamp"],
    [{ ...common, time: "yesterday" }, `"yesterday"`],
    [{ ...common, time: "2018-04-05" }, "time must be"],
    [{ ...common, time: "2018-02-30T00:00:00Z" }, "time must be"],
    [{ ...common, time: "2018-13-01T00:00:00Z" }, "time must be"],
    [{ ...common, partitionkey: 5 }, "partitionkey must be"],
    [{ ...common, hops: -1 }, "hops must be"],
    [{ ...common, datacontenttype: 5, data: "" }, "datacontenttype must be"],
    [
      { ...common, datacontenttype: "application/xml", data: {} },
      "data of type application/xml must be a string",
    ],
  ];
  for (const [value, says] of flaws) {
    const flaw = flawOf(value);
    assertEquals(flaw.includes(says), true, flaw);
  }
  const error = assertThrows(() => fromCloudEvent({ ...common, type: "com..x" }), MillraceError);
  assertEquals(error.code, "topic/invalid");
});

Deno.test("toCloudEvent and fromCloudEvent are inverse, through JSON", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  for (const full of [event, { ...event, data: [1, { a: null }], hops: 3, key: "k", traceparent }]) {
    assertEquals(fromCloudEvent(JSON.parse(JSON.stringify(toCloudEvent(full)))), full);
  }
});

Deno.test("toCloudEvent writes the attributes that the specification requires", () => {
  assertEquals(toCloudEvent({ ...event, data: undefined, key: "k" }), {
    specversion: "1.0",
    id: "C234-1234-1234",
    source: "/mycontext",
    type: "com.example.someevent",
    time: "2018-04-05T17:31:00.000Z",
    datacontenttype: "application/json",
    data: null,
    partitionkey: "k",
  });
  const error = assertThrows(() => toCloudEvent({ ...event, timeMs: NaN }), MillraceError);
  assertEquals(error.code, "event/invalid");
});
