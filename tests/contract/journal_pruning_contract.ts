/**
 * How every run journal must forget.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JournalWrite, PruneFilter, RunJournal } from "../../src/orchestrator/port.ts";
import { event, run, type WithRunJournal } from "./run_journal_contract.ts";

/** A run that ended at `endedMs`, or has not ended. */
function ran(id: string, endedMs?: number, pipeline = "sales"): JournalWrite[] {
  const writes: JournalWrite[] = [
    { kind: "event", event: event(`e-${id}`, { timeMs: endedMs ?? 0 }), routed: true },
    { kind: "run", run: run(id, { pipeline }) },
    { kind: "facts", runId: id, facts: [{ of: id }] },
  ];
  if (endedMs !== undefined) writes.push({ kind: "status", runId: id, status: "succeeded", endedMs });
  return writes;
}

function reads(runId: string, source: string, task: string): JournalWrite {
  return { kind: "reads", runId, sources: [{ runId: source, task }] };
}

function memo(runId: string, task: string): JournalWrite {
  return { kind: "memo", memo: { task, key: "k", runId, attempt: 1, digest: "d", timeMs: 1 } };
}

function result(runId: string, task: string, timeMs: number): JournalWrite {
  return { kind: "result", runId, task, resultIds: ["a1"], timeMs };
}

/** Releases all there is; gives the runs with what stays of each. */
async function releaseAll(journal: RunJournal): Promise<Record<string, readonly string[]>> {
  const all: Record<string, readonly string[]> = {};
  for (;;) {
    const released = await journal.release();
    if (released === undefined) return all;
    if (released.more) continue;
    all[released.runId] = released.kept;
    await journal.released(released.runId, released.kept);
  }
}

/** Registers the tests of the port for one adapter. */
export function testJournalPruning(name: string, withJournal: WithRunJournal): void {
  const test = (behaviour: string, fn: (journal: RunJournal) => Promise<void>): void =>
    Deno.test(`${name} ${behaviour}`, () => withJournal(fn));

  test("prune() forgets ended runs by age and by number, of one pipeline or of all but some", async (journal) => {
    for (let i = 10; i < 20; i++) await journal.commit(ran(`${i}`, i, i % 2 === 0 ? "even" : "odd"));
    await journal.commit(ran("30", undefined, "even"));
    const would = (filter: PruneFilter) => journal.prune({ ...filter, dryRun: true });
    assertEquals(await would({ endedBeforeMs: 13 }).then((ids) => [...ids].sort()), ["10", "11", "12"]);
    assertEquals(await would({ pipeline: "odd", endedBeforeMs: 100, keep: 3 }), ["11", "13"]);
    assertEquals(await would({ pipeline: "even", keep: 2 }), ["10", "12", "14", "16"]);
    assertEquals(await would({ except: ["odd"], endedBeforeMs: 13 }), ["10", "12"]);
    assertEquals(await would({ pipeline: "odd", limit: 2 }), ["11", "13"]);
    assertEquals([await would({ pipeline: "none" }), await would({ keep: 100 })], [[], []]);
    assertEquals((await journal.runs({})).length, 11);
    assertEquals(await journal.prune({ pipeline: "odd", keep: 3 }), ["11", "13"]);
    assertEquals([await journal.run("11"), (await journal.runs({ pipeline: "odd" })).length], [undefined, 3]);
    for (const wrong of [{ limit: 0 }, { limit: 1.5 }, { keep: -1 }]) {
      await assertRejects(() => journal.prune(wrong), RangeError);
    }
  });

  test("prune() leaves what an unfinished run reads or repeats", async (journal) => {
    await journal.commit([...ran("a", 1), ...ran("b", 1), ...ran("c"), reads("c", "a", "")]);
    assertEquals(await journal.prune({}), ["b"]);
    await journal.commit([{ kind: "status", runId: "c", status: "failed", endedMs: 2 }]);
    assertEquals([...await journal.prune({})].sort(), ["a", "c"]);
  });

  test("release() says which results stay: those that a kept run reads, and the latest of each task", async (journal) => {
    await journal.commit([
      ...ran("a", 1),
      ...["read", "latest", "gone"].map((task) => result("a", task, 1)),
      ...["read", "latest", "gone"].map((task) => memo("a", task)),
      ...ran("b", 2),
      result("b", "read", 2),
      result("b", "gone", 2),
      reads("b", "a", "read"),
    ]);
    assertEquals(await journal.release(), undefined);
    await journal.prune({ endedBeforeMs: 2 });
    assertEquals(await releaseAll(journal), { a: ["latest", "read"] });
    assertEquals(await journal.release(), undefined);
    const memos = await Promise.all(["read", "latest", "gone"].map((task) => journal.memo(task, "k")));
    assertEquals(memos.map((one) => one?.runId), ["a", "a", undefined]);
    assertEquals(await journal.latestResult("latest"), { runId: "a", resultIds: ["a1"] });
    await journal.prune({});
    assertEquals(await releaseAll(journal), { a: ["latest"], b: ["gone", "read"] });
    await journal.commit([...ran("c", 3), ...["latest", "read", "gone"].map((task) => result("c", task, 3))]);
    assertEquals(await releaseAll(journal), { a: [], b: [] });
    assertEquals(await journal.memo("latest", "k"), undefined);
  });

  test("release() begins again with what was not said to be deleted", async (journal) => {
    await journal.commit([...ran("a", 1), memo("a", "t")]);
    await journal.prune({});
    const first = await journal.release();
    assertEquals(await journal.release(), first);
    await journal.released("a", []);
    assertEquals(await journal.release(), undefined);
  });

  test("release() deletes many facts bit by bit", async (journal) => {
    const facts = Array.from({ length: 5_000 }, (_, n): JournalWrite => (
      { kind: "facts", runId: "a", facts: [n] }
    ));
    await journal.commit([...ran("a", 1), ...facts, ...ran("b", 2)]);
    await journal.prune({ endedBeforeMs: 2 });
    assertEquals(await releaseAll(journal), { a: [] });
    assertEquals((await journal.run("b"))?.facts, [{ of: "b" }]);
    assertEquals(await journal.reclaim(), false);
  });

  test("pruneEvents() deletes routed events of which no run is left", async (journal) => {
    await journal.commit([
      ...ran("a", 1),
      ...ran("b", 2),
      { kind: "event", event: event("open", { timeMs: 1 }), routed: false },
      { kind: "event", event: event("fired", { timeMs: 1 }), routed: true },
      { kind: "event", event: event("young", { timeMs: 9 }), routed: true },
    ]);
    assertEquals(await journal.pruneEvents(5, 100), 1);
    await journal.prune({});
    assertEquals([await journal.pruneEvents(5, 1), await journal.pruneEvents(5, 100)], [1, 1]);
    const again = await Promise.all(
      ["e-a", "fired", "young", "open"].map((id) =>
        journal.commit([{ kind: "event", event: event(id, { timeMs: 9 }), routed: true }])
      ),
    );
    assertEquals(again.map(({ duplicate }) => duplicate), [false, false, true, true]);
    assert((await journal.unrouted()).length === 1);
  });
}
