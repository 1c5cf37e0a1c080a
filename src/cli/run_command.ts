/**
 * `millrace run`: one run, here or on the server that owns the data folder.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { MillraceError } from "../base/errors.ts";
import type { RunEnd, RunRequest, RunView } from "../task/run.ts";
import { EXIT } from "./exit_codes.ts";
import { findRun } from "./find_run.ts";
import { type Following, followRuns } from "./follow.ts";
import { listenForInterrupts } from "./interrupts.ts";
import type { RunInvocation } from "./invocation.ts";
import type { CliEnvironment } from "./port.ts";
import { isFinal, Progress } from "./progress.ts";
import { createProgressView } from "./progress_view.ts";
import { openRunSource, type RunSource } from "./run_source.ts";
import { failureLines } from "./runs_text.ts";
import { styleFor } from "./style.ts";

/** For so long nothing may be under way until the runs that a run led to count as done. */
export const QUIET_MS = 1_000;

/** Runs; resolves with the exit code. */
export async function runCommand(invocation: RunInvocation, environment: CliEnvironment): Promise<number> {
  const { clock, stdout, stderr } = environment;
  const { json } = invocation;
  const progress = new Progress();
  const output = json ? stdout : stderr;
  const view = await createProgressView(environment, { output, json, progress, keepTree: () => true });
  using interrupts = listenForInterrupts(environment, () => view.stop());
  const interrupted = interrupts.first.then(() => undefined);
  await using source = await openRunSource(environment, { ...invocation, purpose: "run" });
  if (!invocation.watch) return await runUnwatched(invocation, environment, source, interrupted);

  await using following = await followRuns({
    subscribe: (pattern, signal) => source.subscribe(pattern, signal),
    runView: (runId) => source.runView(runId),
    progress,
    view,
    clock,
  });
  try {
    const { id } = await startFirst(source, invocation.requests);
    stdout.write(json ? JSON.stringify({ run: { id } }) + "\n" : id + "\n");
    // A later id is a later run: what follows on from this one is among those.
    following.accept((runId) => runId === id || (invocation.followOn && runId > id));
    const ends = await Promise.race([watched(invocation, source, following, id, clock), interrupted]);
    view.stop();
    if (ends === undefined) return await sayGoesOn(environment, source, id);
    for (const end of ends) await tellEnd(invocation, environment, end);
    return exitCodeOfRuns(ends);
  } finally {
    view.stop();
  }
}

async function runUnwatched(
  invocation: RunInvocation,
  environment: CliEnvironment,
  source: RunSource,
  interrupted: Promise<undefined>,
): Promise<number> {
  const { stdout } = environment;
  const { id, finished } = await startFirst(source, invocation.requests);
  if (!invocation.json) stdout.write(id + "\n");
  if (finished === undefined) {
    if (invocation.json) stdout.write(JSON.stringify({ id }) + "\n");
    return EXIT.ok;
  }
  // The work is done in this process: it ends with it.
  const end = await Promise.race([finished, interrupted]);
  if (end === undefined) return await sayGoesOn(environment, source, id);
  const { runId: _, ...rest } = end;
  if (invocation.json) stdout.write(JSON.stringify({ id, ...rest }) + "\n");
  else await tellEnd(invocation, environment, end);
  return exitCodeOfRuns([end]);
}

/** Starts the first request that makes sense: a name that is no pipeline may be a task. */
async function startFirst(
  source: RunSource,
  requests: readonly RunRequest[],
): Promise<{ readonly id: string; readonly finished?: Promise<RunEnd> }> {
  const [first, second] = requests;
  try {
    return await source.run(await spelledOut(source, first!));
  } catch (error) {
    if (second === undefined || !MillraceError.is(error, "pipeline/unknown")) throw error;
    try {
      return await source.run(second);
    } catch (other) {
      // Neither: what is nearest among the pipelines is the better hint.
      const unknown = MillraceError.is(other, "plan/invalid") || MillraceError.is(other, "task/unknown");
      throw unknown ? error : other;
    }
  }
}

/** The run that a request repeats may be named by a part of its id. */
async function spelledOut(source: RunSource, { rerun, ...request }: RunRequest): Promise<RunRequest> {
  if (rerun === undefined) return request;
  return { ...request, rerun: { ...rerun, runId: await findRun(source, rerun.runId) } };
}

/** Waits for the run and, if wanted, for the runs that it leads to. */
async function watched(
  invocation: RunInvocation,
  source: RunSource,
  following: Following,
  id: string,
  clock: Clock,
): Promise<readonly RunEnd[]> {
  await following.ended(id);
  const ends = new Map([[id, endOf(await source.runView(id))]]);
  let quietMs = 0;
  while (invocation.followOn && quietMs < QUIET_MS) {
    const later = (await source.runs({ limit: 100 })).filter((run) => run.id > id && !ends.has(run.id));
    quietMs = later.length === 0 ? quietMs + QUIET_MS / 4 : 0;
    for (const run of later) {
      if (!isFinal(run.status)) await following.ended(run.id);
      else await following.look(run.id);
      ends.set(run.id, endOf(await source.runView(run.id)));
    }
    await new Promise<void>((resolve) => clock.after(QUIET_MS / 4, resolve));
  }
  return [...ends.values()];
}

function endOf(view: RunView): RunEnd {
  const { id, status, tasks, error } = view;
  // Only asked of runs that have ended.
  return { runId: id, status: status as RunEnd["status"], tasks, ...(error === undefined ? {} : { error }) };
}

async function tellEnd(invocation: RunInvocation, environment: CliEnvironment, end: RunEnd): Promise<void> {
  const { stdout, stderr, env } = environment;
  if (invocation.json) return stdout.write(JSON.stringify({ end }) + "\n");
  if (end.status === "succeeded") return;
  const style = await styleFor(stderr, env);
  const failures = failureLines(end.tasks, stderr.columns(), style);
  const reason = end.error === undefined || failures.length > 0 ? [] : [end.error.message];
  const lines = [...failures, ...reason];
  if (lines.length > 0) stderr.write(lines.join("\n") + "\n");
}

async function sayGoesOn(environment: CliEnvironment, source: RunSource, id: string): Promise<number> {
  const where = source.remote ? "The run goes on at the server" : "The next start continues the run";
  const style = await styleFor(environment.stderr, environment.env);
  environment.stderr.write(`${where}: ${style.cyan(`millrace runs show ${id}`)}\n`);
  return EXIT.interrupted;
}

function exitCodeOfRuns(ends: readonly RunEnd[]): number {
  return ends.every((end) => end.status === "succeeded") ? EXIT.ok : EXIT.failed;
}
