import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { MillraceError } from "../../src/base/errors.ts";
import {
  defineApiTrigger,
  defineCronTrigger,
  defineEventTrigger,
  defineManualTrigger,
  defineTrigger,
  type Trigger,
} from "../../src/task/mod.ts";

/** Options as a JavaScript user may write them. */
function define(options: Record<string, unknown>): Trigger {
  return defineTrigger({ name: "trigger", topic: "a.b", ...options } as never);
}

const cron = { kind: "cron", cron: "0 2 * * *" };

Deno.test("defineCronTrigger gives the defaults of what was not said", () => {
  const { event, ...trigger } = defineCronTrigger({
    name: "nightly",
    cron: "0 2 * * *",
    topic: "day.closed",
  });
  assertEquals(trigger, {
    "~millrace": "trigger",
    kind: "cron",
    name: "nightly",
    cron: "0 2 * * *",
    timezone: "UTC",
    topic: "day.closed",
    jitterMs: 0,
    catchUp: "none",
  });
  assertEquals(event({ trigger: "nightly", scheduledMs: 5 }), { scheduledMs: 5 });
});

Deno.test("defineCronTrigger takes five to seven fields and nicknames", () => {
  for (
    const expression of [
      "0 2 * * *",
      "*/5 * * * * *",
      "0 0 0 1 1 * 2030",
      "@daily",
      "0 0 L * *",
      "0 9 * * MON#1",
    ]
  ) {
    assertEquals((define({ ...cron, cron: expression }) as { cron: string }).cron, expression);
  }
});

Deno.test("defineCronTrigger refuses what is no expression and names it", () => {
  for (
    const expression of [
      "",
      "* * * *",
      "61 * * * *",
      "2030-01-01T00:00:00",
      "* * * * * * * *",
      "@sometimes",
      5,
    ]
  ) {
    assertThrows(
      () => define({ ...cron, cron: expression }),
      TypeError,
      `Cannot define trigger "trigger" as "cron" must be`,
    );
  }
  assertThrows(() => define({ ...cron, cron: "61 * * * *" }), TypeError, '"61 * * * *"');
});

Deno.test("defineCronTrigger refuses an expression that never fires", () => {
  assertThrows(() => define({ ...cron, cron: "0 0 30 2 *" }), TypeError, "that ever fires");
});

Deno.test("defineCronTrigger takes IANA time zones only", () => {
  assertEquals(
    (define({ ...cron, timezone: "Europe/Oslo" }) as { timezone: string }).timezone,
    "Europe/Oslo",
  );
  for (const timezone of ["Mars/Olympus", ""]) {
    assertThrows(() => define({ ...cron, timezone }), TypeError, `"timezone" must be`);
  }
});

Deno.test("defineCronTrigger sets no timer", () => {
  // The sanitizers of this test would tell.
  define({ ...cron, cron: "* * * * * *" });
});

Deno.test("defineApiTrigger passes the body on unless told otherwise", () => {
  const body = z.object({ day: z.string() });
  const plain = defineApiTrigger({ name: "hook", topic: "day.closed", body });
  assertStrictEquals(plain.body, body);
  assertEquals(plain.event({ day: "x" } as never), { day: "x" });
  const mapped = defineApiTrigger({ name: "hook", topic: "day.closed", body, event: ({ day }) => day });
  assertEquals(mapped.event({ day: "x" } as never), "x");
});

Deno.test("defineEventTrigger passes the data on unless told otherwise", () => {
  const trigger = defineEventTrigger({ name: "chain", source: "a.*|b.**", topic: "c", debounceMs: 100 });
  assertEquals(trigger.map({ id: "1", topic: "a.x", timeMs: 0, source: "app", data: 7 as never }), 7);
  assertEquals([trigger.source, trigger.debounceMs], ["a.*|b.**", 100]);
});

Deno.test("defineEventTrigger waits for quiet or limits the rate, not both", () => {
  assertThrows(
    () => define({ kind: "event", source: "a", debounceMs: 1, throttleMs: 1 }),
    TypeError,
    'at most one of "debounceMs" and "throttleMs"',
  );
});

Deno.test("defineManualTrigger passes on what was given by hand", () => {
  assertEquals(defineManualTrigger({ name: "now", topic: "a" }).event(7), 7);
});

Deno.test("defineTrigger defines the kind that kind says", () => {
  for (const options of [cron, { kind: "api" }, { kind: "event", source: "a" }, { kind: "manual" }]) {
    assertEquals(define(options).kind, options.kind as Trigger["kind"]);
  }
  assertThrows(() => define({ kind: "crom" }), TypeError, 'did you mean "cron"?');
  assertThrows(() => define({}), TypeError, '"kind" must be');
});

Deno.test("every trigger refuses options of the wrong kind", () => {
  const mistaken: Record<string, unknown>[] = [
    { ...cron, name: "a b" },
    { ...cron, catchUp: "some" },
    { ...cron, event: {} },
    { ...cron, tz: "UTC" },
    { ...cron, topic: "" },
    { kind: "api", body: {} },
    { kind: "api", verify: "secret" },
    { kind: "event" },
    { kind: "event", source: "a", when: true },
    { kind: "event", source: "a", data: "string" },
    { kind: "manual", cron: "@daily" },
  ];
  for (const options of mistaken) assertThrows(() => define(options), TypeError, "Cannot define trigger");
  assertThrows(
    () => define({ ...cron, jitterMs: -1 }),
    RangeError,
    '"jitterMs" must be a finite number >= 0',
  );
  assertThrows(() => define({ kind: "event", source: "a", throttleMs: 0 }), RangeError, "> 0");
});

Deno.test("every trigger publishes to a topic that users may publish to", () => {
  const refused = {
    "a..b": "topic/invalid",
    "a.*": "topic/invalid",
    "run.x.started": "event/reserved-topic",
  } as const;
  for (const [topic, code] of Object.entries(refused)) {
    const error = assertThrows(() => define({ kind: "manual", topic }), MillraceError, 'trigger "trigger"');
    assertEquals(error.code, code);
  }
  assertEquals(define({ kind: "manual", topic: "run.request" }).topic, "run.request");
});

Deno.test("defineEventTrigger refuses what is no pattern", () => {
  const error = assertThrows(() => define({ kind: "event", source: "a.b*" }), MillraceError);
  assert(MillraceError.is(error, "pattern/invalid"));
});
