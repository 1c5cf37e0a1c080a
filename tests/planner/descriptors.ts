import type { TaskDescriptor } from "../../src/task/descriptor.ts";

/** Descriptors from `name: upstream names`; each name becomes an input of its own name. */
export function descriptorsOf(
  edges: Readonly<Record<string, readonly string[]>>,
  more: Readonly<Record<string, Partial<TaskDescriptor>>> = {},
): Map<string, TaskDescriptor> {
  return new Map(
    Object.entries(edges).map(([name, sources]) => [name, descriptor(name, sources, more[name])]),
  );
}

/** One descriptor. */
export function descriptor(
  name: string,
  sources: readonly string[] = [],
  more: Partial<TaskDescriptor> = {},
): TaskDescriptor {
  return {
    name,
    inputs: sources.map((task) => ({ param: task, task, collect: false })),
    after: [],
    tags: [],
    stream: false,
    failSafe: false,
    maxRetries: 0,
    backoff: { baseMs: 1000, factor: 2, maxMs: 60_000, jitter: true },
    isolation: "worker",
    ...more,
  };
}
