/**
 * What every event log must do.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import type { ErrorCode } from "../../src/base/error_codes.ts";
import { DEFAULT_RETENTION } from "../../src/broker/log_rules.ts";
import type { ConsumerSettings, EventLog, LogClaim } from "../../src/broker/port.ts";
import type { EncodedEvent } from "../../src/event/event.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/virtual_clock.ts";

/** Gives an empty log on the given clock to a test, and takes it away afterwards. */
export type WithEventLog = (
  clock: VirtualClock,
  test: (log: EventLog) => Promise<void>,
) => Promise<void>;

/** An event as the tests write it. */
export function event(id: string, topic = "sales.created", more: Partial<EncodedEvent> = {}): EncodedEvent {
  return { id, topic, timeMs: 1_700_000_000_000, source: "app", data: `{"id":"${id}"}`, ...more };
}

/** Settings as the tests use them. */
export function settings(more: Partial<ConsumerSettings> = {}): ConsumerSettings {
  return { patterns: ["sales.**"], ackWithinMs: 1_000, maxDeliveries: 3, maxInFlight: 100, ...more };
}

/** The ids of all events that match, read page by page. */
export async function idsOf(
  log: EventLog,
  patterns: readonly string[],
  after = 0,
  max = 2,
): Promise<string[]> {
  const ids: string[] = [];
  for (let position = after;;) {
    const page = await log.read({ patterns, after: position, max });
    ids.push(...page.events.map(({ id }) => id));
    if (page.position === position) return ids;
    position = page.position;
  }
}

async function assertCode(call: () => Promise<unknown>, code: ErrorCode): Promise<void> {
  const error = await assertRejects(call);
  assert(MillraceError.is(error, code), String(error));
}

/** How many questions a log may answer before its news arrives: it may come from another thread. */
const TURNS = 20;

/** Resolves with the next news. */
function news(log: EventLog): Promise<void> {
  return new Promise((resolve) => {
    const stop = log.watch(() => {
      stop();
      resolve();
    });
  });
}

const ids = (claims: readonly LogClaim[]): string[] => claims.map(({ event }) => event.id);
const how = (
  claims: readonly LogClaim[],
  how: "ack" | "retry" | "release" | "reject" | "extend",
  more = {},
) => claims.map(({ event: { sequence }, token }) => ({ sequence, token, how, ...more }));

/** Registers the tests of the port for one adapter. */
export function testEventLog(name: string, withLog: WithEventLog): void {
  const test = (behaviour: string, fn: (log: EventLog, clock: VirtualClock) => Promise<void>): void =>
    Deno.test(`${name} ${behaviour}`, () => {
      const clock = createVirtualClock(1_000_000);
      return withLog(clock, (log) => fn(log, clock));
    });
  const withTopics = (
    behaviour: string,
    fn: (log: EventLog, clock: VirtualClock) => Promise<void>,
  ): void =>
    test(behaviour, async (log, clock) => {
      for (const topic of ["sales.created", "sales.paid", "stock.moved"]) await log.declare(topic, {});
      await fn(log, clock);
    });

  test("is empty at first", async (log) => {
    assertEquals(await log.topics(), []);
    assertEquals(await log.consumers(), []);
    assertEquals(await log.head(), 0);
    assertEquals(await log.read({ patterns: ["**"], after: 0, max: 10 }), {
      events: [],
      position: 0,
      missed: false,
    });
    assertEquals(await log.append([]), []);
    assertEquals(await log.prune(), 0);
    assertEquals(await log.find({ id: "a" }), undefined);
    assertEquals(await log.find("first"), 0);
  });

  test("declare() makes a topic once, and changes what the retention names", async (log) => {
    await log.declare("b", { maxEvents: 5 });
    await log.declare("a", {});
    await log.declare("b", { maxAgeMs: Infinity });
    const empty = { completed: false, events: 0, bytes: 0 };
    assertEquals(await log.topics(), [
      { topic: "a", retention: DEFAULT_RETENTION, ...empty },
      { topic: "b", retention: { ...DEFAULT_RETENTION, maxEvents: 5, maxAgeMs: Infinity }, ...empty },
    ]);
    for (const maxEvents of [0, -1, NaN]) {
      await assertRejects(() => log.declare("c", { maxEvents }), RangeError);
    }
    assertEquals((await log.topics()).length, 2);
  });

  withTopics("append() gives sequences in order, and read() the events as they were", async (log) => {
    const odd = event("b\u0000\ud800", "sales.paid", {
      key: "k\u0000",
      hops: 2,
      data: '"\\u0000ü"',
      timeMs: 1.5,
    });
    assertEquals(await log.append([event("a"), odd]), [
      { sequence: 1, duplicate: false },
      { sequence: 2, duplicate: false },
    ]);
    const { events, position } = await log.read({ patterns: ["sales.*"], after: 0, max: 9 });
    assertEquals(events, [{ ...event("a"), sequence: 1 }, { ...odd, sequence: 2 }]);
    assertEquals(position, 2);
    assertEquals(await log.head(), 2);
  });

  withTopics(
    "append() knows an id again, in other batches, the same turn and the same batch",
    async (log) => {
      await log.append([event("a")]);
      const answers = await Promise.all([
        log.append([event("b"), event("a"), event("b")]),
        log.append([event("c"), event("b", "sales.paid")]),
      ]);
      const at = (sequence: number, duplicate: boolean) => ({ sequence, duplicate });
      assertEquals(answers, [[at(2, false), at(1, true), at(2, true)], [at(3, false), at(2, true)]]);
      assertEquals(await idsOf(log, ["**"]), ["a", "b", "c"]);
    },
  );

  withTopics("append() finds duplicates in a large batch, and keeps sequences without a gap", async (log) => {
    const first = Array.from({ length: 60 }, (_, n) => event(`${n}`));
    await log.append(first);
    const again = Array.from({ length: 120 }, (_, n) => event(`${n}`));
    const answers = await log.append(again);
    assertEquals(answers.map(({ duplicate }) => duplicate), again.map((_, n) => n < 60));
    assertEquals(answers.map(({ sequence }) => sequence), again.map((_, n) => n + 1));
    assertEquals(await log.head(), 120);
    assertEquals((await log.topics())[0]?.events, 120);
  });

  withTopics(
    "append() refuses topics that are not durable or complete, and then the whole batch",
    async (log) => {
      await log.complete("sales.paid");
      await assertCode(() => log.append([event("a"), event("b", "nowhere")]), "topic/not-durable");
      await assertCode(() => log.append([event("a"), event("b", "sales.paid")]), "topic/completed");
      await assertCode(() => log.complete("nowhere"), "topic/not-durable");
      assertEquals(await log.head(), 0);
      assertEquals((await log.topics()).map(({ completed }) => completed), [false, true, false]);
      const both = await Promise.allSettled([log.append([event("c", "nowhere")]), log.append([event("a")])]);
      assertEquals(both.map(({ status }) => status), ["rejected", "fulfilled"]);
    },
  );

  withTopics("append() of a turn keeps the order of its calls over many batches", async (log) => {
    const all = Array.from(
      { length: 300 },
      (_, n) => event(`${n}`, n % 3 === 0 ? "stock.moved" : "sales.created"),
    );
    const answers = await Promise.all(all.map((one) => log.append([one])));
    assertEquals(answers.flat().map(({ sequence }) => sequence), all.map((_, n) => n + 1));
    assertEquals(await idsOf(log, ["**"], 0, 7), all.map(({ id }) => id));
  });

  withTopics("read() gives what matches any of the patterns, once, and skips the rest", async (log) => {
    const topics = ["sales.created", "stock.moved", "sales.paid", "stock.moved", "sales.created"];
    await log.append(topics.map((topic, n) => event(`${n}`, topic)));
    assertEquals(await idsOf(log, ["sales.*"]), ["0", "2", "4"]);
    assertEquals(await idsOf(log, ["stock.moved"]), ["1", "3"]);
    assertEquals(await idsOf(log, ["sales.*", "sales.paid", "**.moved"]), ["0", "1", "2", "3", "4"]);
    assertEquals(await idsOf(log, ["sales.created", "sales.paid"], 1), ["2", "4"]);
    assertEquals(await idsOf(log, ["nothing.**"]), []);
    assertEquals(await log.read({ patterns: ["nothing"], after: 2, max: 1 }), {
      events: [],
      position: 5,
      missed: false,
    });
    assertEquals((await log.read({ patterns: ["**"], after: 9, max: 1 })).position, 9);
  });

  withTopics("find() knows the place of a sequence, an id, a time", async (log, clock) => {
    for (const id of ["a", "b", "c", "d"]) {
      await log.append([event(id)]);
      await clock.advance(10);
    }
    const from = async (since: Parameters<EventLog["find"]>[0]) =>
      await idsOf(log, ["**"], (await log.find(since))!);
    assertEquals(await from({ sequence: 3 }), ["c", "d"]);
    assertEquals(await from({ sequence: -1 }), ["a", "b", "c", "d"]);
    assertEquals(await from({ sequence: 99 }), []);
    assertEquals(await from({ id: "b" }), ["c", "d"]);
    assertEquals(await from({ timeMs: 1_000_010 }), ["b", "c", "d"]);
    assertEquals(await from({ timeMs: 1_000_011 }), ["c", "d"]);
    assertEquals(await from({ timeMs: 0 }), ["a", "b", "c", "d"]);
    assertEquals(await from({ timeMs: 2_000_000 }), []);
  });

  withTopics("prune() keeps so many events of a topic, and says that some are missed", async (log) => {
    await log.append(["1", "2", "3", "4"].map((id) => event(id)));
    await log.append([event("x", "sales.paid")]);
    await log.declare("sales.created", { maxEvents: 2 });
    assertEquals(await log.prune(), 2);
    assertEquals(await log.prune(), 0);
    assertEquals(await idsOf(log, ["**"]), ["3", "4", "x"]);
    const missed = async (after: number, ...patterns: string[]) =>
      (await log.read({ patterns, after, max: 9 })).missed;
    assertEquals([await missed(0, "**"), await missed(1, "**"), await missed(2, "**")], [true, true, false]);
    assertEquals(await missed(0, "sales.paid"), false);
    const [created] = await log.topics();
    assertEquals([created?.events, created?.retention.maxEvents], [2, 2]);
  });

  withTopics("prune() keeps so many bytes and so long, whatever stands between", async (log, clock) => {
    await log.declare("sales.paid", { maxAgeMs: 100 });
    await log.append([event("a", "sales.paid"), event("1"), event("2")]);
    await clock.advance(60);
    await log.append([event("b", "sales.paid"), event("3")]);
    const bytes = (await log.topics())[0]!.bytes;
    await log.declare("sales.created", { maxBytes: bytes * 2 / 3 });
    await clock.advance(40);
    assertEquals(await log.prune(), 1);
    await clock.advance(1);
    assertEquals(await log.prune(), 1);
    assertEquals(await idsOf(log, ["**"]), ["2", "b", "3"]);
    assertEquals((await log.topics())[0]!.bytes, bytes * 2 / 3);
    assertEquals(await log.find({ id: "a" }), undefined);
    assertEquals((await log.append([event("a")]))[0]?.duplicate, false);
  });

  withTopics("prune() deletes in steps", async (log) => {
    await log.append(Array.from({ length: 2_500 }, (_, n) => event(`${n}`)));
    await log.declare("sales.created", { maxEvents: 1 });
    const steps: number[] = [];
    for (let count = await log.prune(); count > 0; count = await log.prune()) steps.push(count);
    assertEquals(steps, [1_000, 1_000, 499]);
  });

  withTopics("watch() tells of events and of ends until it is called off", async (log) => {
    let told = 0;
    const stop = log.watch(() => told++);
    const heard = async (): Promise<boolean> => {
      const before = told;
      for (let turn = 0; turn < TURNS && told === before; turn++) await log.head();
      return told > before;
    };
    await log.append([event("a")]);
    assert(told > 0 || await heard());
    await heard(); // whatever is still on its way
    await log.append([event("a")]);
    assertEquals(await heard(), false, "a duplicate is no news");
    const before = told;
    await log.complete("sales.paid");
    assert(told > before || await heard());
    stop();
    const last = told;
    await log.append([event("b")]);
    await heard();
    assertEquals(told, last);
  });

  withTopics("claim() gives each event once, in order, from its position", async (log) => {
    await log.append([event("a"), event("b", "stock.moved"), event("c"), event("d")]);
    const opened = await log.openConsumer("billing", settings(), 1);
    assertEquals(opened, {
      name: "billing",
      ...settings(),
      position: 1,
      inFlight: 0,
      deadLetters: 0,
      missed: 0,
    });
    const one = await log.claim("billing", 1);
    const two = await log.claim("billing", 5);
    assertEquals([ids(one.claims), ids(two.claims)], [["c"], ["d"]]);
    assertEquals(one.claims[0]?.tries, 1);
    assert(two.claims[0]!.token > one.claims[0]!.token);
    assertEquals((await log.claim("billing", 5)).claims, []);
    assertEquals((await log.consumers()).map(({ inFlight, position }) => [inFlight, position]), [[2, 4]]);
  });

  withTopics(
    "claim() gives an event again when it is not settled in time; the late one has lost",
    async (log, clock) => {
      await log.append([event("a"), event("b")]);
      await log.openConsumer("billing", settings(), 0);
      const first = await log.claim("billing", 9);
      assertEquals(first.nextDueMs, 1_001_000);
      assertEquals(await log.settle("billing", how(first.claims.slice(1), "ack")), ["settled"]);
      await clock.advance(999);
      assertEquals((await log.claim("billing", 9)).claims, []);
      await clock.advance(1);
      const second = await log.claim("billing", 9);
      assertEquals(second.claims.map(({ event, tries }) => [event.id, tries]), [["a", 2]]);
      assertEquals(await log.settle("billing", how(first.claims, "ack")), ["lost", "lost"]);
      assertEquals(await log.settle("billing", how(second.claims, "ack")), ["settled"]);
      const end = await log.claim("billing", 9);
      assertEquals([end.claims.length, end.nextDueMs, end.ended], [0, undefined, false]);
    },
  );

  withTopics(
    "settle() takes an acknowledgement that is late, if nobody else has claimed",
    async (log, clock) => {
      await log.append([event("a")]);
      await log.openConsumer("billing", settings(), 0);
      const { claims } = await log.claim("billing", 9);
      await clock.advance(5_000);
      assertEquals(await log.settle("billing", how(claims, "ack")), ["settled"]);
      assertEquals((await log.claim("billing", 9)).claims, []);
    },
  );

  withTopics(
    "settle() delivers again after a delay, or now as if not delivered, or holds on",
    async (log, clock) => {
      await log.append([event("a"), event("b"), event("c")]);
      await log.openConsumer("billing", settings(), 0);
      const { claims: [a, b, c] } = await log.claim("billing", 9);
      assertEquals(await log.settle("billing", how([a!], "retry", { delayMs: 500 })), ["settled"]);
      assertEquals(await log.settle("billing", how([b!], "release")), ["settled"]);
      await clock.advance(400);
      assertEquals(await log.settle("billing", how([c!], "extend")), ["settled"]);
      const again = await log.claim("billing", 9);
      assertEquals(again.claims.map(({ event, tries }) => [event.id, tries]), [["b", 1]]);
      await clock.advance(100);
      const third = await log.claim("billing", 9);
      assertEquals(third.claims.map(({ event, tries }) => [event.id, tries]), [["a", 2]]);
      await clock.advance(899);
      assertEquals((await log.claim("billing", 9)).claims, []);
      await clock.advance(1);
      assertEquals(ids((await log.claim("billing", 9)).claims), ["b", "c"]);
    },
  );

  withTopics("settle() makes dead letters of what is rejected or was tried too often", async (log, clock) => {
    await log.append([event("a"), event("b"), event("c")]);
    await log.openConsumer("billing", settings({ maxDeliveries: 2 }), 0);
    const one = await log.claim("billing", 3);
    assertEquals(await log.settle("billing", how(one.claims.slice(0, 1), "reject", { reason: "no\u0000" })), [
      "buried",
    ]);
    assertEquals(await log.settle("billing", how(one.claims.slice(1), "retry")), ["settled", "settled"]);
    const two = await log.claim("billing", 3);
    assertEquals(ids(two.claims), ["b", "c"]);
    const [b] = two.claims;
    assertEquals(await log.settle("billing", how([b!], "retry", { reason: "twice" })), ["buried"]);
    await clock.advance(1_000);
    const three = await log.claim("billing", 3);
    assertEquals([three.claims, three.buried.map(({ event }) => event.id)], [[], ["c"]]);
    const letters = await log.deadLetters("billing", 0, 9);
    assertEquals(letters.map(({ event: { id }, reason, tries, timeMs }) => ({ id, reason, tries, timeMs })), [
      { id: "a", reason: "no\u0000", tries: 1, timeMs: 1_000_000 },
      { id: "b", reason: "twice", tries: 2, timeMs: 1_000_000 },
      { id: "c", reason: "not acknowledged in 2 deliveries", tries: 2, timeMs: 1_001_000 },
    ]);
    assertEquals(letters[0]?.event, { ...event("a"), sequence: 1 });
    assertEquals((await log.deadLetters("billing", 1, 1)).map(({ event }) => event.id), ["b"]);
    assertEquals((await log.consumers())[0]?.deadLetters, 3);
  });

  withTopics("redeliver() gives dead letters a fresh start, even when retention took them", async (log) => {
    await log.append([event("a"), event("b"), event("c")]);
    await log.openConsumer("billing", settings(), 0);
    const { claims } = await log.claim("billing", 3);
    await log.settle("billing", how(claims, "reject", { reason: "no" }));
    await log.declare("sales.created", { maxEvents: 1 });
    await log.prune();
    const told = news(log);
    assertEquals(await log.redeliver("billing", [1, 3, 77]), 2);
    await told;
    assertEquals((await log.deadLetters("billing", 0, 9)).map(({ event }) => event.id), ["b"]);
    const again = await log.claim("billing", 9);
    assertEquals(again.claims.map(({ event, tries }) => [event.id, tries]), [["a", 1], ["c", 1]]);
    assertEquals(await log.settle("billing", how(again.claims.slice(0, 1), "reject", { reason: "still" })), [
      "buried",
    ]);
    assertEquals(await log.settle("billing", how(again.claims.slice(1), "ack")), ["settled"]);
    assertEquals(await log.redeliver("billing"), 2);
    assertEquals(await log.redeliver("billing"), 0);
    assertEquals(ids((await log.claim("billing", 9)).claims), ["a", "b"]);
  });

  withTopics("claim() keeps what is in flight within its bound, and says when there is room", async (log) => {
    await log.append(["a", "b", "c", "d"].map((id) => event(id)));
    await log.openConsumer("billing", settings({ maxInFlight: 2 }), 0);
    const one = await log.claim("billing", 9);
    assertEquals(ids(one.claims), ["a", "b"]);
    assertEquals((await log.claim("billing", 9)).claims, []);
    const told = news(log);
    await log.settle("billing", how(one.claims.slice(0, 1), "ack"));
    await told;
    assertEquals(ids((await log.claim("billing", 9)).claims), ["c"]);
  });

  withTopics(
    "prune() leaves claimed events to who has them, and counts those never claimed",
    async (log, clock) => {
      await log.append(["a", "b", "c"].map((id) => event(id)));
      await log.openConsumer("slow", settings(), 0);
      await log.openConsumer("other", settings({ patterns: ["stock.**"] }), 0);
      await log.claim("slow", 1);
      await clock.advance(2_000);
      await log.declare("sales.created", { maxAgeMs: 1 });
      assertEquals(await log.prune(), 3);
      const again = await log.claim("slow", 9);
      assertEquals(again.claims.map(({ event, tries }) => [event.id, event.topic, event.data, tries]), [
        ["a", "sales.created", '{"id":"a"}', 2],
      ]);
      assertEquals((await log.consumers()).map(({ name, missed }) => [name, missed]), [["other", 0], [
        "slow",
        2,
      ]]);
    },
  );

  withTopics("openConsumer() keeps the place of one that is there, and takes its settings", async (log) => {
    await log.append([event("a"), event("b"), event("c", "stock.moved")]);
    await log.openConsumer("billing", settings(), 0);
    await log.claim("billing", 1);
    const info = await log.openConsumer("billing", settings({ patterns: ["stock.*"] }), 0);
    assertEquals([info.position, info.inFlight, info.patterns], [1, 1, ["stock.*"]]);
    assertEquals(ids((await log.claim("billing", 9)).claims), ["c"]);
    for (const bad of [{ maxDeliveries: 0 }, { maxInFlight: 1.5 }, { ackWithinMs: 0 }]) {
      await assertRejects(() => log.openConsumer("billing", settings(bad), 0), RangeError);
    }
    await assertCode(() => log.openConsumer("x", settings({ patterns: ["a..b"] }), 0), "pattern/invalid");
    assertEquals((await log.consumers()).length, 1);
  });

  withTopics("claim() says the end once its topics are complete and nothing is in flight", async (log) => {
    await log.append([event("a"), event("b", "stock.moved")]);
    await log.openConsumer("billing", settings({ patterns: ["sales.created"] }), 0);
    await log.complete("sales.created");
    const { claims, ended } = await log.claim("billing", 9);
    assertEquals([ids(claims), ended], [["a"], false]);
    assertEquals((await log.claim("billing", 9)).ended, false);
    // A member that waits is told of the end, too.
    const told = news(log);
    await log.settle("billing", how(claims, "ack"));
    await told;
    assertEquals((await log.claim("billing", 9)).ended, true);
  });

  withTopics("removeConsumer() forgets it and its dead letters", async (log) => {
    await log.append([event("a"), event("b")]);
    await log.openConsumer("billing", settings(), 0);
    const { claims } = await log.claim("billing", 9);
    await log.settle("billing", how(claims.slice(0, 1), "reject"));
    assertEquals(await log.removeConsumer("billing"), true);
    assertEquals(await log.removeConsumer("billing"), false);
    for (
      const call of [
        () => log.claim("billing", 1),
        () => log.settle("billing", []),
        () => log.deadLetters("billing", 0, 1),
        () => log.redeliver("billing"),
      ]
    ) await assertCode(call, "consumer/unknown");
    const info = await log.openConsumer("billing", settings(), 0);
    assertEquals([info.deadLetters, info.inFlight], [0, 0]);
  });

  withTopics("refuses everything after it was closed", async (log) => {
    const last = log.append([event("a")]);
    await log[Symbol.asyncDispose]();
    await log[Symbol.asyncDispose]();
    assertEquals(await last, [{ sequence: 1, duplicate: false }]);
    for (
      const call of [() => log.append([]), () => log.head(), () => log.claim("x", 1), () => log.topics()]
    ) {
      await assertCode(call, "broker/log-closed");
    }
  });
}
