/**
 * Reads the command line: argv and environment variables in, one {@linkcode Invocation} out.
 *
 * @module
 */
import { Command, CommanderError, InvalidArgumentError } from "@commander-js/extra-typings";
import { nearest } from "../base/names.ts";
import { PLAN_FORMATS } from "../task/plan.ts";
import type { PruneRequest, RunRequest, RunStatus } from "../task/run.ts";
import {
  InvalidValue,
  parseChoice,
  parseJsonObject,
  parseList,
  parseParam,
  parseSpan,
  parseWholeNumber,
} from "./command_values.ts";
import { EXIT } from "./exit_codes.ts";
import { EXAMPLES } from "./help.ts";
import type { CommonOptions, Invocation } from "./invocation.ts";
import type { CliEnvironment, RunListFilter } from "./port.ts";
import { wantsColour } from "./style.ts";

/** What the command line reader needs of the environment. */
export type CommandLineEnvironment = Pick<
  CliEnvironment,
  "version" | "defaultModules" | "stdout" | "stderr" | "env" | "moduleUrl"
>;

/** An invocation; or, where there is nothing more to do (help, a mistake that was told), an exit code. */
export type CommandLine = { readonly invocation: Invocation } | { readonly exitCode: number };

const STATUSES: readonly RunStatus[] = ["pending", "running", "succeeded", "failed", "cancelled"];
const SELECT = "tasks by a selector: '+report', 'tag:etl and not extract_*', '2+(a or b)+1'";
const FSYNCS = ["always", "batched"] as const;

/** Reads a command line (without program name). Help and mistakes are written at once. */
export function parseCommandLine(argv: readonly string[], environment: CommandLineEnvironment): CommandLine {
  let invocation: Invocation | undefined;
  const program = buildProgram(environment, (chosen) => invocation = chosen);
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help that was asked for is a success; help instead of a command is not.
    return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage };
  }
  return invocation === undefined ? { exitCode: EXIT.usage } : { invocation };
}

/** What the options that every command has give. */
interface CommonFlags {
  readonly json?: true | undefined;
  readonly module?: readonly string[] | undefined;
  readonly dataDir?: string | undefined;
}

function buildProgram(environment: CommandLineEnvironment, choose: (chosen: Invocation) => void): Command {
  const { stdout, stderr, env } = environment;
  const program = new Command("millrace")
    .description("Actor runtime for event-driven data pipelines.")
    .version(environment.version)
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError("(--help shows what is possible)")
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns(),
      getErrHelpWidth: () => stderr.columns(),
      getOutHasColors: () => wantsColour(stdout, env),
      getErrHasColors: () => wantsColour(stderr, env),
    })
    .addHelpText("after", EXAMPLES.program);

  /** Adds what every command has. */
  function withCommon<Args extends unknown[], Flags extends Record<string, unknown>>(
    command: Command<Args, Flags>,
  ): Command<Args, Flags & CommonFlags> {
    return command
      .option(
        "-m, --module <path>",
        "module of tasks, pipelines and triggers; repeatable (env: MILLRACE_MODULES)",
        list,
      )
      .option("-d, --data-dir <folder>", "where state is kept (env: MILLRACE_DATA_DIR; default: .millrace)")
      .option("--json", "write JSON, or one JSON document a line where it follows") as unknown as Command<
        Args,
        Flags & CommonFlags
      >;
  }

  function common(flags: CommonFlags, paths: readonly string[] = []): CommonOptions {
    const named = [...paths, ...flags.module ?? []];
    const fromEnv = parseList(env("MILLRACE_MODULES") ?? "");
    const specifiers = named.length > 0 ? named : fromEnv.length > 0 ? fromEnv : environment.defaultModules;
    return {
      json: flags.json ?? false,
      modulesNamed: named.length > 0,
      modules: specifiers.map((specifier) => environment.moduleUrl(specifier)),
      dataDir: flags.dataDir ?? env("MILLRACE_DATA_DIR") ?? ".millrace",
    };
  }

  /** An environment variable, read like the option that it stands for. */
  function fromEnv<Value>(
    name: string,
    parse: (text: string, before: Value | undefined) => Value,
  ): Value | undefined {
    const text = env(name);
    if (text === undefined) return undefined;
    try {
      return parse(text, undefined);
    } catch (error) {
      const reason = error instanceof InvalidArgumentError ? error.message : String(error);
      return program.error(`error: environment variable ${name} value '${text}' is invalid. ${reason}`);
    }
  }

  withCommon(program.command("start").argument("[modules...]", "paths or URLs of modules"))
    .description("Start the platform: triggers, runs and HTTP, until ^C.")
    .option("-p, --port <number>", "port; the next free one if it is in use (env: PORT; default: 8000)", port)
    .option("--host <address>", "address to listen on (env: HOST; default: 127.0.0.1)")
    .option("--executors <number>", "how many executors (env: MILLRACE_EXECUTORS)", executors)
    .option("--fsync <level>", "always: commits survive a power cut; batched: a crash of the process", fsync)
    .option("--run <pipeline>", "run this pipeline once at start, unless unfinished runs go on")
    .addHelpText("after", EXAMPLES.start)
    .action((paths, flags) => {
      const count = flags.executors ?? fromEnv("MILLRACE_EXECUTORS", executors);
      const token = env("MILLRACE_TOKEN");
      choose({
        command: "start",
        ...common(flags, paths),
        port: flags.port ?? fromEnv("PORT", port) ?? 8000,
        hostname: flags.host ?? env("HOST") ?? "127.0.0.1",
        ...(count === undefined ? {} : { executors: count }),
        ...(flags.fsync === undefined ? {} : { fsync: flags.fsync }),
        ...(token === undefined ? {} : { token }),
        ...(flags.run === undefined ? {} : { run: flags.run }),
      });
    });

  const run = program.command("run");
  withCommon(run.argument("[names...]", "one pipeline, or tasks"))
    .description("Run a pipeline, or a selection of tasks.")
    .option("-t, --tags <tags>", "also the tasks with any of these tags; separated by commas", list)
    .option("-s, --select <selector>", SELECT)
    .option("--include-upstream", "also all tasks that the selected ones depend on")
    .option("--params <json>", "parameters as a JSON object", reading(parseJsonObject))
    .option("-P, --param <key=value>", "one parameter; repeatable", reading(parseParam))
    .option("--timeout <span>", "how long the run may take: 90s, 12h; in place of its pipeline's limit", span)
    .option("-w, --watch", "show progress and wait for the end")
    .option("--follow-on", "with --watch: also the runs that this one leads to")
    .addHelpText("after", EXAMPLES.run)
    .action((names, flags) => {
      const { tags = [], select } = flags;
      if (names.length === 0 && tags.length === 0 && select === undefined) {
        run.error("error: name a pipeline, tasks, --tags or --select to run");
      }
      const params = { ...flags.params, ...flags.param };
      const rest = {
        ...(Object.keys(params).length === 0 ? {} : { params }),
        ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
      };
      const selection: RunRequest = {
        ...(names.length === 0 ? {} : { names }),
        ...(tags.length === 0 ? {} : { tags }),
        ...(select === undefined ? {} : { select }),
        ...(flags.includeUpstream === undefined ? {} : { includeUpstream: true }),
        ...rest,
      };
      const single = names.length === 1 && tags.length === 0 &&
        (select ?? flags.includeUpstream) === undefined;
      const requests = single ? [{ pipeline: names[0]!, ...rest }, selection] : [selection];
      const followOn = flags.followOn ?? false;
      choose({ command: "run", ...common(flags), requests, watch: flags.watch ?? followOn, followOn });
    });

  withCommon(program.command("plan").argument("[pipeline]", "a pipeline; all tasks if nothing is selected"))
    .description("Show what a run would do: levels, edges, what it needs from outside.")
    .option("-n, --names <tasks>", "tasks; separated by commas", list)
    .option("-t, --tags <tags>", "tasks with any of these tags", list)
    .option("-r, --roots <tasks>", "tasks with everything that they depend on", list)
    .option("-s, --select <selector>", SELECT)
    .option("--include-upstream", "also all tasks that the selected ones depend on")
    .option("--explain", "say for which tasks an earlier result would stand (their cache)")
    .option("--params <json>", "with --explain: the parameters as a JSON object", reading(parseJsonObject))
    .option("-P, --param <key=value>", "with --explain: one parameter; repeatable", reading(parseParam))
    .option("--strict", "fail if a task or an edge has no schema")
    .option("--run <id>", "show the critical path by the durations of this run")
    .option("--against <file>", "show only what is different from a plan that --json has written")
    .option("-f, --format <format>", `one of ${PLAN_FORMATS.join(", ")} (default: text)`, planFormat)
    .addHelpText("after", EXAMPLES.plan)
    .action((pipeline, flags, command) => {
      const { names, tags, roots, select, includeUpstream, format = flags.json ? "json" : "text" } = flags;
      const selection = {
        ...(names === undefined ? {} : { names }),
        ...(tags === undefined ? {} : { tags }),
        ...(roots === undefined ? {} : { roots }),
        ...(select === undefined ? {} : { select }),
        ...(includeUpstream === undefined ? {} : { includeUpstream }),
      };
      if (pipeline !== undefined && Object.keys(selection).length > 0) {
        command.error("error: a pipeline is a selection of its own: leave out either it or the options");
      }
      if (flags.json && format !== "json") {
        command.error(`error: --json is --format json: leave it out for --format ${format}`);
      }
      const params = { ...flags.params, ...flags.param };
      const given = Object.keys(params).length === 0 ? {} : { params };
      if (flags.explain === undefined && "params" in given) {
        command.error("error: parameters matter to what is cached: add --explain");
      }
      if (flags.explain && (flags.against ?? flags.run) !== undefined) {
        command.error("error: --explain is about a run to come: leave out --run and --against");
      }
      if (flags.against !== undefined && format !== "text" && format !== "json") {
        command.error(`error: --against writes text or JSON, no ${format}`);
      }
      choose({
        command: "plan",
        ...common(flags),
        request: { ...(pipeline === undefined ? selection : { pipeline }), ...given },
        explain: flags.explain ?? false,
        format,
        strict: flags.strict ?? false,
        ...(flags.run === undefined ? {} : { run: flags.run }),
        ...(flags.against === undefined ? {} : { against: flags.against }),
      });
    });

  withCommon(program.command("schema").argument("[modules...]", "paths of modules"))
    .description("Write what tasks take and give as JSON Schema, from their types, beside their modules.")
    .option("--check", "write nothing; fail if what is written is stale")
    .addHelpText("after", EXAMPLES.schema)
    .action((paths, flags) => {
      choose({ command: "schema", ...common(flags, paths), check: flags.check ?? false });
    });

  const runs = program.command("runs").description("List runs, newest first; show one; print a result.");
  withCommon(runs)
    .option("--pipeline <name>", "only this pipeline")
    .option("--status <status>", `only this state: ${STATUSES.join(", ")}`, reading(status))
    .option("-n, --limit <number>", "at most so many (default: 20)", reading(limit))
    .allowExcessArguments()
    .addHelpText("after", EXAMPLES.runs)
    .action((flags, command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) {
        const near = nearest(unknown, ["show", "result", "logs", "rerun", "cancel", "prune"]);
        const hint = near === undefined
          ? "There are show, result, logs, rerun, cancel and prune."
          : `Did you mean ${near}?`;
        command.error(`error: unknown command '${unknown}'\n(${hint})`);
      }
      const filter: RunListFilter = {
        ...(flags.pipeline === undefined ? {} : { pipeline: flags.pipeline }),
        ...(flags.status === undefined ? {} : { status: flags.status }),
        limit: flags.limit ?? 20,
      };
      choose({ command: "runs list", ...common(flags), filter });
    });
  withCommon(runs.command("show").argument("<id>", "a run; the head or the tail of its id will do"))
    .description("Show one run: its tasks, attempts, durations and errors.")
    .action((runId, _flags, command) => {
      choose({ command: "runs show", ...common(command.optsWithGlobals()), runId });
    });
  withCommon(runs.command("result").argument("<id>", "a run").argument("<task>", "one of its tasks"))
    .description("Print the stored value of a task as JSON.")
    .action((runId, task, _flags, command) => {
      choose({ command: "runs result", ...common(command.optsWithGlobals()), runId, task });
    });
  withCommon(runs.command("logs").argument("<id>", "a run").argument("[task]", "one of its tasks"))
    .description("Print what the tasks of a run wrote.")
    .option("-a, --attempt <number>", "only this attempt, from 1", attempt)
    .option("-f, --follow", "go on until the run has ended")
    .action((runId, task, _flags, command) => {
      const flags = command.optsWithGlobals();
      const filter = {
        ...(task === undefined ? {} : { task }),
        ...(flags.attempt === undefined ? {} : { attempt: flags.attempt }),
        ...(flags.follow === undefined ? {} : { follow: true }),
      };
      choose({ command: "runs logs", ...common(flags), runId, filter });
    });
  withCommon(runs.command("rerun").argument("<id>", "an ended run"))
    .description("Repeat a run: what did not succeed in it, and what comes after that.")
    .option("--from-failure", "what did not succeed (the default)")
    .option("--from <tasks>", "these tasks and what comes after them; separated by commas", list)
    .option("--from-start", "all of it")
    .option("--params <json>", "parameters to change, as a JSON object", reading(parseJsonObject))
    .option("-P, --param <key=value>", "one parameter to change; repeatable", reading(parseParam))
    .option("-w, --watch", "show progress and wait for the end")
    .addHelpText("after", EXAMPLES.rerun)
    .action((runId, _flags, command) => {
      // Of the same name as an option of `runs`: whichever of the two commander has given it to.
      const flags = command.optsWithGlobals();
      const chosen = [flags.fromFailure, flags.from, flags.fromStart].filter((one) => one !== undefined);
      if (chosen.length > 1) {
        command.error("error: a run is repeated from one place: --from excludes the others");
      }
      const from = flags.from !== undefined ? { tasks: flags.from } : flags.fromStart ? "start" : "failure";
      const params = { ...flags.params, ...flags.param };
      const rest = Object.keys(params).length === 0 ? {} : { params };
      const requests: readonly RunRequest[] = [{ rerun: { runId, from }, ...rest }];
      choose({ command: "run", ...common(flags), requests, watch: flags.watch ?? false, followOn: false });
    });
  withCommon(runs.command("cancel").argument("<id>", "a run that has not ended"))
    .description("Cancel a run; what still runs is called off.")
    .action((runId, _flags, command) => {
      choose({ command: "runs cancel", ...common(command.optsWithGlobals()), runId });
    });
  withCommon(runs.command("prune"))
    .description("Delete ended runs with their results.")
    .option("--older-than <span>", "only runs that ended longer ago: 12h, 7d", span)
    .option("--keep <number>", "not the newest so many of each pipeline", kept)
    .option("--pipeline <name>", "only this pipeline")
    .option("--dry-run", "only count them")
    .addHelpText("after", EXAMPLES.prune)
    .action((_flags, command) => {
      // Of the same name as an option of `runs`: whichever of the two commander has given it to.
      const { olderThan, keep, pipeline, dryRun, ...flags } = command.optsWithGlobals();
      if (olderThan === undefined && keep === undefined) {
        command.error("error: say which runs may go: --older-than, --keep, or both");
      }
      const request: PruneRequest = {
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(olderThan === undefined ? {} : { olderThanMs: olderThan }),
        ...(keep === undefined ? {} : { keep }),
        ...(dryRun === undefined ? {} : { dryRun }),
      };
      choose({ command: "runs prune", ...common(flags), request });
    });
  return program as unknown as Command;
}

/** Lets a mistake in a value be told in the words of commander. */
function reading<Value>(
  parse: (text: string, before: Value | undefined) => Value,
): (text: string, before: Value | undefined) => Value {
  return (text, before) => {
    try {
      return parse(text, before);
    } catch (error) {
      if (error instanceof InvalidValue) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

const list = reading(parseList);
const port = reading((text: string) => parseWholeNumber(text, 0, 65_535));
const executors = reading((text: string) => parseWholeNumber(text, 1, 1_024));
const attempt = reading((text: string) => parseWholeNumber(text, 1, 1_000_000));
const limit = reading((text: string) => parseWholeNumber(text, 1, 500));
const kept = reading((text: string) => parseWholeNumber(text, 0, 999_999_999));
const span = reading((text: string) => parseSpan(text));
const planFormat = reading((text: string) => parseChoice(text, PLAN_FORMATS));
const status = reading((text: string) => parseChoice(text, STATUSES));
const fsync = reading((text: string) => parseChoice(text, FSYNCS));
