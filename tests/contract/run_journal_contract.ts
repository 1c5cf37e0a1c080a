/**
 * What every run journal must do.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import type { EncodedEvent } from "../../src/event/event.ts";
import type { JournalWrite, RunJournal, RunRecord } from "../../src/orchestrator/port.ts";

/** Gives an empty journal to a test, and takes it away afterwards. */
export type WithRunJournal = (test: (journal: RunJournal) => Promise<void>) => Promise<void>;

/** An event as the tests write it. */
export function event(id: string, more: Partial<EncodedEvent> = {}): EncodedEvent {
  return { id, topic: "sales.created", timeMs: 1_700_000_000_000, source: "app", data: '{"n":1}', ...more };
}

/** A run as the tests write it. */
export function run(id: string, more: Partial<RunRecord> = {}): RunRecord {
  const request = { pipeline: "sales", params: { day: "monday\u0000\ud800" } };
  return { id, pipeline: "sales", status: "pending", eventId: `e-${id}`, acceptedMs: 5, request, ...more };
}

function accept(id: string, more: Partial<RunRecord> = {}): JournalWrite[] {
  return [{ kind: "event", event: event(`e-${id}`), routed: true }, { kind: "run", run: run(id, more) }];
}

/** Registers the tests of the port for one adapter. */
export function testRunJournal(name: string, withJournal: WithRunJournal): void {
  const test = (behaviour: string, fn: (journal: RunJournal) => Promise<void>): void =>
    Deno.test(`${name} ${behaviour}`, () => withJournal(fn));

  test("is empty at first", async (journal) => {
    assertEquals(await journal.unfinished(), []);
    assertEquals(await journal.runs({}), []);
    assertEquals(await journal.unrouted(), []);
    assertEquals(await journal.triggers(), []);
    assertEquals(await journal.run("a"), undefined);
    assertEquals(await journal.latestResult("extract"), undefined);
    assertEquals(await journal.starts(), []);
    assertEquals(await journal.commit([]), { duplicate: false });
  });

  test("run() gives back a run as it was accepted, with its facts in order", async (journal) => {
    await journal.commit([...accept("a"), { kind: "facts", runId: "a", facts: [{ n: 1 }, "two", null] }]);
    await journal.commit([{ kind: "facts", runId: "a", facts: [] }, {
      kind: "facts",
      runId: "a",
      facts: [[4]],
    }]);
    assertEquals(await journal.run("a"), { run: run("a"), facts: [{ n: 1 }, "two", null, [4]] });
  });

  test("run() keeps the facts of each run apart", async (journal) => {
    await journal.commit([...accept("a"), ...accept("b")]);
    const one = (runId: string, n: number) => journal.commit([{ kind: "facts", runId, facts: [n] }]);
    await Promise.all([one("a", 1), one("b", 2), one("a", 3), one("b", 4)]);
    assertEquals((await journal.run("a"))?.facts, [1, 3]);
    assertEquals((await journal.run("b"))?.facts, [2, 4]);
  });

  test("commit() writes an event once: the second time nothing of the batch is written", async (journal) => {
    assertEquals(await journal.commit(accept("a")), { duplicate: false });
    const again: JournalWrite[] = [
      { kind: "trigger", name: "hook", firedMs: 1 },
      { kind: "run", run: run("b") },
      { kind: "event", event: event("e-a"), routed: false },
      { kind: "facts", runId: "a", facts: [1] },
    ];
    assertEquals(await journal.commit(again), { duplicate: true });
    assertEquals(await journal.run("b"), undefined);
    assertEquals(await journal.triggers(), []);
    assertEquals((await journal.run("a"))?.facts, []);
    assertEquals(await journal.unrouted(), []);
  });

  test("commit() says duplicate before it says what else is wrong", async (journal) => {
    await journal.commit(accept("a"));
    const writes: JournalWrite[] = [{ kind: "facts", runId: "nobody", facts: [1] }, ...accept("a")];
    assertEquals(await journal.commit(writes), { duplicate: true });
  });

  test("commit() tells duplicates apart among batches of the same turn", async (journal) => {
    const batches = ["a", "a", "b", "a"].map((id, index) =>
      journal.commit([{ kind: "event", event: event(id), routed: false }, {
        kind: "run",
        run: run(`r${index}`),
      }])
    );
    const answers = (await Promise.all(batches)).map(({ duplicate }) => duplicate);
    assertEquals(answers, [false, true, false, true]);
    assertEquals((await journal.runs({})).map(({ id }) => id), ["r2", "r0"]);
  });

  test("commit() takes an event that is twice in one batch once", async (journal) => {
    const write: JournalWrite = { kind: "event", event: event("a"), routed: false };
    assertEquals(await journal.commit([write, write, { kind: "run", run: run("r") }]), { duplicate: false });
    assertEquals((await journal.unrouted()).length, 1);
    assert(await journal.run("r"));
  });

  test("commit() leaves a known run as it is", async (journal) => {
    await journal.commit([...accept("a"), { kind: "facts", runId: "a", facts: [1] }]);
    await journal.commit([{
      kind: "run",
      run: run("a", { pipeline: "other", status: "failed", endedMs: 9 }),
    }]);
    assertEquals(await journal.run("a"), { run: run("a"), facts: [1] });
  });

  test("commit() that fails has written nothing, and harms no other of the same turn", async (journal) => {
    await journal.commit(accept("a"));
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const bad = [
      journal.commit([...accept("b"), { kind: "facts", runId: "b", facts: [1, cycle] }]),
      journal.commit([...accept("c"), { kind: "facts", runId: "nobody", facts: [1] }]),
      journal.commit([...accept("d"), { kind: "status", runId: "nobody", status: "failed" }]),
      journal.commit([
        ...accept("f"),
        { kind: "result", runId: "nobody", task: "t", resultIds: ["1"], timeMs: 1 },
      ]),
    ];
    const good = journal.commit([...accept("e"), { kind: "facts", runId: "a", facts: ["kept"] }]);
    const codes = (await Promise.allSettled(bad)).map((end) =>
      end.status === "rejected" && MillraceError.is(end.reason) ? end.reason.code : end
    );
    assertEquals(codes, ["store/unencodable", "run/not-found", "run/not-found", "run/not-found"]);
    assertEquals(await good, { duplicate: false });
    assertEquals((await journal.runs({})).map(({ id }) => id), ["e", "a"]);
    assertEquals((await journal.run("a"))?.facts, ["kept"]);
    assertEquals(await journal.latestResult("t"), undefined);
    assertEquals(await journal.commit(accept("b")), { duplicate: false });
  });

  test("commit() copies what it is given", async (journal) => {
    const facts = [{ n: 1 }];
    const done = journal.commit([...accept("a"), { kind: "facts", runId: "a", facts }]);
    facts[0]!.n = 2;
    await done;
    assertEquals((await journal.run("a"))?.facts, [{ n: 1 }]);
  });

  test("unfinished() gives pending and running runs with their facts, as they were accepted", async (journal) => {
    for (const id of ["3", "2", "1", "4", "5"]) await journal.commit(accept(id));
    await journal.commit([
      { kind: "facts", runId: "2", facts: ["planned"] },
      { kind: "status", runId: "2", status: "running" },
      { kind: "status", runId: "3", status: "succeeded", endedMs: 7 },
      { kind: "status", runId: "4", status: "failed", endedMs: 8 },
      { kind: "status", runId: "5", status: "cancelled", endedMs: 9 },
    ]);
    assertEquals(await journal.unfinished(), [
      { run: run("2", { status: "running" }), facts: ["planned"] },
      { run: run("1"), facts: [] },
    ]);
    assertEquals((await journal.run("3"))?.run, run("3", { status: "succeeded", endedMs: 7 }));
  });

  test("runs() lists newest first, by pipeline and state, page by page", async (journal) => {
    for (let i = 10; i < 70; i++) {
      await journal.commit(accept(`${i}`, i % 2 === 0 ? { pipeline: "even" } : {}));
    }
    await journal.commit([{ kind: "status", runId: "20", status: "failed", endedMs: 1 }]);
    const ids = async (filter: Parameters<RunJournal["runs"]>[0]) =>
      (await journal.runs(filter)).map(({ id }) => id);
    assertEquals((await ids({})).length, 50);
    assertEquals(await ids({ limit: 3 }), ["69", "68", "67"]);
    assertEquals(await ids({ limit: 3, before: "67" }), ["66", "65", "64"]);
    assertEquals(await ids({ limit: 2, pipeline: "even", before: "60" }), ["58", "56"]);
    assertEquals(await ids({ status: "failed" }), ["20"]);
    assertEquals(await ids({ status: "failed", pipeline: "sales" }), []);
    assertEquals(await ids({ before: "10" }), []);
    assertEquals(await journal.runs({ status: "failed" }), [
      run("20", { pipeline: "even", status: "failed", endedMs: 1 }),
    ]);
    for (const limit of [0, -1, 1.5, NaN]) await assertRejects(() => journal.runs({ limit }), RangeError);
  });

  test("unrouted() gives events as accepted, oldest first, until they are routed", async (journal) => {
    const odd = event("b", {
      source: "a\u0000b",
      data: '"\\u0000"',
      hops: 3,
      traceparent: "00-1-2-01",
      timeMs: 1.5,
    });
    for (const one of [event("c"), odd, event("a")]) {
      await journal.commit([{ kind: "event", event: one, routed: false }]);
    }
    await journal.commit([{ kind: "event", event: event("d"), routed: true }]);
    assertEquals(await journal.unrouted(), [event("c"), odd, event("a")]);
    await journal.commit([{ kind: "routed", eventId: "c" }, { kind: "routed", eventId: "unknown" }]);
    assertEquals(await journal.unrouted(), [odd, event("a")]);
    const again = await journal.commit([{ kind: "event", event: event("c"), routed: false }]);
    assertEquals(again, { duplicate: true });
  });

  test("triggers() counts, and its times only ever grow", async (journal) => {
    await journal.commit([{ kind: "trigger", name: "hook", firedMs: 10 }]);
    await journal.commit([
      { kind: "trigger", name: "cron", firedMs: 20, scheduledMs: 15 },
      { kind: "trigger", name: "hook", firedMs: 5 },
    ]);
    await journal.commit([{ kind: "trigger", name: "cron", firedMs: 30, scheduledMs: 12 }]);
    await journal.commit([{ kind: "trigger", name: "cron", firedMs: 31 }]);
    assertEquals(await journal.triggers(), [
      { name: "cron", count: 3, lastFiredMs: 31, lastScheduledMs: 15 },
      { name: "hook", count: 2, lastFiredMs: 10 },
    ]);
    await journal.commit([{ kind: "trigger", name: "hook", firedMs: 11, scheduledMs: 11 }]);
    assertEquals((await journal.triggers())[1]?.lastScheduledMs, 11);
  });

  test("latestResult() gives the newest of all runs, whatever the order of writing", async (journal) => {
    await journal.commit([...accept("a"), ...accept("b")]);
    const result = (runId: string, timeMs: number, ...resultIds: string[]): JournalWrite[] => [
      { kind: "result", runId, task: "extract", resultIds, timeMs },
    ];
    await journal.commit(result("a", 20, "1", "2"));
    await journal.commit(result("b", 10, "1"));
    assertEquals(await journal.latestResult("extract"), { runId: "a", resultIds: ["1", "2"] });
    await journal.commit(result("b", 20, "3"));
    assertEquals(await journal.latestResult("extract"), { runId: "b", resultIds: ["3"] });
    assertEquals(await journal.latestResult("load"), undefined);
  });

  test("latestResult() gives the run that made a result, whichever run it stood for another in", async (journal) => {
    await journal.commit([...accept("a"), ...accept("b")]);
    const result = { kind: "result", task: "extract", resultIds: ["a1"] } as const;
    await journal.commit([{ ...result, runId: "a", timeMs: 1 }]);
    await journal.commit([{ ...result, runId: "b", timeMs: 2, source: "a" }]);
    assertEquals(await journal.latestResult("extract"), { runId: "a", resultIds: ["a1"] });
  });

  test("memo() gives what was remembered last under a task and a key", async (journal) => {
    await journal.commit([...accept("a"), ...accept("b")]);
    const memo = { task: "t", key: "k", runId: "a", attempt: 2, digest: "d", timeMs: 1.5 };
    assertEquals(await journal.memo("t", "k"), undefined);
    await journal.commit([{ kind: "memo", memo }]);
    assertEquals(await journal.memo("t", "k"), memo);
    assertEquals([await journal.memo("t", "other"), await journal.memo("u", "k")], [undefined, undefined]);
    await journal.commit([{ kind: "memo", memo: { ...memo, runId: "b", chunks: 0 } }]);
    assertEquals(await journal.memo("t", "k"), { ...memo, runId: "b", chunks: 0 });
    await journal.commit([{ kind: "reads", runId: "b", sources: [{ runId: "a", task: "t" }] }]);
    const nobody: JournalWrite[][] = [
      [{ kind: "memo", memo: { ...memo, runId: "nobody" } }],
      [{ kind: "reads", runId: "nobody", sources: [{ runId: "a", task: "t" }] }],
    ];
    for (const writes of nobody) {
      const error = await assertRejects(() => journal.commit(writes), MillraceError);
      assertEquals(error.code, "run/not-found");
    }
  });

  test("starts() gives what counts against rate limits, until it does not any more", async (journal) => {
    const start = (task: string, attempt: number, perMs = 100) => (
      { kind: "start", runId: "gone", task, attempt, key: "k", perMs } as const
    );
    const known = async () =>
      (await journal.starts()).map(({ task, attempt, begunMs }) => `${task}/${attempt} ${begunMs}`).sort();
    await journal.commit([start("a", 1), start("a", 2), start("b", 1, 1_000), start("c", 1)]);
    assertEquals(await known(), ["a/1 undefined", "a/2 undefined", "b/1 undefined", "c/1 undefined"]);
    await journal.commit([{ kind: "begun", runId: "gone", task: "a", attempt: 1, atMs: 50 }]);
    await journal.commit([{ kind: "begun", runId: "gone", task: "b", attempt: 1, atMs: 60 }]);
    await journal.commit([{ kind: "begun", runId: "gone", task: "c", attempt: 1 }]);
    await journal.commit([{ kind: "begun", runId: "nobody", task: "c", attempt: 1, atMs: 149 }]);
    assertEquals(await known(), ["a/1 50", "a/2 undefined", "b/1 60"]);
    await journal.commit([{ kind: "begun", runId: "gone", task: "a", attempt: 2, atMs: 150 }]);
    assertEquals(await known(), ["a/2 150", "b/1 60"]);
    assertEquals((await journal.starts()).find(({ task }) => task === "a"), {
      runId: "gone",
      task: "a",
      attempt: 2,
      key: "k",
      perMs: 100,
      begunMs: 150,
    });
  });

  test("commit() takes a thousand at once and keeps their order", async (journal) => {
    await journal.commit(accept("a"));
    const commits = Array.from(
      { length: 1_000 },
      (_, n) => journal.commit([...accept(`r${n}`), { kind: "facts", runId: "a", facts: [n] }]),
    );
    const answers = await Promise.all(commits);
    assert(answers.every(({ duplicate }) => !duplicate));
    assertEquals((await journal.run("a"))?.facts, Array.from({ length: 1_000 }, (_, n) => n));
    assertEquals((await journal.unfinished()).length, 1_001);
  });

  test("refuses everything after it was closed", async (journal) => {
    const last = journal.commit(accept("a"));
    await journal[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
    assertEquals(await last, { duplicate: false });
    for (const call of [() => journal.commit([]), () => journal.run("a"), () => journal.unfinished()]) {
      const error = await assertRejects<Error>(call, MillraceError);
      assert(MillraceError.is(error, "platform/closed"));
    }
  });
}
