/**
 * A sandbox: runs the attempts of tasks that are kept apart, in a process with the rights and the memory of their
 * kind. It knows no other actor: what it needs it asks of the executor that it answers to.
 *
 * @module
 */
import { claimFaults } from "../src/actor/faults.ts";
import { defineActor } from "../src/actor/define_actor.ts";
import { createLogger } from "../src/base/log.ts";
import { AttemptLog } from "../src/executor/attempt_log.ts";
import { runAttempt } from "../src/executor/attempt.ts";
import { withConsole } from "../src/executor/console_capture.ts";
import { sandboxProtocol } from "../src/executor/protocol.ts";
import { END_OF_ATTEMPT, outputOf } from "../src/executor/sandbox_output.ts";
import { SandboxLine } from "../src/executor/sandbox.ts";
import { importDefinitions } from "../src/task/import_definitions.ts";
import { unknownTask } from "../src/executor/unknown_task.ts";

/** What a sandbox is given. */
export interface SandboxOptions {
  /** Modules that define tasks. */
  readonly modules: readonly string[];
}

/** Calls reach an attempt while it runs. */
const CONCURRENCY = 64;

/** A sandbox. */
export const sandbox = defineActor(sandboxProtocol, async (ctx, { modules }: SandboxOptions) => {
  const tasks = new Map((await importDefinitions(modules)).tasks.map((task) => [task.name, task]));
  let line = new SandboxLine();
  let controller = new AbortController();
  return {
    run: async function* (executable) {
      const task = tasks.get(executable.task);
      if (task === undefined) {
        yield { kind: "outcome", outcome: unknownTask(executable.task) };
        return;
      }
      line = new SandboxLine();
      controller = new AbortController();
      const log = new AttemptLog({
        now: () => ctx.clock.now(),
        append: (json) => write(Deno.stderr, outputOf(json)),
        show: () => {},
        failed: () => {},
      });
      const logger = createLogger((record) => log.record(record), ctx.clock.now);
      const ports = { clock: ctx.clock, log: logger, onFault: claimFaults, ...line.ports };
      const work = withConsole(log, () => runAttempt(task, executable, ports, controller.signal));
      yield* line.items(work.finally(() => {
        log.close();
        for (const stream of [Deno.stdout, Deno.stderr]) write(stream, END_OF_ATTEMPT);
      }));
    },
    reply: (reply) => line.replied(reply),
    cancel: () => controller.abort(),
  };
}, { concurrency: CONCURRENCY });

/** Writes at once, unless the task has closed what is written to. */
function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  try {
    const bytes = new TextEncoder().encode(text);
    for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
  } catch {
    // It says nothing any more.
  }
}
