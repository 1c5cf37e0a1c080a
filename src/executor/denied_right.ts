/**
 * What a task was denied: Deno's refusal, in words that say how to grant it.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import type { AttemptKey } from "./port.ts";

/** `Requires net access to "example.com:80", run again with the --allow-net flag` */
const REFUSAL = /^Requires (\w+) access(?: to (?:"(.*)"|([^,]+)))?/;
type Named = Pick<AttemptKey, "task" | "attempt">;

/** How deep a refusal may be hidden in causes. */
const MAX_DEPTH = 5;

/**
 * The refusal in an error, if there is one.
 *
 * @param own Whether the task has rights of its own; else it has those of the program.
 */
export function deniedRight(
  thrown: unknown,
  attempt: Named,
  own: boolean,
): MillraceError | undefined {
  try {
    return find(thrown, attempt, own);
  } catch {
    return undefined; // an error that cannot even be read
  }
}

function find(thrown: unknown, { task, attempt }: Named, own: boolean): MillraceError | undefined {
  let error = thrown;
  for (let depth = 0; depth < MAX_DEPTH && error instanceof Error; depth++, error = error.cause) {
    // A dynamic import is refused with a TypeError.
    if (error.name !== "NotCapable" && error.name !== "PermissionDenied" && error.name !== "TypeError") {
      continue;
    }
    const found = REFUSAL.exec(messageOf(error));
    if (found === null) continue;
    const [, right = "", quoted, plain = ""] = found;
    const target = quoted ?? plain;
    const list = target === "" ? "true" : `[${JSON.stringify(target)}]`;
    const how = right === "all"
      ? "only a task without permissions of its own may do so, in a program started with -A"
      : own
      ? `add ${right}: ${list} to the permissions of the task`
      : `start the program with --allow-${right}${target === "" ? "" : `=${target}`}`;
    const what = target === "" ? right : `${right} access to "${target}"`;
    return new MillraceError(
      "task/permission-denied",
      `Cannot run task "${task}" as it needs a right that it does not have, ${what}: ${how}`,
      { details: { task, attempt, right, target }, cause: thrown },
    );
  }
  return undefined;
}
