/** Clearing away forgotten runs, over real files, with a process that ends at any moment. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JournalWrite, RunJournal } from "../../src/orchestrator/port.ts";
import { openSqliteRunJournal } from "../../src/orchestrator/sqlite_run_journal.ts";
import { systemClock } from "../../src/base/system_clock.ts";
import { FilesystemLogStore } from "../../src/store/filesystem_log_store.ts";
import { sweep } from "../../src/orchestrator/sweep.ts";
import { openFilesystemIOManager } from "../../src/store/filesystem_io_manager.ts";
import type { IOManager, ResultKey } from "../../src/store/port.ts";
import { event, run } from "../contract/run_journal_contract.ts";

/** The process is gone. */
class Killed extends Error {}

function ran(id: string, endedMs: number): JournalWrite[] {
  return [
    { kind: "event", event: event(`e-${id}`), routed: true },
    { kind: "run", run: run(id) },
    { kind: "facts", runId: id, facts: [1] },
    { kind: "status", runId: id, status: "succeeded", endedMs },
  ];
}

/** Three runs of two tasks; the third one reads `a` of the first, and `b` of the second is the latest. */
async function fill(journal: RunJournal, io: IOManager): Promise<void> {
  const result = (runId: string, task: string, timeMs: number): JournalWrite => (
    { kind: "result", runId, task, resultIds: ["a1"], timeMs }
  );
  await journal.commit([...ran("1", 1), ...ran("2", 2), ...ran("3", 3)]);
  await journal.commit([
    { kind: "reads", runId: "3", sources: [{ runId: "1", task: "a" }] },
    ...["1", "2"].flatMap((id) => [result(id, "a", Number(id)), result(id, "b", Number(id))]),
    result("3", "a", 3),
  ]);
  for (const runId of ["1", "2", "3"]) {
    for (const task of ["a", "b"]) {
      for (const resultId of ["a1", "a2"]) await io.save({ runId, task, resultId }, runId);
    }
  }
}

const LEFT = ["1/a/a1", "1/a/a2", "2/b/a1", "2/b/a2", "3/a/a1", "3/a/a2", "3/b/a1", "3/b/a2"];

async function results(io: IOManager): Promise<string[]> {
  const keys = await Promise.all((await io.listRuns()).map((runId) => io.list({ runId })));
  return keys.flat().map(({ runId, task, resultId }) => `${runId}/${task}/${resultId}`);
}

/** The same, until so many calls were made; the last one may have had its effect. */
function mortal<T extends object>(target: T, life: { calls: number }, effect: boolean): T {
  return new Proxy(target, {
    get(_, key) {
      const method = Reflect.get(target, key);
      if (typeof method !== "function") return method;
      return async (...args: unknown[]) => {
        if (life.calls <= 0) throw new Killed();
        if (--life.calls > 0 || effect) {
          const given = await method.apply(target, args);
          if (life.calls > 0) return given;
        }
        throw new Killed();
      };
    },
  });
}

type Logs = Pick<FilesystemLogStore, "clearRun">;

async function sweepAll(
  journal: RunJournal,
  io: Parameters<typeof sweep>[1],
  logs: Logs,
): Promise<number> {
  const stuck = new Map<string, unknown>();
  for (let deleted = 0;;) {
    const some = await sweep(journal, io, logs, stuck);
    if (some === undefined) return deleted;
    deleted += some;
  }
}

for (const effect of [true, false]) {
  Deno.test(`sweep() a process that ends ${effect ? "after" : "before"} any of its steps leaves nothing half done`, async () => {
    let survived = false;
    for (let calls = 1; !survived; calls++) {
      assert(calls < 100, "it comes to an end");
      const dir = await Deno.makeTempDir();
      const logs = new FilesystemLogStore(dir, systemClock);
      try {
        {
          await using io = await openFilesystemIOManager({ dir });
          await using journal = await openSqliteRunJournal({ path: `${dir}/journal.db` });
          await fill(journal, io);
          const life = { calls };
          const [weak, files] = [mortal(journal, life, effect), mortal(io, life, effect)];
          for (const runId of ["1", "2", "3"]) {
            const writer = logs.open({ runId, task: "a", attempt: 1 });
            writer.append("{}");
            writer.close();
          }
          try {
            await weak.prune({ endedBeforeMs: 3 });
            await sweepAll(weak, files, mortal(logs, life, effect));
            survived = true;
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
          }
        }
        await using io = await openFilesystemIOManager({ dir });
        await using journal = await openSqliteRunJournal({ path: `${dir}/journal.db` });
        const forgotten = (await journal.runs({})).length === 1;
        await sweepAll(journal, io, logs);
        assertEquals((await journal.runs({})).map(({ id }) => id), forgotten ? ["3"] : ["3", "2", "1"]);
        const written = await Array.fromAsync(Deno.readDir(`${dir}/logs`), ({ name }) => name);
        assertEquals(
          written.sort(),
          forgotten ? ["3"] : ["1", "2", "3"],
          "what tasks wrote goes with their run",
        );
        if (forgotten) assertEquals(await results(io), LEFT);
        else assertEquals((await results(io)).length, 12);
        assertEquals(await sweepAll(journal, io, logs), 0);
        await journal.prune({});
        await sweepAll(journal, io, logs);
        // What is the latest of its task stays, whatever becomes of its run.
        assertEquals(await results(io), ["2/b/a1", "2/b/a2", "3/a/a1", "3/a/a2"]);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    }
  });
}

Deno.test("sweep() a run that cannot be cleared away holds up no other one, and is tried again", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await using io = await openFilesystemIOManager({ dir });
    await using journal = await openSqliteRunJournal({ path: ":memory:" });
    const noLogs = { clearRun: () => Promise.resolve() };
    await fill(journal, io);
    await journal.prune({});
    const broken = new Error("no permission");
    const files = {
      list: io.list.bind(io),
      delete: (key: ResultKey) => key.runId === "1" ? Promise.reject(broken) : io.delete(key),
      clearRun: (runId: string) => runId === "1" ? Promise.reject(broken) : io.clearRun(runId),
    };
    assertEquals(await assertRejects(() => sweepAll(journal, files, noLogs)), broken);
    assertEquals((await results(io)).filter((key) => !key.startsWith("1/")), [
      "2/b/a1",
      "2/b/a2",
      "3/a/a1",
      "3/a/a2",
    ]);
    await sweepAll(journal, io, noLogs);
    assertEquals((await results(io)).filter((key) => key.startsWith("1/")), []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
