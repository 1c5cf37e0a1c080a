/**
 * Refs: the only way to reach an actor. A ref is the same whether the actor lives in this thread or in
 * another one.
 *
 * @module
 */
import type { Answer, Askable, Item, Protocol, Sent, Streamable, Tellable, Verbs } from "./protocol.ts";

/** Where an actor lives: plain data, so that it can travel in messages and options. */
export interface Address {
  /** The host: 0 is the thread that made the system. */
  readonly host: number;
  /** The actor's name, unique in the system and never used again. */
  readonly name: string;
}

/** How long an ask may take; required, so that none waits for ever by accident. */
export interface AskOptions {
  /** Milliseconds until `actor/ask-timeout`; `"none"` waits as long as the actor lives. */
  readonly timeoutMs: number | "none";
  /** Calls the ask off; the handler's `turn.signal` fires. */
  readonly signal?: AbortSignal;
}

/** How an offer waits for space. */
export interface OfferOptions {
  /** Calls the waiting off. */
  readonly signal?: AbortSignal;
}

/** How a stream flows. */
export interface StreamOptions {
  /** How many items may be under way at once. @default {256} */
  readonly capacity?: number;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/** What became of a message that was not waited for. */
export type Told = "accepted" | "full" | "stopped";

/** A handle on an actor. */
export interface ActorRef<P extends Protocol = Protocol> {
  /** Where it lives. */
  readonly address: Address;
  /** What it understands. */
  readonly protocol: P;
  /**
   * Sends a notice. Never throws for the receiver's condition: if its mailbox is full or it has stopped, the
   * message becomes a dead letter.
   */
  tell<K extends Tellable<P["verbs"]>>(verb: K, payload: Sent<P["verbs"], K>): void;
  /** Sends a notice and says at once whether the mailbox took it. */
  tryTell<K extends Tellable<P["verbs"]>>(verb: K, payload: Sent<P["verbs"], K>): Told;
  /** Sends a notice once there is space: what to use in loops. Rejects if the actor has stopped. */
  offer<K extends Tellable<P["verbs"]>>(
    verb: K,
    payload: Sent<P["verbs"], K>,
    options?: OfferOptions,
  ): Promise<void>;
  /**
   * Asks and awaits the answer. Settles on the first of: answer, deadline, abort, the actor's stop, the loss
   * of its host.
   */
  ask<K extends Askable<P["verbs"]>>(
    verb: K,
    payload: Sent<P["verbs"], K>,
    options: AskOptions,
  ): Promise<Answer<P["verbs"], K>>;
  /** Opens a stream with back-pressure; leaving the loop ends it on the other side. */
  stream<K extends Streamable<P["verbs"]>>(
    verb: K,
    payload: Sent<P["verbs"], K>,
    options?: StreamOptions,
  ): AsyncIterableIterator<Item<P["verbs"], K>>;
}

/** A ref of a protocol's verbs. */
export type RefOf<V extends Verbs> = ActorRef<Protocol<V>>;
