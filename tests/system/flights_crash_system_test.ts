import { assert, assertEquals } from "@std/assert";
import { type AuditedRun, auditJournal, readJournal } from "./support/journal_audit.ts";
import { startMillrace } from "./support/millrace_process.ts";

const module = new URL("../../examples/flights/pipelines.ts", import.meta.url).href;
const REPORTS = ["report.json", "report.csv", "report.html"];

/** Moments at which the example is killed, as shares of its facts: they cover both runs, beginning to end. */
const MOMENTS = [0.02, 0.11, 0.2, 0.29, 0.37, 0.48, 0.59, 0.68, 0.81, 0.93];

async function journalSays(dataDir: string, says: (runs: readonly AuditedRun[]) => boolean): Promise<void> {
  for (let tries = 0; tries < 6_000; tries++) {
    if (says(readJournal(dataDir))) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
  const runs = readJournal(dataDir).map(({ pipeline, status, facts }) =>
    `${pipeline} ${status} (${facts.length} facts)`
  );
  throw new Error(`the journal never got there: ${runs.join(", ")}`);
}

const factsOf = (runs: readonly AuditedRun[]): number => runs.reduce((sum, run) => sum + run.facts.length, 0);
const both = (runs: readonly AuditedRun[]): boolean =>
  runs.length === 2 && runs.every((run) => run.status === "succeeded");

async function reportOf(dataDir: string): Promise<string[]> {
  return await Promise.all(REPORTS.map((name) => Deno.readTextFile(`${dataDir}/flights/${name}`)));
}

Deno.test("flights example killed at ten moments ends with both runs succeeded and the same report", async () => {
  const args = ["--run", "flights_ingest"];
  const untouched = await Deno.makeTempDir();
  {
    await using process = startMillrace({ module, dataDir: untouched, args });
    await process.url;
    await journalSays(untouched, both);
    process.kill("SIGTERM");
    await process.ended;
  }
  const expected = await reportOf(untouched);
  const total = factsOf(readJournal(untouched));
  let interrupted = 0;
  for (const moment of MOMENTS) {
    const dataDir = await Deno.makeTempDir();
    {
      await using process = startMillrace({ module, dataDir, args });
      await process.url;
      await journalSays(dataDir, (runs) => factsOf(runs) >= total * moment);
      process.kill("SIGKILL");
      await process.ended;
    }
    {
      await using process = startMillrace({ module, dataDir });
      await process.url;
      await journalSays(dataDir, both);
      process.kill("SIGTERM");
      assertEquals((await process.ended).code, 0);
    }
    const runs = auditJournal(dataDir);
    interrupted += runs.flatMap((run) => run.facts).filter((fact) => fact.type === "interrupted").length;
    assertEquals(await reportOf(dataDir), expected, `the report after a kill at ${moment}`);
    await Deno.remove(dataDir, { recursive: true });
  }
  assert(interrupted > 0, "no kill hit a running attempt: the test proves nothing");
  await Deno.remove(untouched, { recursive: true });
});
