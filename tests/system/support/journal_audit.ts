/** Reads a journal as a third party and checks what must hold of it, whatever happened to the process. */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";

export interface AuditedRun {
  readonly id: string;
  readonly pipeline: string;
  readonly status: string;
  readonly facts: readonly {
    readonly type: string;
    readonly task?: string;
    readonly attempt?: number;
    readonly adopted?: true;
  }[];
}

/** All runs with their facts, in the order of their ids. */
export function readJournal(dataDir: string): readonly AuditedRun[] {
  const db = new DatabaseSync(`${dataDir}/millrace.db`, { readOnly: true, timeout: 5_000 });
  try {
    const runs = db.prepare("select id, pipeline, status from runs order by id")
      .all() as unknown as AuditedRun[];
    const facts = db.prepare("select fact from facts where run_id = ? order by seq");
    return runs.map((run) => ({
      ...run,
      facts: facts.all(run.id).flatMap((row) => JSON.parse(String(row.fact))),
    }));
  } finally {
    db.close();
  }
}

/** A finished task is never executed again; attempts count up; a run ends once. */
export function auditJournal(dataDir: string): readonly AuditedRun[] {
  const runs = readJournal(dataDir);
  for (const run of runs) {
    const finished = new Set<string>();
    const attempts = new Map<string, number>();
    for (const fact of run.facts) {
      const task = fact.task ?? "";
      if (fact.type === "started") {
        assert(!finished.has(task), `run ${run.id} executed finished task ${task} again`);
        assertEquals(fact.attempt, (attempts.get(task) ?? 0) + 1, `attempts of ${task} in run ${run.id}`);
        attempts.set(task, fact.attempt!);
      }
      if (fact.type === "succeeded") {
        assert(!finished.has(task), `run ${run.id} finished task ${task} twice`);
        finished.add(task);
      }
    }
    assert(run.facts.filter(({ type }) => type === "ended").length <= 1, `run ${run.id} ended twice`);
  }
  return runs;
}
