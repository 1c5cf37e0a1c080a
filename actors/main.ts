/**
 * The program `millrace`: the command line over the platform.
 *
 * @module
 */
import { MillraceError } from "../src/base/errors.ts";
import { consoleLogSink, isLogLevel } from "../src/base/console_log_sink.ts";
import { runCli } from "../src/cli/cli.ts";
import { createDenoEnvironment, moduleUrl } from "../src/cli/deno_environment.ts";
import { EXIT } from "../src/cli/exit_codes.ts";
import type { CliOpenOptions, CliPlatform } from "../src/cli/port.ts";
import { readOwner } from "../src/store/data_dir_lock.ts";
import { parseResults } from "../src/store/results.ts";
import { openSpeaker } from "./platform.ts";
import { diffPlans, renderPlanDiff } from "../src/planner/diff_plans.ts";
import { createPlanBook } from "./plan_book.ts";
import { VERSION } from "./version.ts";

/** The module that a folder's commands use if they name none; in a checkout of Millrace, its example. */
const CONVENTION = "./pipelines.ts";
const EXAMPLE = new URL("../examples/flights/pipelines.ts", import.meta.url);

async function defaultModules(): Promise<string[]> {
  const isFile = (path: string | URL): Promise<boolean> =>
    Deno.stat(path).then((stat) => stat.isFile, () => false);
  if (await isFile(CONVENTION)) return [CONVENTION];
  return EXAMPLE.protocol === "file:" && await isFile(EXAMPLE) ? [EXAMPLE.href] : [];
}

async function open(options: CliOpenOptions): Promise<CliPlatform> {
  const { modules, dataDir, purpose, executors, http, fsync, token } = options;
  const level = Deno.env.get("MILLRACE_LOG") || "warn";
  if (!isLogLevel(level)) {
    throw new MillraceError(
      "cli/setting-invalid",
      `Cannot log as MILLRACE_LOG must be debug, info, warn or error: current value is "${level}"`,
      { details: { name: "MILLRACE_LOG" } },
    );
  }
  const looks = purpose === "look";
  const works = purpose === "serve" || purpose === "run";
  const kept = Deno.env.get("MILLRACE_RESULTS") ?? "";
  // Tasks that write files of their own find the folder that was named on the command line.
  Deno.env.set("MILLRACE_DATA_DIR", dataDir);
  const speaker = await openSpeaker({
    modules: looks ? [] : modules,
    dataDir,
    schedules: purpose === "serve",
    resume: works,
    // Who only looks deletes nothing, and may not know the pipelines and how long their runs are to be kept.
    ...(works ? {} : { retention: false }),
    log: consoleLogSink(level),
    ...(kept === "" ? {} : { results: parseResults(kept, moduleUrl) }),
    http: http === false ? false : { ...http, ...(token === undefined ? {} : { token }) },
    ...(!works ? { executors: 0 } : executors === undefined ? {} : { executors }),
    ...(fsync === undefined ? {} : { fsync }),
  }, () => Deno.exit(EXIT.failed));
  return {
    url: speaker.url,
    portMoved: speaker.portMoved,
    resumed: speaker.resumed,
    view: () => speaker.view(),
    run: (request) => speaker.run(request),
    subscribe: (pattern, subscribe) => speaker.events(pattern, subscribe),
    runView: (runId) => speaker.runView(runId),
    runs: (filter) => speaker.runs(filter),
    drawPlan: (request, options) => speaker.drawPlan(request, options),
    cancel: (runId) => speaker.cancel(runId),
    prune: (request) => speaker.prune(request),
    result: (runId, task) => speaker.result(runId, task),
    logs: (runId, filter) => speaker.logs(runId, filter),
    close: (close) => speaker.close(close),
    [Symbol.asyncDispose]: () => speaker[Symbol.asyncDispose](),
  };
}

if (import.meta.main) {
  const environment = createDenoEnvironment({
    version: VERSION,
    defaultModules: await defaultModules(),
    open,
    drawPlan: async (modules, request, options) => {
      const { cache: _, ...rest } = options;
      return (await createPlanBook(modules)).draw(request, rest);
    },
    comparePlan: async (modules, request, before, { format, strict = false }) => {
      const diff = diffPlans(before, (await createPlanBook(modules)).plan(request, { strict }));
      return format === "json" ? JSON.stringify(diff) : renderPlanDiff(diff);
    },
    // The compiler is large, and only this command needs it.
    extractSchemas: async (url) => (await import("../src/cli/extract_schemas.ts")).extractSchemas(url),
    readOwner,
  });
  // What a lost thread still computes must not keep the program from ending.
  Deno.exit(await runCli(Deno.args, environment));
}
