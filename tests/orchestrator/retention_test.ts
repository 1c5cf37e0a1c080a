import { assertEquals } from "@std/assert";
import { openMemoryRunJournal } from "../../src/orchestrator/memory_run_journal.ts";
import type { JournalWrite, RunJournal } from "../../src/orchestrator/port.ts";
import { DEFAULT_RETENTION, Retentions } from "../../src/orchestrator/retention.ts";
import { sweep } from "../../src/orchestrator/sweep.ts";
import { openMemoryIOManager } from "../../src/store/memory_io_manager.ts";
import type { PipelineDescriptor } from "../../src/task/descriptor.ts";
import { event, run } from "../contract/run_journal_contract.ts";

const DAY_MS = 86_400_000;
const NOW = 1_000 * DAY_MS;

/** Runs of pipelines that ended so many days ago, with one result each. */
async function world(days: Readonly<Record<string, readonly number[]>>) {
  const journal: RunJournal = await openMemoryRunJournal();
  const io = await openMemoryIOManager();
  for (const [pipeline, ages] of Object.entries(days)) {
    for (const [index, age] of ages.entries()) {
      const id = `${pipeline}-${String(index).padStart(4, "0")}`;
      const endedMs = NOW - age * DAY_MS;
      const writes: JournalWrite[] = [
        { kind: "event", event: event(`e-${id}`, { timeMs: endedMs }), routed: true },
        { kind: "run", run: run(id, { pipeline, status: "succeeded", endedMs }) },
      ];
      await journal.commit(writes);
      await io.save({ runId: id, task: pipeline, resultId: "a1" }, age);
    }
  }
  let steps = 0;
  const ports = {
    now: () => NOW,
    prune: (filter: Parameters<RunJournal["prune"]>[0]) => {
      steps++;
      return journal.prune(filter);
    },
    sweep: () => sweep(journal, io, { clearRun: () => Promise.resolve() }),
    pruneEvents: (beforeMs: number, limit: number) => journal.pruneEvents(beforeMs, limit),
    reclaim: () => journal.reclaim(),
  };
  const left = async () => (await journal.runs({ limit: 10_000 })).map(({ id }) => id).sort();
  return { journal, io, ports, left, steps: () => steps };
}

function pipeline(name: string, retention?: PipelineDescriptor["retention"]): PipelineDescriptor {
  return { name, selection: {}, on: [], ...(retention === undefined ? {} : { retention }) };
}

Deno.test("Retentions.apply() forgets what is past a limit of its pipeline, or of the platform", async () => {
  const { ports, left, io } = await world({
    own: [50, 9, 3, 2, 1],
    plain: [31, 29],
    gone: [31, 1],
    all: [99],
  });
  const retentions = new Retentions(ports);
  retentions.addPipelines([
    pipeline("own", { maxAgeMs: 10 * DAY_MS, maxRuns: 3 }),
    pipeline("plain"),
    pipeline("all", {}),
  ]);
  assertEquals(await retentions.apply(), { runs: 4, results: 4, more: false });
  assertEquals(await left(), ["all-0000", "gone-0001", "own-0002", "own-0003", "own-0004", "plain-0001"]);
  assertEquals((await io.listRuns()).length, 6);
  assertEquals(await retentions.apply(), { runs: 0, results: 0, more: false });
});

Deno.test("Retentions.apply() keeps 30 days and 1,000 runs of a pipeline unless told otherwise", async () => {
  assertEquals(DEFAULT_RETENTION, { maxAgeMs: 30 * DAY_MS, maxRuns: 1_000 });
  const { ports, left, steps } = await world({ busy: Array.from({ length: 1_250 }, () => 1) });
  const retentions = new Retentions(ports);
  assertEquals((await retentions.apply()).runs, 250);
  assertEquals((await left())[0], "busy-0250");
  assertEquals(steps(), 4, "in small steps");
});

Deno.test("Retentions.apply() deletes events of which no run is left, after a day", async () => {
  const { ports, journal } = await world({ p: [31, 0] });
  await new Retentions(ports, { maxRuns: 0 }).apply();
  const again = await Promise.all(
    ["p-0000", "p-0001"].map((id) =>
      journal.commit([{ kind: "event", event: event(`e-${id}`), routed: true }])
    ),
  );
  assertEquals(again.map(({ duplicate }) => duplicate), [false, true]);
});

Deno.test("Retentions.prune() deletes what fits all that is said, at most so much", async () => {
  const { ports, left } = await world({ p: [9, 8, 7, 2, 1], q: [9] });
  const retentions = new Retentions(ports, {});
  const week = { olderThanMs: 7 * DAY_MS - 1 };
  assertEquals(await retentions.prune({ ...week, dryRun: true }), { runs: 4, results: 0, more: false });
  assertEquals(await retentions.prune({ ...week, pipeline: "p", limit: 1 }), {
    runs: 1,
    results: 1,
    more: true,
  });
  assertEquals(await retentions.prune({ ...week, pipeline: "p", keep: 3 }), {
    runs: 1,
    results: 1,
    more: false,
  });
  assertEquals(await left(), ["p-0002", "p-0003", "p-0004", "q-0000"]);
  assertEquals((await retentions.prune({ keep: 1 })).runs, 2);
  assertEquals((await retentions.prune({})).runs, 0, "without a word, as retention says");
});
