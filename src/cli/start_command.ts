/**
 * `millrace start`: the platform until somebody stops it.
 *
 * @module
 */
import { messageOf, toWire } from "../base/errors.ts";
import { banner } from "./banner.ts";
import { EXIT } from "./exit_codes.ts";
import { followRuns } from "./follow.ts";
import { listenForInterrupts } from "./interrupts.ts";
import type { StartInvocation } from "./invocation.ts";
import type { CliEnvironment, CliPlatform, ClosedPlatform } from "./port.ts";
import { Progress, type RunProgress } from "./progress.ts";
import { createProgressView, type ProgressView } from "./progress_view.ts";
import { decoded } from "./run_source.ts";
import { styleFor } from "./style.ts";
import { counted } from "./terminal_text.ts";

/** Runs the platform; resolves with the exit code once it has drained. */
export async function startCommand(
  invocation: StartInvocation,
  environment: CliEnvironment,
): Promise<number> {
  const { stdout, stderr, clock } = environment;
  const { json } = invocation;
  const progress = new Progress();
  const started = new Set<string>();
  const keepTree = (run: RunProgress): boolean => started.has(run.id);
  const view = await createProgressView(environment, { output: stdout, json, progress, keepTree });
  using interrupts = listenForInterrupts(environment, () => view.stop());
  const opened = await Promise.race([open(invocation, environment), interrupts.first]);
  // Nothing runs yet that would have to drain; what is being opened ends with the process.
  if (typeof opened === "string") return EXIT.interrupted;
  await using platform = opened;
  await announce(invocation, environment, platform);
  await using following = await followRuns({
    subscribe: (pattern, signal) => Promise.resolve(decoded(platform, pattern, signal)),
    runView: (runId) => platform.runView(runId),
    progress,
    view,
    clock,
  });
  following.accept(() => true);
  // After a crash there is something to see already: the runs that go on.
  if (invocation.run !== undefined && platform.resumed === 0) {
    try {
      started.add((await platform.run({ pipeline: invocation.run })).id);
    } catch (error) {
      // What is served matters more than the run that somebody wanted to see.
      const line = `Cannot run "${invocation.run}" at start: ${messageOf(error)}`;
      if (json) stderr.write(JSON.stringify({ error: toWire(error) }) + "\n");
      else view.print(line);
    }
  }
  await interrupts.first;
  return await drain(invocation, environment, platform, view, progress);
}

async function open(invocation: StartInvocation, environment: CliEnvironment): Promise<CliPlatform> {
  const { modules, dataDir, port, hostname, executors, fsync, token } = invocation;
  return await environment.open({
    modules,
    dataDir,
    purpose: "serve",
    http: { port, hostname },
    ...(executors === undefined ? {} : { executors }),
    ...(fsync === undefined ? {} : { fsync }),
    ...(token === undefined ? {} : { token }),
  });
}

async function announce(
  invocation: StartInvocation,
  environment: CliEnvironment,
  platform: CliPlatform,
): Promise<void> {
  const { stdout } = environment;
  const { url, portMoved, resumed } = platform;
  const view = await platform.view();
  if (invocation.json) {
    stdout.write(JSON.stringify({ platform: { url, portMoved, resumed, ...view } }) + "\n");
    return;
  }
  const facts = {
    view,
    runtime: environment.runtime,
    url,
    portInUse: portMoved ? invocation.port : undefined,
    hasToken: invocation.token !== undefined,
    resumed,
    nowMs: environment.clock.now(),
  };
  const style = await styleFor(stdout, environment.env);
  stdout.write(banner(facts, stdout.columns(), style).join("\n") + "\n");
}

/** Says what is waited for, waits, and says what is left. */
async function drain(
  invocation: StartInvocation,
  environment: CliEnvironment,
  platform: CliPlatform,
  view: ProgressView,
  progress: Progress,
): Promise<number> {
  if (!invocation.json) view.print(drainingLine(progress.active));
  const closed = await platform.close();
  view.stop();
  const text = invocation.json ? JSON.stringify({ closed }) : closedLine(closed);
  environment.stdout.write(text + "\n");
  return EXIT.ok;
}

function drainingLine(active: readonly RunProgress[]): string {
  if (active.length === 0) return "draining; ^C again stops at once";
  const work = active.map((run) => {
    const running = [...run.tasks.values()].filter((task) => task.status === "running");
    const names = running.map((task) => task.name).join(", ");
    return names === "" ? run.pipeline : `${run.pipeline}: ${names}`;
  });
  return `draining: waits for ${counted(active.length, "run")} (${work.join("; ")}); ^C again stops at once`;
}

function closedLine({ lostThreads, unfinishedRuns }: ClosedPlatform): string {
  const facts = [
    ...(unfinishedRuns > 0
      ? [`${counted(unfinishedRuns, "unfinished run")}, to go on at the next start`]
      : []),
    ...(lostThreads > 0 ? [`${counted(lostThreads, "thread")} would not stop`] : []),
  ];
  return `stopped${facts.length === 0 ? "" : `: ${facts.join("; ")}`}`;
}
