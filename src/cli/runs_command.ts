/**
 * `millrace runs`: what ran, and what it gave.
 *
 * @module
 */
import { EXIT } from "./exit_codes.ts";
import { findRun } from "./find_run.ts";
import { listenForInterrupts } from "./interrupts.ts";
import type { RunsInvocation } from "./invocation.ts";
import type { CliEnvironment } from "./port.ts";
import { type LogEntry, logEntryText } from "../task/log_entry.ts";
import { logText } from "./log_text.ts";
import { openRunSource, type RunSource } from "./run_source.ts";
import { runsTable, type RunsTextOptions, runText } from "./runs_text.ts";
import { styleFor } from "./style.ts";
import { counted, printable } from "./terminal_text.ts";

/** Looks up and prints; resolves with the exit code. */
export async function runsCommand(invocation: RunsInvocation, environment: CliEnvironment): Promise<number> {
  const { stdout } = environment;
  await using source = await openRunSource(environment, { ...invocation, purpose: "look" });
  const write = (lines: readonly string[]): void => stdout.write(lines.join("\n") + "\n");
  switch (invocation.command) {
    case "runs list": {
      const runs = await source.runs(invocation.filter);
      write(invocation.json ? [JSON.stringify(runs)] : runsTable(runs, await textOptions(environment)));
      return EXIT.ok;
    }
    case "runs show": {
      const run = await source.runView(await findRun(source, invocation.runId));
      write(invocation.json ? [JSON.stringify(run)] : runText(run, await textOptions(environment)));
      return EXIT.ok;
    }
    case "runs result": {
      const found = await source.result(await findRun(source, invocation.runId), invocation.task);
      const value = found instanceof ReadableStream ? await new Response(found).bytes() : found;
      write([JSON.stringify(value ?? null, showable, invocation.json ? undefined : 2)]);
      return EXIT.ok;
    }
    case "runs cancel": {
      const { id, status } = await source.cancel(await findRun(source, invocation.runId));
      if (invocation.json) write([JSON.stringify({ id, status })]);
      else write([status === "cancelled" ? `${id} is cancelled` : `${id} had ended: ${status}`]);
      return status === "cancelled" ? EXIT.ok : EXIT.failed;
    }
    case "runs prune":
      return await pruneRuns(invocation, environment, source);
    case "runs logs":
      return await printLogs(invocation, environment, source);
  }
}

/** Prints entries as they come, until there are no more, or ^C. */
async function printLogs(
  { runId, filter, json }: Extract<RunsInvocation, { readonly command: "runs logs" }>,
  environment: CliEnvironment,
  source: RunSource,
): Promise<number> {
  using interrupts = listenForInterrupts(environment, () => {});
  const controller = new AbortController();
  void interrupts.first.then(() => controller.abort());
  const { stdout, stderr } = environment;
  const write = json ? JSON.stringify : await entryWriter(environment);
  let many = 0;
  try {
    const { signal } = controller;
    for await (const entry of await source.logs(await findRun(source, runId), filter, signal)) {
      stdout.write(write(entry) + "\n");
      many++;
    }
    if (many === 0 && !json) stderr.write("Nothing was written.\n");
    return EXIT.ok;
  } catch (error) {
    if (controller.signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

/** For people by the time of day; whatever reads a pipe gets all there is. */
async function entryWriter(environment: CliEnvironment): Promise<(entry: LogEntry) => string> {
  const { stdout, env } = environment;
  if (!stdout.isTerminal) return (entry) => printable(logEntryText(entry));
  const style = await styleFor(stdout, env);
  return (entry) => logText(entry, style, environment.utcOffsetMinutes(entry.timeMs));
}

/** How many runs are deleted between two words about it. */
const PRUNED_AT_ONCE = 200;

/** Deletes some at a time, and says how far it is. */
async function pruneRuns(
  { request, json }: Extract<RunsInvocation, { readonly command: "runs prune" }>,
  { stdout, stderr }: CliEnvironment,
  source: RunSource,
): Promise<number> {
  let [runs, results] = [0, 0];
  for (;;) {
    const step = request.dryRun ? {} : { limit: PRUNED_AT_ONCE };
    const report = await source.prune({ ...request, ...step });
    runs += report.runs;
    results += report.results;
    if (!report.more) break;
    if (!json) stderr.write(`${counted(runs, "run")} deleted so far\n`);
  }
  if (json) stdout.write(JSON.stringify({ runs, results, dryRun: request.dryRun ?? false }) + "\n");
  else if (request.dryRun) stdout.write(`${counted(runs, "run")} would be deleted\n`);
  else stdout.write(`${counted(runs, "run")} deleted, with ${counted(results, "result")}\n`);
  return EXIT.ok;
}

async function textOptions(environment: CliEnvironment): Promise<RunsTextOptions> {
  const nowMs = environment.clock.now();
  return {
    columns: environment.stdout.columns(),
    nowMs,
    utcOffsetMinutes: environment.utcOffsetMinutes(nowMs),
    style: await styleFor(environment.stdout, environment.env),
  };
}

/** What JSON has not is shown as near as it gets, as the server does. */
function showable(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return [...value as Uint8Array];
  return value;
}
