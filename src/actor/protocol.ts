/**
 * Protocols: the verbs that an actor understands, with a schema for each payload, so that what crosses a
 * thread is checked by the compiler and again on arrival.
 *
 * @module
 */
import type { AnySchema, InputOf, OutputOf, Schema } from "../base/schema.ts";

/** One verb: `out` makes it askable, `stream` makes it iterable, neither makes it a notice. */
export interface Verb {
  /** What is sent. */
  readonly in: AnySchema;
  /** What is answered. */
  readonly out?: AnySchema;
  /** What each item of the answered stream is. */
  readonly stream?: AnySchema;
}

/** The verbs of a protocol, by name. */
export type Verbs = Readonly<Record<string, Verb>>;

/** A named set of verbs. */
export interface Protocol<V extends Verbs = Verbs> {
  /** Marks a protocol, also across two copies of the library. */
  readonly "~millrace": "protocol";
  /** The protocol's name, checked when an actor is spawned in another thread. */
  readonly name: string;
  /** Its verbs. */
  readonly verbs: V;
}

/** The names of the verbs that can be told: all but streams. */
export type Tellable<V extends Verbs> = {
  [K in keyof V & string]: V[K] extends { readonly stream: AnySchema } ? never : K;
}[keyof V & string];

/** The names of the verbs that answer. */
export type Askable<V extends Verbs> = {
  [K in keyof V & string]: V[K] extends { readonly out: AnySchema } ? K : never;
}[keyof V & string];

/** The names of the verbs that stream. */
export type Streamable<V extends Verbs> = {
  [K in keyof V & string]: V[K] extends { readonly stream: AnySchema } ? K : never;
}[keyof V & string];

/** What a sender passes for a verb. */
export type Sent<V extends Verbs, K extends keyof V> = InputOf<V[K]["in"]>;

/** What a handler gets for a verb. */
export type Received<V extends Verbs, K extends keyof V> = OutputOf<V[K]["in"]>;

/** What a handler answers with. */
export type Answered<V extends Verbs, K extends keyof V> = V[K] extends
  { readonly out: infer S extends AnySchema } ? InputOf<S>
  : void;

/** What an asker gets. */
export type Answer<V extends Verbs, K extends keyof V> = V[K] extends
  { readonly out: infer S extends AnySchema } ? OutputOf<S>
  : never;

/** What a stream gives. */
export type Item<V extends Verbs, K extends keyof V> = V[K] extends
  { readonly stream: infer S extends AnySchema } ? OutputOf<S>
  : never;

/** What a handler of a stream gives. */
export type Given<V extends Verbs, K extends keyof V> = V[K] extends
  { readonly stream: infer S extends AnySchema } ? InputOf<S>
  : never;

/**
 * Declares a protocol.
 *
 * @param name Its name, the same on both sides of a thread.
 * @param verbs Its verbs, each with Standard Schemas.
 * @returns The protocol: plain data and schemas, importable in every thread.
 * @example A counter's protocol
 * ```ts
 * import { z } from "zod";
 * import { protocol } from "@millrace/millrace";
 * export const counter = protocol("counter", {
 *   add: { in: z.number() },
 *   total: { in: z.void(), out: z.number() },
 * });
 * ```
 */
export function protocol<const V extends Verbs>(name: string, verbs: V): Protocol<V> {
  return { "~millrace": "protocol", name, verbs };
}

/**
 * A schema that takes any value as a `T`: for data that was checked where it entered the platform and only
 * travels on between its own actors.
 */
export function passed<T>(): Schema<T> {
  return { "~standard": { version: 1, vendor: "millrace", validate: (value) => ({ value: value as T }) } };
}
