/**
 * Refs in messages: tokens on the way, refs again on arrival.
 *
 * @module
 */
import { type Address, isActorRef } from "./ref.ts";
import { anyWeight, plainWeight } from "./weigh.ts";
import type { Sent } from "./outbox.ts";

/** What stands for a ref on its way. */
interface Token {
  readonly "~millrace": "ref-token";
  readonly address: Address;
  readonly protocol: string;
}

/** How deep refs are searched for. */
const MAX_DEPTH = 16;
/** How many parts of a value are searched: a value may name one part many times over. */
const MAX_PARTS = 20_000;

let partsLeft = 0;

/** Prepares a value for its way to another host. */
export function pack(value: unknown): Sent {
  try {
    return packed(value);
  } catch {
    // A property that throws when it is read: structured clone will say so, to whom it concerns.
    return { value, plain: false, refs: 0, bytes: 0 };
  }
}

function packed(value: unknown): Sent {
  if (value === undefined) return { value, plain: true, refs: 0, bytes: 4 };
  const bytes = plainWeight(value);
  if (bytes === bytes) return { value, plain: true, refs: 0, bytes };
  partsLeft = MAX_PARTS;
  const dehydrated = replace(value, (part) => isActorRef(part) ? tokenOf(part) : part, 0);
  const refs = Object.is(dehydrated, value) ? 0 : 1;
  return { value: dehydrated, plain: false, refs, bytes: anyWeight(dehydrated) };
}

/** What another thread would get of a value, its refs still tokens; throws if it cannot be cloned. */
export function crossed(value: unknown): Sent {
  const sent = pack(value);
  const text = sent.plain ? JSON.stringify(sent.value) : undefined;
  return { ...sent, value: text === undefined ? structuredClone(sent.value) : JSON.parse(text) };
}

/** Binds the refs in a value that has arrived. */
export function unpack(value: unknown, bind: (address: Address, protocol: string) => unknown): unknown {
  partsLeft = MAX_PARTS;
  return replace(value, (part) => isToken(part) ? bind(part.address, part.protocol) : part, 0);
}

function tokenOf({ address, protocol }: { address: Address; protocol: { name: string } }): Token {
  return { "~millrace": "ref-token", address, protocol: protocol.name };
}

function isToken(value: object): value is Token {
  return (value as Partial<Token>)["~millrace"] === "ref-token";
}

/** Replaces objects in arrays, plain objects, maps and sets; gives the same value if there was nothing to replace. */
function replace(value: unknown, by: (part: object) => unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  const replaced = by(value);
  if (replaced !== value || depth === MAX_DEPTH || --partsLeft < 0) return replaced;
  if (Array.isArray(value)) {
    const parts = value.map((part) => replace(part, by, depth + 1));
    return parts.some((part, index) => !Object.is(part, value[index])) ? parts : value;
  }
  if (value instanceof Set) {
    const parts = replace([...value], by, depth) as readonly unknown[];
    return parts.some((part) => !value.has(part)) ? new Set(parts) : value;
  }
  if (value instanceof Map) {
    const entries = replace([...value], by, depth) as [unknown, unknown][];
    return entries.some(([key, part]) => !value.has(key) || !Object.is(value.get(key), part))
      ? new Map(entries)
      : value;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [key, part] of Object.entries(value)) {
    const other = replace(part, by, depth + 1);
    if (!Object.is(other, part)) (copy ??= { ...value })[key] = other;
  }
  return copy ?? value;
}
