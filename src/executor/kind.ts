/**
 * Kinds of executors: which may run an attempt. Executors of one kind are alike.
 *
 * @module
 */
import type { Isolation } from "../task/descriptor.ts";
import type { TaskPermissions } from "../task/task.ts";

/** What an executor has to be to run an attempt. */
export interface ExecutorKind {
  /** Where it runs. */
  readonly isolation: Isolation;
  /** The rights it has, and no others; absent: those of the program. */
  readonly permissions?: TaskPermissions;
  /** How much memory it may take, in MiB. */
  readonly memoryMb?: number;
}

const RIGHTS = ["net", "read", "write", "env", "sys", "run", "ffi"] as const;

const PLAIN: Readonly<Record<Isolation, ExecutorKind>> = {
  worker: { isolation: "worker" },
  process: { isolation: "process" },
  inline: { isolation: "inline" },
};

/** The kind that a task needs: rights of its own are kept by a process. */
export function kindOf({ isolation, permissions, memoryMb }: ExecutorKind): ExecutorKind {
  if (isolation === "inline" || (permissions ?? memoryMb) === undefined) return PLAIN[isolation];
  return {
    isolation: "process",
    ...(permissions === undefined ? {} : { permissions }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
  };
}

/** The name of a kind: the same for the same rights, in whatever order they are written. */
export function keyOfKind({ isolation, permissions, memoryMb }: ExecutorKind): string {
  if ((permissions ?? memoryMb) === undefined) return isolation;
  const rights = permissions && RIGHTS.map((right) => {
    const granted = permissions[right] ?? false;
    return typeof granted === "boolean" ? granted : granted.length > 0 && [...new Set(granted)].sort();
  });
  return `${isolation} ${JSON.stringify([rights ?? null, memoryMb ?? null])}`;
}
