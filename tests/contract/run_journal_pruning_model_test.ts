/** Both run journals forget the same, whatever is asked of them in whatever order. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { openMemoryRunJournal } from "../../src/orchestrator/memory_run_journal.ts";
import type { JournalWrite, PruneFilter, RunJournal } from "../../src/orchestrator/port.ts";
import { openSqliteRunJournal } from "../../src/orchestrator/sqlite_run_journal.ts";
import { event, run } from "./run_journal_contract.ts";

const TASKS = ["t", "u"];

/** One thing that is asked of a journal. */
type Call =
  | { readonly kind: "run"; readonly pipeline: string; readonly ended: boolean; readonly routed: boolean }
  | { readonly kind: "end"; readonly which: number }
  | { readonly kind: "result" | "memo"; readonly which: number; readonly task: string }
  | { readonly kind: "reads"; readonly which: number; readonly source: number; readonly task: string }
  | { readonly kind: "prune"; readonly filter: PruneFilter }
  | { readonly kind: "events"; readonly beforeMs: number }
  | { readonly kind: "release"; readonly answered: boolean };

const pipeline = fc.constantFrom("p", "q");
const which = fc.nat(30);
const task = fc.constantFrom(...TASKS);
const filter: fc.Arbitrary<PruneFilter> = fc.record(
  { endedBeforeMs: fc.nat(30), keep: fc.nat(3), limit: fc.integer({ min: 1, max: 3 }), dryRun: fc.boolean() },
  { requiredKeys: [], noNullPrototype: true },
).chain((filter) => pipeline.map((pipeline) => ({ ...filter, pipeline })));
const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("run" as const),
      pipeline,
      ended: fc.boolean(),
      routed: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant("end" as const), which }),
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("result" as const, "memo" as const), which, task }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("reads" as const),
      which,
      source: which,
      task: fc.constantFrom(...TASKS, ""),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("prune" as const), filter }) },
  fc.record({ kind: fc.constant("events" as const), beforeMs: fc.nat(30) }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("release" as const), answered: fc.boolean() }) },
);

const idOf = (index: number): string => `r${String(index).padStart(3, "0")}`;

/** What a call writes, as the `now`th one, while there are so many runs. */
function writesOf(call: Call, now: number, count: number): JournalWrite[] {
  if (call.kind === "run") {
    const id = idOf(count);
    const more = {
      pipeline: call.pipeline,
      ...(call.ended ? { status: "failed" as const, endedMs: now } : {}),
    };
    return [
      { kind: "event", event: event(`e-${id}`, { timeMs: now }), routed: call.routed },
      { kind: "run", run: run(id, more) },
      { kind: "facts", runId: id, facts: [now] },
    ];
  }
  if (!("which" in call) || count === 0) return [];
  const runId = idOf(call.which % count);
  switch (call.kind) {
    case "end":
      return [{ kind: "status", runId, status: "succeeded", endedMs: now }];
    case "result":
      return [{ kind: "result", runId, task: call.task, resultIds: ["a1"], timeMs: now }];
    case "memo":
      return [{
        kind: "memo",
        memo: { task: call.task, key: "k", runId, attempt: 1, digest: "d", timeMs: now },
      }];
    case "reads":
      return [{ kind: "reads", runId, sources: [{ runId: idOf(call.source % count), task: call.task }] }];
  }
}

/** All releases there are, sorted; what is answered is taken as done. */
async function release(journal: RunJournal, answered: boolean): Promise<unknown> {
  if (!answered) return (await journal.release()) === undefined;
  const all: unknown[] = [];
  for (let next = await journal.release(); next !== undefined; next = await journal.release()) {
    await journal.released(next.runId, next.kept);
    all.push([next.runId, next.kept]);
  }
  return all.sort();
}

/** What a journal makes of the calls, step by step. */
async function answersOf(journal: RunJournal, calls: readonly Call[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  let count = 0;
  for (const [now, call] of calls.entries()) {
    const writes = writesOf(call, now, count);
    if (writes.length > 0) {
      answers.push(
        await journal.commit(writes).then(() => "written", (error) => (error as { code: string }).code),
      );
    }
    if (call.kind === "run") count++;
    if (call.kind === "prune") answers.push(await journal.prune(call.filter));
    if (call.kind === "events") answers.push(await journal.pruneEvents(call.beforeMs, 2));
    if (call.kind === "release") answers.push(await release(journal, call.answered));
    answers.push((await journal.runs({})).map(({ id, status }) => `${id} ${status}`));
    for (const task of TASKS) answers.push(await journal.memo(task, "k"), await journal.latestResult(task));
  }
  return answers;
}

Deno.test("SqliteRunJournal forgets what MemoryRunJournal forgets, call by call", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
      await using memory = await openMemoryRunJournal();
      await using sqlite = await openSqliteRunJournal({ path: ":memory:" });
      assertEquals(await answersOf(sqlite, calls), await answersOf(memory, calls));
    }),
    { numRuns: 300 },
  );
});
