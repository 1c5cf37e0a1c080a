import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { createApp } from "../../src/http/app.ts";
import { cloudEventText, readCloudEvents } from "../../src/http/cloud_event_modes.ts";
import { createFakeBackend, encoded, type FakeBackend, START_MS } from "./fake_backend.ts";

const clock = { now: () => START_MS, after: () => () => {} };

// deno-lint-ignore no-explicit-any -- JSON of any shape; the tests compare it
type Json = any;

async function post(
  headers: Record<string, string>,
  body: BodyInit | null,
  backend: FakeBackend = createFakeBackend(),
): Promise<{ status: number; body: Json; calls: FakeBackend["calls"] }> {
  const request = new Request("http://localhost/api/events", { method: "POST", headers, body });
  const response = await createApp(backend, { clock }).fetch(request);
  return { status: response.status, body: await response.json(), calls: backend.calls };
}

/** The example of the specification, §3.1.4. */
const BINARY = {
  "ce-specversion": "1.0",
  "ce-type": "com.example.someevent",
  "ce-time": "2018-04-05T03:56:24Z",
  "ce-id": "1234-1234-1234",
  "ce-source": "/mycontext/subcontext",
  "content-type": "application/json; charset=utf-8",
};
const ABOUT = { id: "1234-1234-1234", timeMs: 1_522_900_584_000, source: "/mycontext/subcontext" };
const STRUCTURED = {
  specversion: "1.0",
  type: "com.example.someevent",
  time: "2018-04-05T03:56:24Z",
  id: "1234-1234-1234",
  source: "/mycontext/subcontext",
  data: { rows: 3 },
};

Deno.test("POST /api/events takes a CloudEvent in binary mode", async () => {
  const { status, body, calls } = await post(BINARY, '{"rows":3}');
  assertEquals([status, body], [202, { id: "1234-1234-1234", matched: 4 }]);
  assertEquals(calls, [["publish", "com.example.someevent", { rows: 3 }, ABOUT]]);
});

Deno.test("POST /api/events takes a CloudEvent in structured mode", async () => {
  const { status, body, calls } = await post(
    { "content-type": "application/cloudevents+json; charset=UTF-8" },
    JSON.stringify({ ...STRUCTURED, partitionkey: "k", hops: 2, subject: "left out" }),
  );
  assertEquals([status, body], [202, { id: "1234-1234-1234", matched: 4 }]);
  assertEquals(calls, [["publish", "com.example.someevent", { rows: 3 }, { ...ABOUT, hops: 2, key: "k" }]]);
});

Deno.test("POST /api/events takes a batch of CloudEvents, also an empty one, and publishes in its order", async () => {
  const type = { "content-type": "application/cloudevents-batch+json; charset=UTF-8" };
  const batch = [STRUCTURED, { specversion: "1.0", type: "a.b", id: "2", source: "/x" }];
  const { status, body, calls } = await post(type, JSON.stringify(batch));
  assertEquals([status, body], [
    202,
    { events: [{ id: "1234-1234-1234", matched: 4 }, { id: "2", matched: 4 }] },
  ]);
  assertEquals(calls, [
    ["publish", "com.example.someevent", { rows: 3 }, ABOUT],
    ["publish", "a.b", null, { id: "2", timeMs: START_MS, source: "/x" }],
  ]);
  assertEquals((await post(type, "[]")).body, { events: [] });
});

Deno.test("POST /api/events publishes nothing of a batch of which one event is invalid, and names each", async () => {
  const type = { "content-type": "application/cloudevents-batch+json" };
  const { status, body, calls } = await post(
    type,
    JSON.stringify([STRUCTURED, { ...STRUCTURED, type: "a..b" }, { ...STRUCTURED, id: "" }]),
  );
  assertEquals([status, body.code, calls], [400, "http/bad-request", []]);
  assertEquals(body.details.issues.map((issue: string) => issue.slice(0, 8)), ["at '[1]'", "at '[2]'"]);
  const reserved = await post(type, JSON.stringify([STRUCTURED, { ...STRUCTURED, type: "run.x.failed" }]));
  assertEquals([reserved.status, reserved.body.code, reserved.calls], [422, "event/reserved-topic", []]);
  assertEquals((await post(type, JSON.stringify(STRUCTURED))).status, 400);
});

Deno.test("POST /api/events decodes header fields of CloudEvents: quotes first, then percent-encoding, once", async () => {
  const sources = {
    "Euro%20%E2%82%AC%20%F0%9F%98%80": "Euro € 😀",
    "%41%2520%e2%82%ac": "A%20€",
    '"Euro \\"quoted\\" %22"': 'Euro "quoted" "',
    "a+b": "a+b",
  };
  for (const [field, value] of Object.entries(sources)) {
    const { calls } = await post({ ...BINARY, "ce-source": field }, "1");
    assertEquals(calls, [["publish", "com.example.someevent", 1, { ...ABOUT, source: value }]]);
  }
  // An overlong encoding of a space, and what is no encoding at all.
  for (const source of ["%C0%A0", "100%"]) {
    const { status, body, calls } = await post({ ...BINARY, "ce-source": source }, "1");
    assertEquals([status, body.code, calls], [400, "http/bad-request", []]);
    assertStringIncludes(body.detail, "ce-source");
  }
});

Deno.test("POST /api/events takes text as data in binary mode, and no other bytes", async () => {
  const text = await post({ ...BINARY, "content-type": "text/xml", "ce-hops": "3" }, "<a/>");
  assertEquals(text.calls, [["publish", "com.example.someevent", "<a/>", { ...ABOUT, hops: 3 }]]);
  const bytes = await post({ ...BINARY, "content-type": "image/png" }, new Uint8Array([0x89, 0xff]));
  assertEquals([bytes.status, bytes.body.code], [400, "http/bad-request"]);
  assertEquals((await post(BINARY, null)).calls, [["publish", "com.example.someevent", null, ABOUT]]);
});

Deno.test("POST /api/events refuses CloudEvents that break a rule, each with its problem", async () => {
  const broken: [Record<string, string>, string, number, string][] = [
    [{ ...BINARY, "ce-specversion": "0.3" }, "1", 422, "event/invalid"],
    [{ ...BINARY, "ce-id": "x".repeat(256) }, "1", 422, "event/invalid"],
    [{ ...BINARY, "ce-time": "yesterday" }, "1", 422, "event/invalid"],
    [{ ...BINARY, "ce-hops": "many" }, "1", 422, "event/invalid"],
    [{ ...BINARY, "ce-type": "a..b" }, "1", 422, "topic/invalid"],
    [{ ...BINARY, "ce-type": "run.x.failed" }, "1", 422, "event/reserved-topic"],
    [{ ...BINARY, "ce-datacontenttype": "text/xml" }, "1", 400, "http/bad-request"],
    [BINARY, "{", 400, "http/bad-request"],
    [{ "content-type": "application/cloudevents+avro" }, "{}", 415, "http/unsupported-media-type"],
    [{ "content-type": "application/cloudevents+json" }, "[]", 422, "event/invalid"],
  ];
  for (const [headers, body, status, code] of broken) {
    const answer = await post(headers, body);
    assertEquals(
      [answer.status, answer.body.code, answer.calls],
      [status, code, []],
      JSON.stringify(headers),
    );
  }
});

Deno.test("readCloudEvents() reads again what cloudEventText() writes, in both JSON modes", () => {
  fc.assert(fc.property(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 50 }),
      source: fc.string({ minLength: 1 }),
      data: fc.jsonValue(),
      timeMs: fc.nat(2 ** 42),
      key: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    }),
    ({ id, source, data, timeMs, key }) => {
      const json = JSON.stringify(data);
      const event = { id, topic: "a.b", timeMs, source, ...(key === undefined ? {} : { key }) };
      const text = cloudEventText({ ...event, data: json });
      const bytes = (body: string): Uint8Array => new TextEncoder().encode(body);
      const read = (type: string, body: string) =>
        readCloudEvents(new Headers({ "content-type": type }), bytes(body), 0);
      const expected = { ...event, data: JSON.parse(json) };
      assertEquals(read("application/cloudevents+json", text)?.events, [expected]);
      assertEquals(read("Application/CloudEvents-Batch+JSON;charset=utf-8", `[${text},${text}]`)?.events, [
        expected,
        expected,
      ]);
    },
  ));
});

Deno.test("readCloudEvents() leaves a request alone that has none", () => {
  assertEquals(
    readCloudEvents(new Headers({ "content-type": "application/json" }), new Uint8Array(), 0),
    undefined,
  );
});

Deno.test("GET /api/events gives CloudEvents to those who accept them", async () => {
  const backend = createFakeBackend();
  const headers = { accept: "text/event-stream, application/cloudevents+json" };
  const response = await createApp(backend, { clock }).fetch(
    new Request("http://localhost/api/events", { headers }),
  );
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  backend.subscriptions[0]!.push(encoded("a.b", { x: 1 }, "e1"));
  const { value } = await reader.read();
  assertEquals(value!.split("\n")[0], "id: e1");
  assertEquals(JSON.parse(value!.split("\n")[1]!.slice("data: ".length)), {
    specversion: "1.0",
    id: "e1",
    source: "app",
    type: "a.b",
    time: "2025-01-01T00:00:00.000Z",
    datacontenttype: "application/json",
    data: { x: 1 },
  });
  await reader.cancel();
});
