import { assert, assertEquals } from "@std/assert";
import { auditJournal, readJournal } from "./support/journal_audit.ts";
import { startMillrace } from "./support/millrace_process.ts";

const module = new URL("./fixtures/chaos_pipelines.ts", import.meta.url).href;

/** As in the fixture, which only a platform can load. */
const [WIDTH, DEPTH, CHUNKS] = [40, 25, 30];
/** How often the process is killed. */
const KILLS = 100;

/** What each pipeline's last tasks come to, from the number that it was given. */
const EXPECTED: Readonly<Record<string, (n: number) => Readonly<Record<string, unknown>>>> = {
  wide: (n) => ({ sum: n * WIDTH * (WIDTH - 1) / 2 }),
  deep: (n) => ({ [`link_${DEPTH - 1}`]: n + DEPTH - 1 }),
  streamed: (n) => ({ folded: CHUNKS * n + CHUNKS * (CHUNKS - 1) / 2, counted: CHUNKS }),
  troubled: (n) => ({ survivor: [n * 7, true, true] }),
  chained: (n) => ({ echo: `echo of ${n}` }),
};
const ASKED = ["wide", "deep", "streamed", "troubled"];

/** A number from 0 to 1 that is the same in each run of the test, so that a failure can be repeated. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

function factsOf(dataDir: string): number {
  return readJournal(dataDir).reduce((sum, run) => sum + run.facts.length, 0);
}

/** Waits for a state of the journal; looks as often as the disk allows. */
async function journalSays(dataDir: string, says: () => boolean): Promise<void> {
  for (let tries = 0; tries < 12_000; tries++) {
    if (says()) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
  const open = readJournal(dataDir).filter(({ status }) => status !== "succeeded");
  throw new Error(
    `the journal never got there: ${open.map(({ pipeline, status }) => `${pipeline} ${status}`)}`,
  );
}

Deno.test(`millrace killed at ${KILLS} random moments of mixed pipelines comes to exactly the right results`, async () => {
  const dataDir = await Deno.makeTempDir();
  const random = numbers(20261125);
  /** The number that each accepted run was given. */
  const accepted = new Map<string, { readonly pipeline: string; readonly n: number }>();
  const ask = async (url: string, pipeline: string, n: number): Promise<void> => {
    const response = await fetch(`${url}/api/triggers/${pipeline}/trigger`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ data: { n } }),
    });
    assertEquals(response.status, 200);
    const { run_ids: [id] } = await response.json() as { run_ids: string[] };
    accepted.set(id!, { pipeline, n });
  };
  for (let kill = 0; kill < KILLS; kill++) {
    await using process = startMillrace({ module, dataDir });
    const url = await process.url;
    const pipeline = ASKED[Math.floor(random.next().value * ASKED.length)]!;
    await ask(url, pipeline, kill);
    // A moment that depends on what is done, not on the clock: after so many more facts, or at rest.
    const before = factsOf(dataDir);
    const more = Math.floor(random.next().value * 60);
    await journalSays(dataDir, () => factsOf(dataDir) >= before + more || isAtRest(dataDir));
    process.kill("SIGKILL");
    await process.ended;
  }
  await using process = startMillrace({ module, dataDir });
  const url = await process.url;
  const chains = [...accepted.values()].filter(({ pipeline }) => pipeline === "deep");
  await journalSays(
    dataDir,
    () => isAtRest(dataDir) && readJournal(dataDir).length === accepted.size + chains.length,
  );
  const runs = auditJournal(dataDir);
  for (const id of accepted.keys()) assert(runs.some((run) => run.id === id), `accepted run ${id} is lost`);
  const echoes: unknown[] = [];
  for (const { id, pipeline, status } of runs) {
    assertEquals(status, "succeeded", `${pipeline} ${id}`);
    if (pipeline === "chained") {
      echoes.push(await resultOf(url, id, "echo"));
      continue;
    }
    const { n } = accepted.get(id)!;
    for (const [task, value] of Object.entries(EXPECTED[pipeline]!(n))) {
      assertEquals(await resultOf(url, id, task), value, `${task} of ${pipeline} with ${n}`);
    }
  }
  assertEquals(echoes.sort(), chains.map(({ n }) => EXPECTED.chained!(n).echo).sort());
  process.kill("SIGTERM");
  assertEquals((await process.ended).code, 0);
  await Deno.remove(dataDir, { recursive: true });
});

function isAtRest(dataDir: string): boolean {
  return readJournal(dataDir).every(({ status }) => status === "succeeded");
}

async function resultOf(url: string, runId: string, task: string): Promise<unknown> {
  const response = await fetch(`${url}/api/runs/${runId}/results/${task}`);
  assertEquals(response.status, 200, `result of ${task} in run ${runId}`);
  return await response.json();
}
