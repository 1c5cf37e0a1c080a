/**
 * Actor definitions: a protocol and what starts its state. State lives in the closure of `start`; handlers
 * run one at a time.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Answered, Given, Protocol, Received, Verbs } from "./protocol.ts";
import type { ActorRef, Address } from "./ref.ts";

/** One turn: the handling of one message. */
export interface Turn {
  /** Fires when the asker no longer wants the answer, or the stream was left. */
  readonly signal: AbortSignal;
}

/** What an actor knows of its surroundings. */
export interface ActorContext<P extends Protocol = Protocol> {
  /** Its own ref. */
  readonly self: ActorRef<P>;
  /** The time. */
  readonly clock: Clock;
  /** A logger that names the actor. */
  readonly log: Logger;
  /** The ref of another actor whose address it was given. */
  ref<Q extends Protocol>(protocol: Q, address: Address): ActorRef<Q>;
  /** What to do when the actor stops: last registered, first called. */
  onStop(cleanUp: () => void | Promise<void>): void;
}

/** A handler for each verb. */
export type Handlers<V extends Verbs> = {
  readonly [K in keyof V]: (
    payload: Received<V, K>,
    turn: Turn,
  ) => V[K] extends { readonly stream: unknown } ? AsyncIterable<Given<V, K>> | Iterable<Given<V, K>>
    : Answered<V, K> | Promise<Answered<V, K>>;
};

/** Turns handlers of verbs that the protocol has not into a sentence that does not compile. */
export type NoExtra<H, P extends Protocol> = {
  readonly [K in Exclude<keyof H, keyof P["verbs"]>]: `Protocol has no verb '${K & string}'`;
};

/** How an actor takes its messages. */
export interface ActorSettings {
  /**
   * How many messages may be in hand at once. 1 means that an async handler holds the turn until it settles.
   * @default {1}
   */
  readonly concurrency?: number;
  /** How many messages may wait. @default {1024} */
  readonly mailbox?: number;
}

/** A definition: importable in every thread, started by spawning it. */
export interface ActorDefinition<P extends Protocol = Protocol, Options = never> {
  /** Marks an actor definition, also across two copies of the library. */
  readonly "~millrace": "actor";
  /** What it understands. */
  readonly protocol: P;
  /** Makes its state and handlers. */
  readonly start: (
    ctx: ActorContext<P>,
    options: Options,
  ) => Handlers<P["verbs"]> | Promise<Handlers<P["verbs"]>>;
  /** How it takes its messages. */
  readonly settings: Required<ActorSettings>;
}

/** Any actor definition. */
// deno-lint-ignore no-explicit-any -- handlers take what their protocol says: no one type is above them all
export type AnyActor = ActorDefinition<any, any>;

/** How many messages may wait in a mailbox, unless an actor says otherwise. */
export const DEFAULT_MAILBOX = 1024;

/**
 * Defines an actor.
 *
 * @param protocol What it understands.
 * @param start Makes its state and returns a handler for each verb. It may be async; messages wait for it.
 * @param settings Concurrency and size of the mailbox.
 * @returns The definition.
 * @example A counter
 * ```ts
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 * import { createActorSystem, defineActor, protocol } from "@millrace/millrace";
 * const counting = protocol("counter", { add: { in: z.number() }, total: { in: z.void(), out: z.number() } });
 * const counter = defineActor(counting, () => {
 *   let total = 0;
 *   return { add: (n) => void (total += n), total: () => total };
 * });
 * await using system = createActorSystem();
 * const ref = await system.spawn(counter, undefined, { name: "counter" });
 * ref.tell("add", 2);
 * ref.tell("add", 3);
 * assertEquals(await ref.ask("total", undefined, { timeoutMs: 1000 }), 5);
 * ```
 */
export function defineActor<P extends Protocol, H extends Handlers<P["verbs"]>, Options = void>(
  protocol: P,
  start: (ctx: ActorContext<P>, options: Options) => (H & NoExtra<H, P>) | Promise<H & NoExtra<H, P>>,
  settings: ActorSettings = {},
): ActorDefinition<P, Options> {
  const { concurrency = 1, mailbox = DEFAULT_MAILBOX } = settings;
  for (const [key, value] of Object.entries({ concurrency, mailbox })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new RangeError(
      `Cannot define actor "${protocol.name}" as ${key} must be an integer >= 1: current value is ${value}`,
    );
  }
  return { "~millrace": "actor", protocol, start, settings: { concurrency, mailbox } };
}
