/**
 * Actor definitions: a protocol and what starts its state. State lives in the closure of `start`; handlers
 * run one at a time.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Death } from "./death.ts";
import type { Answered, Given, Protocol, Received, Verbs } from "./protocol.ts";
import type { ActorRef, Address } from "./ref.ts";
import type { RestartType, Supervision } from "./supervision.ts";

/** One turn: the handling of one message. */
export interface Turn {
  /** Fires when the asker no longer wants the answer, or the stream was left. */
  readonly signal: AbortSignal;
  /** Until when the asker waits, in ms since 1970; `undefined` if it does so without end, or nobody does. */
  readonly deadlineMs?: number | undefined;
  /**
   * The trace that the message belongs to, as in W3C Trace Context: the span of this turn if spans are made
   * (`OTEL_DENO=true`), else what its sender gave.
   */
  readonly traceparent?: string | undefined;
  /** The actors that wait for the answer of this turn, each for the one behind it; this one last. */
  readonly chain?: readonly string[] | undefined;
}

/** How to spawn a child. */
export interface ChildOptions {
  /** Its name; it is found as `parent/name`. */
  readonly name: string;
  /** When it is started again. @default {"transient"} */
  readonly restart?: RestartType;
  /** How long each of its starts may take, in ms. @default {60,000} */
  readonly startMs?: number;
  /** How long it may take to stop, in ms. @default {5,000} */
  readonly stopMs?: number;
}

/** What an actor knows of its surroundings. */
export interface ActorContext<P extends Protocol = Protocol> {
  /** Its own ref. */
  readonly self: ActorRef<P>;
  /** How often it was started again: 0 for the first time. */
  readonly incarnation: number;
  /** The time. */
  readonly clock: Clock;
  /** A logger that names the actor. */
  readonly log: Logger;
  /** The ref of another actor whose address it was given. */
  ref<Q extends Protocol>(protocol: Q, address: Address): ActorRef<Q>;
  /** Spawns a child in the same host, supervised by this actor; resolves once its state is made. */
  spawn<Q extends Protocol, O>(
    definition: ActorDefinition<Q, O>,
    options: O,
    child: ChildOptions,
  ): Promise<ActorRef<Q>>;
  /**
   * Calls `listener` in a turn of its own, once, when an actor is gone for good; at once if it is already. What
   * the actor sent before comes first. The answer calls the watch off, even if the news waits already.
   */
  watch(ref: ActorRef, listener: (death: Death) => void | Promise<void>): () => void;
  /** Calls `fn` in a turn of its own in `delayMs`. A timer of the same key is replaced. */
  after(key: string, delayMs: number, fn: () => void | Promise<void>): void;
  /** Calls `fn` in a turn of its own each time `periodMs` after the turn before it ended. */
  every(key: string, periodMs: number, fn: () => void | Promise<void>): void;
  /** Calls a timer off; says whether it was set. */
  cancelTimer(key: string): boolean;
  /**
   * Puts the message in hand aside, for {@linkcode ActorContext.unstash}: to be called by a handler before its
   * first `await`; what the handler returns then counts for nothing.
   *
   * @throws {MillraceError} `actor/stash-full` if as many are aside as the mailbox may hold.
   */
  stash(): void;
  /** Puts all messages that were put aside back, before those that have come since; says how many. */
  unstash(): number;
  /** Stops this actor, once it has handled what waits; a restart meanwhile does not call it off. */
  stop(): void;
  /** What to do when the actor stops or is restarted: last registered, first called. */
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
  /** How many messages may wait. Each other host may have as many under way as its window holds. @default {1024} */
  readonly mailbox?: number;
  /** How much they may weigh, in bytes, approximately. @default {16 MiB} */
  readonly mailboxBytes?: number;
  /**
   * How long a schema, a handler, a timer, or a step of a stream may compute before its first `await`, in ms. It
   * is interrupted then, without its `finally`; the asker gets `actor/turn-overrun`, the actor has failed, and a
   * host that may be started again is recycled: as soon as nothing waits in it, or after 10 s. Costs some 15 µs
   * a message. @default {no limit}
   */
  readonly turnLimitMs?: number;
  /** How it supervises its children. @default {one-for-one, 3 restarts in 30 s} */
  readonly supervision?: Supervision;
}

/** The settings of an actor with nothing left open but the limit of its turns. */
export type SettledSettings =
  & Required<Omit<ActorSettings, "turnLimitMs" | "supervision">>
  & Pick<ActorSettings, "turnLimitMs" | "supervision">;

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
  readonly settings: SettledSettings;
}

/** Any actor definition. */
// deno-lint-ignore no-explicit-any -- handlers take what their protocol says: no one type is above them all
export type AnyActor = ActorDefinition<any, any>;

/** How many messages may wait in a mailbox, unless an actor says otherwise. */
export const DEFAULT_MAILBOX = 1024;
/** How many bytes they may weigh, unless an actor says otherwise. */
export const DEFAULT_MAILBOX_BYTES = 16 * 2 ** 20;

/**
 * Defines an actor.
 *
 * @param protocol What it understands.
 * @param start Makes its state and returns a handler for each verb. It may be async; messages wait for it. It
 * runs again, with the same options, when the actor is restarted.
 * @param settings Concurrency, mailbox, limit of a turn, and how it supervises its children.
 * @returns The definition.
 * @throws {RangeError} If a setting is out of range.
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
  const { concurrency = 1, mailbox = DEFAULT_MAILBOX, mailboxBytes = DEFAULT_MAILBOX_BYTES } = settings;
  const { turnLimitMs, supervision } = settings;
  for (const [key, value] of Object.entries({ concurrency, mailbox, mailboxBytes, turnLimitMs })) {
    if (value === undefined || Number.isInteger(value) && value >= 1) continue;
    throw new RangeError(
      `Cannot define actor "${protocol.name}" as ${key} must be an integer >= 1: current value is ${value}`,
    );
  }
  const settled = {
    concurrency,
    mailbox,
    mailboxBytes,
    ...(turnLimitMs === undefined ? {} : { turnLimitMs }),
    ...(supervision === undefined ? {} : { supervision }),
  };
  return { "~millrace": "actor", protocol, start, settings: settled };
}
