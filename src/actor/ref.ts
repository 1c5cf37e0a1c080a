/**
 * Refs: the only way to reach an actor. A ref is the same whether the actor lives in this thread, in another
 * one or in another process, and it travels in messages.
 *
 * @module
 */
import type { Turn } from "./define_actor.ts";
import type { Answer, Askable, Item, Protocol, Sent, Streamable, Tellable } from "./protocol.ts";

/** Where an actor lives: plain data, so that it can travel in messages and options. */
export interface Address {
  /** The host: 0 is the thread that made the system. */
  readonly host: number;
  /** The actor's name, unique in its host. */
  readonly name: string;
}

/** How a message is sent. */
export interface SendOptions {
  /**
   * The turn on whose behalf it is sent: the message belongs to its trace. An ask is called off with it, takes
   * no longer than its asker waits, and fails at once where it would wait for itself.
   */
  readonly turn?: Turn;
}

/** How long an ask may take; required, so that none waits for ever by accident. */
export interface AskOptions extends SendOptions {
  /**
   * Milliseconds until `actor/ask-timeout`, finite and at least 0, or the ask rejects with a `RangeError`; `"none"`
   * waits as long as the actor lives.
   */
  readonly timeoutMs: number | "none";
  /** Calls the ask off; the handler's `turn.signal` fires. */
  readonly signal?: AbortSignal;
}

/** How an offer waits for space. */
export interface OfferOptions extends SendOptions {
  /** Calls the waiting off. */
  readonly signal?: AbortSignal;
}

/** How a stream flows. */
export interface StreamOptions extends SendOptions {
  /** How many items may be under way at once: an integer of at least 1, or a `RangeError` is thrown. @default {256} */
  readonly capacity?: number;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/** What became of a message that was not waited for. */
export type Told = "accepted" | "full" | "stopped";

/**
 * A handle on an actor. It may travel in messages and in the options of actors.
 *
 * What is sent belongs to the receiver from then on: within a thread it is not copied, and to another one it goes at
 * the end of the turn, so that whoever changes it afterwards may change what arrives.
 */
export interface ActorRef<P extends Protocol = Protocol> {
  /** Marks a ref, also across two copies of the library. */
  readonly "~millrace": "ref";
  /** Where it lives. */
  readonly address: Address;
  /** What it understands. */
  readonly protocol: P;
  /**
   * Sends a notice. Never throws for the receiver's condition: if its mailbox is full or it has stopped, the
   * message becomes a dead letter.
   */
  tell<K extends Tellable<P["verbs"]>>(verb: K, payload: Sent<P["verbs"], K>, options?: SendOptions): void;
  /** Sends a notice and says at once whether the mailbox took it. */
  tryTell<K extends Tellable<P["verbs"]>>(
    verb: K,
    payload: Sent<P["verbs"], K>,
    options?: SendOptions,
  ): Told;
  /**
   * Sends a notice once there is space: what to use in loops. Rejects if the actor has stopped, or its host is lost;
   * of an actor of another host that cannot be known before it is sent: then it becomes a dead letter.
   */
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

/** What a ref needs of the thread that it is used in. */
export interface Sender {
  /** Sends a notice if there is space. */
  tell(address: Address, verb: string, payload: unknown, options?: SendOptions): Told;
  /** Records that a notice was not taken. */
  untold(address: Address, verb: string, payload: unknown, told: "full" | "stopped"): void;
  /** Sends a notice once there is space. */
  offer(address: Address, verb: string, payload: unknown, options?: OfferOptions): Promise<void>;
  /** Asks. */
  ask(ref: BoundRef, verb: string, payload: unknown, options: AskOptions): Promise<unknown>;
  /** Opens a stream. */
  stream(
    ref: BoundRef,
    verb: string,
    payload: unknown,
    options?: StreamOptions,
  ): AsyncIterableIterator<unknown>;
}

/** A ref as one thread uses it. */
export class BoundRef {
  readonly "~millrace" = "ref";
  readonly address: Address;
  readonly protocol: Protocol;
  /** Whose asks these are: they fail when it is restarted. */
  readonly owner: object | undefined;
  readonly #sender: Sender;

  constructor(sender: Sender, protocol: Protocol, address: Address, owner?: object) {
    this.#sender = sender;
    this.protocol = protocol;
    this.address = address;
    this.owner = owner;
  }

  tell(verb: string, payload: unknown, options?: SendOptions): void {
    const told = this.#sender.tell(this.address, verb, payload, options);
    if (told !== "accepted") this.#sender.untold(this.address, verb, payload, told);
  }

  tryTell(verb: string, payload: unknown, options?: SendOptions): Told {
    return this.#sender.tell(this.address, verb, payload, options);
  }

  offer(verb: string, payload: unknown, options?: OfferOptions): Promise<void> {
    return this.#sender.offer(this.address, verb, payload, options);
  }

  ask(verb: string, payload: unknown, options: AskOptions): Promise<unknown> {
    return this.#sender.ask(this, verb, payload, options);
  }

  stream(verb: string, payload: unknown, options?: StreamOptions): AsyncIterableIterator<unknown> {
    return this.#sender.stream(this, verb, payload, options);
  }
}

/** Whether a value is a ref: for schemas, `z.custom<ActorRef<typeof counter>>(isActorRef)`. */
export function isActorRef(value: unknown): value is ActorRef {
  return typeof value === "object" && value !== null &&
    (value as { readonly "~millrace"?: unknown })["~millrace"] === "ref";
}
