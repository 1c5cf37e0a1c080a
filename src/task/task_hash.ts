/**
 * The content hash of a task.
 *
 * @module
 */
import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import type { JsonSchema } from "../base/schema.ts";
import type { CacheDescriptor, InputDescriptor, TaskDescriptor } from "./descriptor.ts";

/** SHA-256 (Base64) over a task's canonical form. */
export function hashOfTask(task: TaskDescriptor): string {
  return hash("sha256", canonicalForm(task), "base64");
}

/**
 * A task in canonical JSON (RFC 8785): everything that its descriptor holds, except tags, which only select,
 * whether its code takes a context, and the order of its edges. Schemas are texts in it, canonical themselves.
 *
 * The members are written in the order that the canonical form asks for, so that `JSON.stringify`, whose
 * numbers and strings are those of RFC 8785 §3.2.2, gives it; sorting them anew would take ten times as long.
 */
export function canonicalForm(task: TaskDescriptor): string {
  const { baseMs, factor, jitter, maxMs } = task.backoff;
  const { cache } = task;
  return JSON.stringify(
    {
      after: sorted(task.after),
      backoff: { baseMs, factor, jitter, maxMs },
      cache: cache && canonicalCache(cache),
      concurrencyKey: task.concurrencyKey && {
        by: task.concurrencyKey.by,
        key: task.concurrencyKey.key,
        limit: task.concurrencyKey.limit,
      },
      failSafe: task.failSafe,
      inputs: task.inputs.toSorted(byParam).map(canonicalInput),
      isolation: task.isolation,
      maxAhead: task.maxAhead,
      maxRetries: task.maxRetries,
      memoryMb: task.memoryMb,
      name: task.name,
      output: textOf(task.output),
      params: textOf(task.params),
      permissions: textOf(task.permissions as JsonSchema | undefined),
      priority: task.priority,
      rateLimit: task.rateLimit && {
        by: task.rateLimit.by,
        key: task.rateLimit.key,
        limit: task.rateLimit.limit,
        perMs: task.rateLimit.perMs,
      },
      stream: task.stream,
      timeoutMs: task.timeoutMs,
    } satisfies { [Key in Exclude<keyof TaskDescriptor, "tags" | "contextFree">]-?: unknown },
  );
}

function canonicalCache({ keyed, source, ttlMs, version }: CacheDescriptor): object {
  return { keyed, source, ttlMs, version } satisfies { [Key in keyof CacheDescriptor]-?: unknown };
}

function canonicalInput({ collect, param, schema, task }: InputDescriptor): object {
  return { collect, param, schema: textOf(schema), task } satisfies {
    [Key in keyof InputDescriptor]-?: unknown;
  };
}

function textOf(data: JsonSchema | undefined): string | undefined {
  return data === undefined ? undefined : canonicalize(data);
}

function sorted(names: readonly string[]): readonly string[] {
  return names.length < 2 ? names : [...new Set(names)].sort();
}

function byParam(a: InputDescriptor, b: InputDescriptor): number {
  return a.param < b.param ? -1 : a.param > b.param ? 1 : 0;
}
