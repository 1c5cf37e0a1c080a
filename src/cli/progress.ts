/**
 * How far runs are, derived from the events `run.*` and `task.*`, and from views of runs where events were
 * missed (a late joiner; a subscription that had to drop).
 *
 * Nothing goes backwards: an event or a view that is older than what is known changes nothing.
 *
 * @module
 */
import type { MillraceEvent } from "../event/event.ts";
import type { RunStatus, RunView, TaskStatus, TaskView } from "../task/run.ts";
import { readProgressEvent, type TaskEvent } from "./progress_event.ts";

/** How far a task is. */
export interface TaskProgress {
  /** Its name. */
  readonly name: string;
  /** Where it stands. */
  status: TaskStatus;
  /** The attempt that this is about; 0 before the first. */
  attempt: number;
  /** When the attempt started, in ms since 1970. */
  startedMs?: number;
  /** How long the attempt took, in ms; once it has ended. */
  durationMs?: number;
  /** Chunks stored by a streaming task. */
  chunks: number;
  /** Units of work done, as the task reported them. */
  done?: number;
  /** Units of work in all, as the task reported them. */
  total?: number;
  /** When the next attempt starts, in ms since 1970; while `retrying`. */
  nextTryMs?: number;
  /** Why the latest attempt failed. */
  error?: string;
}

/** How far a run is. */
export interface RunProgress {
  /** Its id. */
  readonly id: string;
  /** Its pipeline, or `adhoc`. */
  readonly pipeline: string;
  /** Where it stands. */
  status: RunStatus;
  /** When it started, in ms since 1970. */
  startedMs: number;
  /** When it ended. */
  endedMs?: number;
  /** Why it failed. */
  error?: string;
  /** Its tasks by name: in the order of the plan as soon as that is known. */
  tasks: Map<string, TaskProgress>;
}

/** A run or a task reached another state: what a log line says. */
export interface ProgressChange {
  /** When, in ms since 1970. */
  readonly timeMs: number;
  /** The run. */
  readonly run: RunProgress;
  /** The task; absent if it is the run itself. */
  readonly task?: TaskProgress;
}

/** How far each state is; a state never gives way to one of a lower rank in the same attempt. */
const RANK: Readonly<Record<TaskStatus, number>> = {
  pending: 0,
  ready: 1,
  running: 2,
  retrying: 3,
  succeeded: 4,
  failed: 4,
  timed_out: 4,
  skipped: 4,
  cancelled: 4,
};
const FINAL_RANK = 4;

/** Whether nothing comes after this state. */
export function isFinal(status: RunStatus | TaskStatus): boolean {
  return RANK[status] === FINAL_RANK;
}

/** How many runs that have ended are remembered, so that a straggling event does not bring one back. */
const MAX_ENDED = 200;

/** The progress of all runs that were heard of. */
export class Progress {
  readonly #runs = new Map<string, RunProgress>();

  /** The runs that have no final state, in the order in which they were heard of. */
  get active(): readonly RunProgress[] {
    return [...this.#runs.values()].filter((run) => !isFinal(run.status));
  }

  /** One run, if it was heard of. */
  run(runId: string): RunProgress | undefined {
    return this.#runs.get(runId);
  }

  /**
   * Takes in an event; any other than `run.*` and `task.*` is ignored.
   *
   * @returns The change of state, if there was one: not for chunks and reported progress.
   */
  apply(event: MillraceEvent): ProgressChange | undefined {
    const read = readProgressEvent(event);
    if (read === undefined) return undefined;
    const run = this.#runs.get(read.runId) ?? this.#add(read.runId, read.pipeline, event.timeMs);
    if (isFinal(run.status)) return undefined;
    if (read.kind === "task") {
      const changed = applyToTask(taskOf(run, read.task), read, event.timeMs);
      return changed ? { timeMs: event.timeMs, run, task: taskOf(run, read.task) } : undefined;
    }
    if (read.startedMs !== undefined) run.startedMs = read.startedMs;
    if (read.error !== undefined) run.error = read.error;
    return this.#advance(run, read.status, read.endedMs ?? event.timeMs);
  }

  /** Takes in what is known of a run. @returns The changes of state, the run's own last. */
  seed(view: RunView): readonly ProgressChange[] {
    const run = this.#runs.get(view.id) ?? this.#add(view.id, view.pipeline, view.acceptedMs);
    if (isFinal(run.status)) return [];
    run.tasks = inPlanOrder(run.tasks, view);
    if (view.startedMs !== undefined) run.startedMs = view.startedMs;
    if (view.error !== undefined) run.error = view.error.message;
    const changes: ProgressChange[] = [];
    for (const [name, seen] of Object.entries(view.tasks)) {
      const task = taskOf(run, name);
      if (!seedTask(task, seen)) continue;
      changes.push({ timeMs: seen.endedMs ?? seen.startedMs ?? view.acceptedMs, run, task });
    }
    const change = this.#advance(run, view.status, view.endedMs ?? run.startedMs);
    return change === undefined ? changes : [...changes, change];
  }

  #add(id: string, pipeline: string, startedMs: number): RunProgress {
    const run: RunProgress = { id, pipeline, status: "pending", startedMs, tasks: new Map() };
    this.#runs.set(id, run);
    return run;
  }

  #advance(run: RunProgress, status: RunStatus, timeMs: number): ProgressChange | undefined {
    if (RANK[status] <= RANK[run.status]) return undefined;
    run.status = status;
    if (isFinal(status)) {
      run.endedMs = timeMs;
      this.#forget();
    }
    return { timeMs, run };
  }

  /** Forgets the oldest of the runs that have ended. */
  #forget(): void {
    let surplus = this.#runs.size - this.active.length - MAX_ENDED;
    for (const run of this.#runs.values()) {
      if (surplus <= 0) return;
      if (!isFinal(run.status)) continue;
      this.#runs.delete(run.id);
      surplus--;
    }
  }
}

function taskOf(run: RunProgress, name: string): TaskProgress {
  let task = run.tasks.get(name);
  if (task === undefined) run.tasks.set(name, task = { name, status: "pending", attempt: 0, chunks: 0 });
  return task;
}

function inPlanOrder(tasks: Map<string, TaskProgress>, view: RunView): Map<string, TaskProgress> {
  const names = new Set([...view.levels?.flat() ?? [], ...Object.keys(view.tasks), ...tasks.keys()]);
  const fresh = (name: string): TaskProgress => ({ name, status: "pending", attempt: 0, chunks: 0 });
  return new Map([...names].map((name) => [name, tasks.get(name) ?? fresh(name)]));
}

/** @returns Whether the state changed. */
function applyToTask(task: TaskProgress, event: TaskEvent, timeMs: number): boolean {
  const attempt = event.attempt ?? task.attempt;
  if (isFinal(task.status) || attempt < task.attempt) return false;
  if (event.state === "chunk" || event.state === "progress") {
    // Without a known start of this attempt, the event that told of it was missed.
    const missed = attempt > task.attempt || RANK[task.status] < RANK.running;
    if (missed) begin(task, Math.max(1, attempt), timeMs);
    if (event.state === "chunk") task.chunks++;
    if (event.done !== undefined) task.done = event.done;
    if (event.total !== undefined) task.total = event.total;
    return missed;
  }
  if (event.state === "running") {
    if (attempt === task.attempt && RANK[task.status] >= RANK.running) return false;
    begin(task, attempt, timeMs);
    return true;
  }
  if (attempt === task.attempt && RANK[event.state] <= RANK[task.status]) return false;
  task.attempt = attempt;
  task.status = event.state;
  if (event.error !== undefined) task.error = event.error;
  if (event.nextTryMs !== undefined) task.nextTryMs = event.nextTryMs;
  const durationMs = event.durationMs ?? (task.startedMs === undefined ? undefined : timeMs - task.startedMs);
  if (durationMs !== undefined) task.durationMs = durationMs;
  return true;
}

/** An attempt starts from nothing. */
function begin(task: TaskProgress, attempt: number, timeMs: number): void {
  task.attempt = attempt;
  task.status = "running";
  task.startedMs = timeMs;
  task.chunks = 0;
  delete task.durationMs;
  delete task.done;
  delete task.total;
  delete task.nextTryMs;
}

/** @returns Whether a state that is worth telling was reached. */
function seedTask(task: TaskProgress, seen: TaskView): boolean {
  if (seen.attempts > task.attempt) task.chunks = 0;
  if (seen.resultIds.length > 1) task.chunks = Math.max(task.chunks, seen.resultIds.length);
  const newer = seen.attempts > task.attempt ||
    (seen.attempts === task.attempt && RANK[seen.status] > RANK[task.status]);
  if (isFinal(task.status) || !newer) return false;
  task.status = seen.status;
  task.attempt = seen.attempts;
  if (seen.startedMs !== undefined) task.startedMs = seen.startedMs;
  if (seen.error !== undefined) task.error = seen.error.message;
  if (seen.startedMs !== undefined && seen.endedMs !== undefined) {
    task.durationMs = seen.endedMs - seen.startedMs;
  }
  return RANK[seen.status] >= RANK.running;
}
