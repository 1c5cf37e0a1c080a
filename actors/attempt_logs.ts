/**
 * The logs that executors write: one for each attempt, in a file of its own and in the platform's log.
 *
 * @module
 */
import type { ActorContext } from "../src/actor/define_actor.ts";
import { messageOf } from "../src/base/errors.ts";
import { AttemptLog } from "../src/executor/attempt_log.ts";
import type { AttemptKey } from "../src/executor/port.ts";
import { FilesystemLogStore } from "../src/store/filesystem_log_store.ts";

/** An open log; to be closed. */
export interface OpenLog extends Disposable {
  readonly log: AttemptLog;
}

/** Opens the log of an attempt. */
export function createAttemptLogs(
  dataDir: string,
  ctx: Pick<ActorContext, "clock" | "log">,
): (attempt: AttemptKey) => OpenLog {
  const store = new FilesystemLogStore(dataDir, ctx.clock);
  return ({ runId, task, attempt }) => {
    const key = { runId, task, attempt };
    const writer = store.open(key);
    const log = new AttemptLog({
      now: () => ctx.clock.now(),
      append: (json) => writer.append(json),
      show: ({ level, source, text, attrs }) => {
        if (source === "log") ctx.log[level](text, { ...key, ...attrs });
        else ctx.log[level]("A task printed", { ...key, text });
      },
      failed: (error) =>
        ctx.log.warn("What an attempt writes cannot be kept", { ...key, error: messageOf(error) }),
    });
    const close = (): void => {
      log.close();
      writer.close();
    };
    return { log, [Symbol.dispose]: close };
  };
}
