import { assert, assertEquals } from "@std/assert";
import { auditJournal, readJournal } from "./support/journal_audit.ts";
import { startMillrace } from "./support/millrace_process.ts";

const module = new URL("./fixtures/logged_pipelines.ts", import.meta.url).href;

async function post(
  url: string,
  path: string,
  body: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** A number that is the same in each run of the test, so that a failure can be repeated. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Waits until the journal says so; looks as often as the disk allows. */
async function journalSays(
  dataDir: string,
  says: (runs: ReturnType<typeof readJournal>) => boolean,
): Promise<void> {
  for (let tries = 0; tries < 3_000; tries++) {
    if (says(readJournal(dataDir))) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 10));
  }
  const runs = readJournal(dataDir).map(({ pipeline, status, facts }) =>
    `${pipeline} ${status} (${facts.length} facts)`
  );
  throw new Error(`the journal never got there: ${runs.join(", ")}`);
}

Deno.test("millrace killed at ten random moments finishes every accepted run, and no finished task twice", async () => {
  const dataDir = await Deno.makeTempDir();
  const log = `${dataDir}/executions.log`;
  await Deno.writeTextFile(log, "");
  const random = numbers(20261121);
  const accepted: string[] = [];
  for (let kill = 0; kill < 10; kill++) {
    await using process = startMillrace({ module, dataDir, env: { EXECUTION_LOG: log } });
    const url = await process.url;
    const { status, body } = await post(url, "/api/triggers/hook/trigger", { data: {} });
    assertEquals(status, 200);
    accepted.push(...body.run_ids as string[]);
    // A moment that depends on what is done, not on the clock: after so many more facts.
    const before = readJournal(dataDir).reduce((sum, run) => sum + run.facts.length, 0);
    const more = Math.floor(random.next().value * 22);
    await journalSays(
      dataDir,
      (runs) =>
        runs.reduce((sum, run) => sum + run.facts.length, 0) >= before + more ||
        runs.every((run) => run.status === "succeeded"),
    );
    process.kill("SIGKILL");
    await process.ended;
    auditJournal(dataDir);
  }
  {
    await using process = startMillrace({ module, dataDir, env: { EXECUTION_LOG: log } });
    await process.url;
    await journalSays(
      dataDir,
      (runs) => runs.length === 20 && runs.every((run) => run.status === "succeeded"),
    );
    process.kill("SIGTERM");
    assertEquals((await process.ended).code, 0);
  }
  const runs = auditJournal(dataDir);
  for (const id of accepted) assert(runs.some((run) => run.id === id), `accepted run ${id} is lost`);
  assertEquals(
    runs.filter((run) => run.pipeline === "second").length,
    10,
    "each first run led to one second run",
  );
  // Nothing was executed more often than the journal knows of attempts.
  const executed = (await Deno.readTextFile(log)).trim().split("\n").map((line) =>
    line.split(" ").slice(0, 2).join(" ")
  );
  const counts = Map.groupBy(executed, (key) => key);
  for (const run of runs) {
    for (const { type, task, attempt, adopted } of run.facts) {
      if (type !== "succeeded") continue;
      const times = counts.get(`${run.id} ${task}`)?.length ?? 0;
      assert(times <= attempt!, `${task} of ${run.id} was executed ${times} times in ${attempt} attempts`);
      assert(times >= 1 || adopted === undefined, `${task} of ${run.id} was never executed`);
    }
  }
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("POST answered with success is never lost, whenever the process is killed", async () => {
  const dataDir = await Deno.makeTempDir();
  const log = `${dataDir}/executions.log`;
  await Deno.writeTextFile(log, "");
  const random = numbers(7);
  const acknowledged = new Set<string>();
  for (let kill = 0; kill < 5; kill++) {
    await using process = startMillrace({ module, dataDir, env: { EXECUTION_LOG: log } });
    const url = await process.url;
    const killAfter = 3 + Math.floor(random.next().value * 25);
    let answered = 0;
    // Four callers at once, until the process is gone.
    const callers = Array.from({ length: 4 }, async () => {
      try {
        for (;;) {
          const { status, body } = await post(url, "/api/triggers/hook/trigger", { data: {} });
          assertEquals(status, 200);
          for (const id of body.run_ids as string[]) acknowledged.add(id);
          if (++answered === killAfter) process.kill("SIGKILL");
        }
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // the connection broke, as it must
      }
    });
    await Promise.all(callers);
    await process.ended;
  }
  const journalled = new Set(auditJournal(dataDir).map((run) => run.id));
  assert(acknowledged.size >= 15);
  for (const id of acknowledged) assert(journalled.has(id), `run ${id} was acknowledged and is lost`);
  await Deno.remove(dataDir, { recursive: true });
});
