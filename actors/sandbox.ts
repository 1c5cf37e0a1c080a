/**
 * A sandbox: runs the attempts of tasks that are kept apart, in a process with the rights and the memory of their
 * lane. It knows no other actor: what it needs it asks of the executor that it answers to.
 *
 * @module
 */
import { claimFaults } from "../src/actor/faults.ts";
import { defineActor } from "../src/actor/define_actor.ts";
import { runAttempt } from "../src/executor/attempt.ts";
import { sandboxProtocol } from "../src/executor/protocol.ts";
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
      const ports = { clock: ctx.clock, log: ctx.log, onFault: claimFaults, ...line.ports };
      yield* line.items(runAttempt(task, executable, ports, controller.signal));
    },
    reply: (reply) => line.replied(reply),
    cancel: () => controller.abort(),
  };
}, { concurrency: CONCURRENCY });
