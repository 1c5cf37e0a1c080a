/**
 * Preparation: from an accepted request to what a run starts with; and after a crash, what became of the
 * attempts that were running.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { AttemptKey } from "../executor/port.ts";
import type { PipelineDescriptor } from "../task/descriptor.ts";
import type { Plan } from "../task/plan.ts";
import type { ResultSource } from "../task/result_id.ts";
import type { RunRequest } from "../task/run.ts";
import type { ExternalResult, Fact } from "./facts.ts";
import { interruptedFact } from "./interruptions.ts";
import type { JournalWrite, RunJournal, TaskOfRun } from "./port.ts";
import { listed, notRepeatable, reusedResults } from "./rerun.ts";
import { replay, type RunState } from "./run_state.ts";

/** A run request, checked and planned. */
export interface Prepared {
  /** The plan. */
  readonly plan: Plan;
  /** The parameters as the pipeline's schema gave them. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** Who is asked in a preparation. */
export interface PreparationPorts {
  /** Checks and plans a request; rejects with what is wrong with it. */
  prepare(request: RunRequest): Promise<Prepared>;
  /** Knows the latest results, and the runs that are to be repeated. */
  readonly journal: Pick<RunJournal, "latestResult" | "run" | "commit">;
  /** Which of these results are there. */
  present(results: readonly (ResultSource & TaskOfRun)[]): Promise<readonly boolean[]>;
}

/** All that a run starts with. */
export interface PreparedRun extends Prepared {
  /** The results that take the place of tasks that the plan leaves out. */
  readonly external: Readonly<Record<string, ExternalResult>>;
  /** Results of tasks that need not run again. */
  readonly reused?: Readonly<Record<string, ResultSource>>;
  /** How long the run may take from here on, in ms. */
  readonly timeoutMs?: number;
}

/** Prepares a run; rejects with what is wrong with its request. Its own time-out goes before its pipeline's. */
export async function prepareRun(
  ports: PreparationPorts,
  run: { readonly id: string; readonly request: RunRequest },
  pipeline?: PipelineDescriptor,
): Promise<PreparedRun> {
  const { id, request } = run;
  const { parent, ...planned } = await planRun(ports, request);
  const timeoutMs = request.timeoutMs ?? pipeline?.timeoutMs;
  return {
    ...planned,
    external: await keptExternals(ports, id, planned, parent),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/**
 * Checks and plans a request, so far as it does not depend on what other runs are doing; what a re-run asks for
 * must be said in full.
 */
export async function planRun(
  ports: PreparationPorts,
  request: RunRequest,
): Promise<Omit<PreparedRun, "external"> & { readonly parent?: RunState }> {
  const { rerun } = request;
  const { plan, params: given } = await ports.prepare(request);
  const params = asJson(request, given);
  if (rerun === undefined) return { plan, params };
  const parent = await loadRun(ports.journal, rerun.runId);
  const reused = reusedResults(parent, rerun.from, plan, params);
  await assertPresent(ports, rerun.runId, reused);
  return { plan, params, parent, reused };
}

/** What a re-run reads, and the run that it repeats, to be kept for as long as it is there. */
export function readsOfRerun(
  runId: string,
  parent: string,
  reused: Readonly<Record<string, ResultSource>>,
): JournalWrite {
  const sources = Object.entries(reused).map(([task, source]) => ({ runId: source.runId, task }));
  return { kind: "reads", runId, sources: [{ runId: parent, task: "" }, ...sources] };
}

/** Results may be gone: by hand, or with their disk. */
async function assertPresent(
  { present }: PreparationPorts,
  runId: string,
  reused: Readonly<Record<string, ResultSource>>,
): Promise<void> {
  const tasks = Object.keys(reused);
  const found = await present(tasks.map((task) => ({ task, ...reused[task]! })));
  const gone = tasks.filter((_, index) => !found[index]);
  if (gone.length === 0) return;
  throw notRepeatable(
    runId,
    gone,
    `the results that it takes over must still be there: name ${listed(gone)} to run again`,
  );
}

/** A run as it is journalled; rejects with `run/not-found`. */
export async function loadRun(journal: Pick<RunJournal, "run">, runId: string): Promise<RunState> {
  const found = await journal.run(runId);
  if (found !== undefined) return replay(found.run, found.facts);
  throw new MillraceError("run/not-found", `Cannot find run "${runId}" as the journal does not know it`, {
    details: { runId },
  });
}

/**
 * The facts that tell what became of attempts whose process has ended: a complete result is adopted, anything
 * else is tried again.
 */
export async function reconcile(
  state: RunState,
  ports: {
    readonly log: Logger;
    adoptable(attempt: AttemptKey): Promise<{ readonly chunks?: number } | undefined>;
    now(): number;
  },
): Promise<Fact[]> {
  const facts: Fact[] = [];
  // In the order of execution: what became of an attempt that was read is known before what became of its reader.
  for (const [task, taskState] of state.tasks) {
    const { status, attempts: attempt } = taskState;
    if (status !== "running") continue;
    const found = await ports.adoptable({ runId: state.run.id, task, attempt }).catch((error) => {
      ports.log.warn("A stored result cannot be read; its attempt is made again", {
        runId: state.run.id,
        task,
        attempt,
        error: messageOf(error),
      });
      return undefined;
    });
    const atMs = ports.now();
    facts.push(
      found === undefined
        ? interruptedFact(task, taskState, atMs)
        : { type: "succeeded", task, attempt, durationMs: 0, adopted: true, atMs, ...found },
    );
  }
  return facts;
}

/** The parameters as the journal gives them back, so that a run is the same before and after a restart. */
function asJson({ pipeline }: RunRequest, params: Prepared["params"]): Prepared["params"] {
  try {
    return JSON.parse(JSON.stringify(params));
  } catch (error) {
    const issues = [messageOf(error)];
    throw new MillraceError(
      "run/params-invalid",
      `Cannot start the run as its parameters must be JSON values once they are checked: ${issues[0]}`,
      { details: { pipeline: pipeline ?? "adhoc", issues }, cause: error },
    );
  }
}

/**
 * The results of the tasks that a plan leaves out: the latest succeeded ones. A re-run that takes results over
 * reads what its parent has read, so that all its results come of the same.
 */
async function keptExternals(
  ports: PreparationPorts,
  runId: string,
  planned: Omit<PreparedRun, "external">,
  parent: RunState | undefined,
): Promise<Record<string, ExternalResult>> {
  for (;;) {
    const external = await externals(ports, planned, parent);
    const sources = Object.entries(external).map(([task, result]) => ({ runId: result.runId, task }));
    if (sources.length === 0) return external;
    await ports.journal.commit([{ kind: "reads", runId, sources }]);
    // What was the latest may have been deleted before it was said to be read; then there is a later one.
    const again = await externals(ports, planned, parent);
    if (Object.entries(again).every(([task, { runId }]) => runId === external[task]?.runId)) return external;
  }
}

async function externals(
  { journal }: PreparationPorts,
  { plan, reused }: Omit<PreparedRun, "external">,
  parent: RunState | undefined,
): Promise<Record<string, ExternalResult>> {
  const running = plan.executionOrder.filter((task) => !Object.hasOwn(reused ?? {}, task));
  const read = new Set(running.flatMap((task) => plan.tasks[task]!.inputs.map((input) => input.task)));
  const before = parent === undefined || Object.keys(reused ?? {}).length === 0 ? {} : parent.external;
  const external: Record<string, ExternalResult> = {};
  for (const task of plan.external) {
    if (!read.has(task)) continue; // only an order: nothing to load
    const found = Object.hasOwn(before, task) ? before[task] : await journal.latestResult(task);
    if (found === undefined) {
      throw new MillraceError(
        "run/external-result-missing",
        `Cannot start the run as it reads task "${task}", which it leaves out: that task has no succeeded result yet`,
        { details: { task } },
      );
    }
    external[task] = found;
  }
  return external;
}
