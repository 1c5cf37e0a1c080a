/**
 * What a result is remembered by: the hash of code, inputs and parameters. Different ones never meet.
 *
 * @module
 */
import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import { encode } from "../base/codec.ts";
import type { TaskDescriptor } from "./descriptor.ts";
import { prepareTask } from "./prepared_task.ts";

/** Changes when the meaning of the hash does, so that keys of different meanings never meet. */
const FORMAT = "millrace/memo/1";

/** What a result depends on. */
export interface MemoParts {
  /** The task. */
  readonly task: string;
  /** What its code is known by. */
  readonly code: string;
  /** The parameters, or what its own function says, by {@linkcode textOf}. */
  readonly text: string;
  /** Of each input its digest, by {@linkcode digestOf}; absent where the task says itself what matters. */
  readonly inputs?: Readonly<Record<string, string>>;
}

/** The key: SHA-256 (hex). */
export function memoKeyOf({ task, code, text, inputs }: MemoParts): string {
  const sorted = inputs && Object.entries(inputs).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return hash("sha256", JSON.stringify([FORMAT, task, code, text, sorted ?? null]), "hex");
}

/** What the code of a task is known by; `undefined` if no result of it may be reused. */
export function codeOf(task: TaskDescriptor): string | undefined {
  if (task.cache === undefined) return undefined;
  const { version } = task.cache;
  return version === undefined ? `hash:${prepareTask(task).hash}` : `version:${version}`;
}

/** Any value that can be stored as a text; plain JSON in canonical form, so that the order of keys is nothing. */
export function textOf(value: unknown): string {
  const { codec, text } = encode(value);
  return `${codec}:${codec === "json" ? canonicalize(value) : text}`;
}

/** A result's digest, from those of what is stored of it: of its value, or of each of its chunks. */
export function digestOf(stored: string | readonly string[]): string {
  return typeof stored === "string" ? stored : `chunks:${hash("sha256", JSON.stringify(stored), "hex")}`;
}
