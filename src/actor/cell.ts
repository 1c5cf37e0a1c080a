/**
 * A cell: one living actor, its mailbox and its turns.
 *
 * @module
 */
import { MillraceError, toWire, type WireError } from "../base/errors.ts";
import { checked, type SchemaResult } from "../base/schema.ts";
import { type Counters, type DeadLetterReason, zeroCounters } from "./counters.ts";
import type { AnyActor, Turn } from "./define_actor.ts";
import { LazyTurn } from "./lazy_turn.ts";
import { Mailbox } from "./mailbox.ts";
import { Kind, type MailMessage } from "./message.ts";
import type { StopMode } from "./port.ts";
import type { Protocol } from "./protocol.ts";

/** Who sent a message, and takes its answer. */
export interface Origin {
  /** Whether it is in another host: then a window bounds it, and it is told when its mail is taken. */
  readonly remote: boolean;
  /** Sends the answer of an ask. */
  reply(id: number, value: unknown): void;
  /** Sends the failure of an ask, or the end of a stream that could not be opened. */
  fail(message: MailMessage, error: WireError): void;
  /** Its message to `actor` has left the mailbox. */
  taken(actor: string): void;
  /** Starts sending a stream. */
  serve(actor: string, id: number, credit: number, items: AsyncIterable<unknown> | Iterable<unknown>): void;
  /** Whether the asker has left already. */
  hasLeft(id: number): boolean;
  /** The actor stops: fires the signal of an ask or stream that is in hand. */
  callOff(id: number): void;
  /** What tells a handler that the asker has left; made on demand. */
  signal(id: number): AbortSignal;
}

interface Mail {
  readonly message: MailMessage;
  readonly origin: Origin;
}

/** What a cell needs of its host. */
export interface CellHost {
  /** Records a message that nobody handled. */
  deadLetter(actor: string, verb: string, reason: DeadLetterReason): void;
  /** Records that a handler threw at a notice. */
  failed(actor: string, verb: string, error: unknown): void;
  /** Calls `fn` in a later turn of the event loop, after I/O had its chance. */
  later(fn: () => void): void;
}

/** How many messages a cell handles before it lets the event loop turn (ACTORS D19). */
const BUDGET = 32;

type Handler = (payload: unknown, turn: Turn) => unknown;

/** A signal that never fires, for messages whose sender cannot leave. */
const NEVER: AbortSignal = new AbortController().signal;

/** One living actor. */
export class Cell {
  readonly name: string;
  readonly counters: Counters = zeroCounters();
  readonly #host: CellHost;
  readonly #protocol: Protocol;
  readonly #concurrency: number;
  readonly #mailbox: Mailbox<Mail>;
  #handlers: Readonly<Record<string, Handler>> | undefined;
  readonly #cleanUps: (() => void | Promise<void>)[] = [];
  #inHand = 0;
  /** Asks in hand, to be called off when the actor must stop now. */
  readonly #taken = new Set<Mail>();
  #scheduled = false;
  #closed = false;
  #stopped: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(name: string, definition: AnyActor, host: CellHost) {
    this.name = name;
    this.#host = host;
    this.#protocol = definition.protocol;
    this.#concurrency = definition.settings.concurrency;
    this.#mailbox = new Mailbox(definition.settings.mailbox);
  }

  /** The protocol's name. */
  get protocolName(): string {
    return this.#protocol.name;
  }

  /** How many messages wait, and the most that ever did. */
  get load(): { readonly depth: number; readonly highWater: number; readonly inHand: number } {
    return { depth: this.#mailbox.depth, highWater: this.#mailbox.highWater, inHand: this.#inHand };
  }

  /** Whether it takes no more messages. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a new local sender has to wait. */
  get full(): boolean {
    return this.#mailbox.full;
  }

  /** The state is made: what waits in the mailbox can be handled. */
  begin(handlers: Readonly<Record<string, Handler>>): void {
    this.#handlers = handlers;
    this.#schedule();
  }

  /** Registers what to do on stop. */
  onStop(cleanUp: () => void | Promise<void>): void {
    this.#cleanUps.push(cleanUp);
  }

  /** Takes a message into the mailbox, or refuses it if the actor has stopped. */
  accept(message: MailMessage, origin: Origin): boolean {
    if (this.#closed) return false;
    this.counters.accepted++;
    this.#mailbox.push({ message, origin });
    this.#schedule();
    return true;
  }

  /** Calls `enter` once there is space, or once the actor has stopped. */
  wait(enter: () => void): () => void {
    return this.#mailbox.wait(enter);
  }

  /**
   * Stops: `drain` handles what waits; `now` makes dead letters of it and fires the signals of what is in hand.
   * Resolves once all is cleaned up.
   */
  stop(mode: StopMode): Promise<void> {
    this.#stopped ??= this.#stop(mode);
    return this.#stopped;
  }

  async #stop(mode: StopMode): Promise<void> {
    this.#closed = true;
    this.#mailbox.release();
    if (mode === "now" || this.#handlers === undefined) this.#discard();
    if (mode === "now") {
      for (const { message, origin } of this.#taken) if (message[0] !== Kind.Tell) origin.callOff(message[4]);
    }
    if (this.#inHand > 0 || this.#mailbox.depth > 0) {
      await new Promise<void>((resolve) => this.#idle = resolve);
    }
    for (const cleanUp of this.#cleanUps.reverse()) {
      try {
        await cleanUp();
      } catch (error) {
        this.#host.failed(this.name, "stop", error);
      }
    }
  }

  #discard(): void {
    for (let mail = this.#mailbox.shift(); mail !== undefined; mail = this.#mailbox.shift()) {
      if (mail.origin.remote) mail.origin.taken(this.name);
      this.#bury(mail, "stopped", stopped(this.name));
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#handlers === undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    for (let budget = BUDGET; this.#inHand < this.#concurrency; budget--) {
      if (budget === 0) {
        this.#scheduled = true;
        return this.#host.later(() => this.#run());
      }
      const mail = this.#mailbox.shift();
      if (mail === undefined) break;
      if (mail.origin.remote) mail.origin.taken(this.name);
      this.#take(mail);
    }
    if (this.#inHand === 0 && this.#mailbox.depth === 0) this.#idle?.();
  }

  #take(mail: Mail): void {
    const { message, origin } = mail;
    const verb = message[2];
    if (message[0] !== Kind.Tell && origin.hasLeft(message[4])) {
      return this.#bury(mail, "called-off", stopped(this.name));
    }
    const spec = Object.hasOwn(this.#protocol.verbs, verb) ? this.#protocol.verbs[verb] : undefined;
    const handler = this.#handlers![verb];
    if (spec === undefined || handler === undefined) {
      const error = new MillraceError(
        "actor/unknown-verb",
        `Cannot send "${verb}" to actor "${this.name}" as its protocol "${this.#protocol.name}" has no such verb`,
        { details: { actor: this.name, verb } },
      );
      return this.#bury(mail, "unknown-verb", toWire(error));
    }
    this.#inHand++;
    let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>;
    try {
      result = spec.in["~standard"].validate(mail.message[3]);
    } catch (error) {
      return this.#finish(mail, error ?? new Error("thrown without a reason"));
    }
    if (result instanceof Promise) {
      result.then(
        (settled) => this.#handle(mail, handler, settled),
        (error) => this.#finish(mail, error),
      );
    } else {
      this.#handle(mail, handler, result);
    }
  }

  #handle(mail: Mail, handler: Handler, result: SchemaResult<unknown>): void {
    const { message, origin } = mail;
    if (message[0] === Kind.Ask) this.#taken.add(mail);
    const payload = checked(result);
    if (!payload.ok) {
      const [, , verb] = message;
      const error = new MillraceError(
        "actor/message-invalid",
        `Cannot handle "${verb}" in actor "${this.name}" as the message must fit the protocol: ${
          payload.issues.join("; ")
        }`,
        { details: { actor: this.name, verb, issues: payload.issues } },
      );
      this.#bury(mail, "invalid", toWire(error));
      return this.#next(mail);
    }
    try {
      const turn = message[0] === Kind.Tell ? { signal: NEVER } : new LazyTurn(origin, message[4]);
      const answer = handler(payload.value, turn);
      if (message[0] === Kind.Open) {
        // The stream is served beside the turns: a slow reader does not hold the actor.
        origin.serve(this.name, message[4], message[5], answer as AsyncIterable<unknown>);
        return this.#finish(mail);
      }
      if (isPromiseLike(answer)) {
        answer.then(
          (value) => this.#finish(mail, undefined, value),
          (error) => this.#finish(mail, error ?? new Error("rejected without a reason")),
        );
      } else {
        this.#finish(mail, undefined, answer);
      }
    } catch (error) {
      this.#finish(mail, error ?? new Error("thrown without a reason"));
    }
  }

  #finish(mail: Mail, error?: unknown, answer?: unknown): void {
    const { message, origin } = mail;
    if (error !== undefined) {
      this.counters.failed++;
      if (message[0] === Kind.Tell) this.#host.failed(this.name, message[2], error);
      else origin.fail(message, toWire(error));
    } else {
      this.counters.handled++;
      if (message[0] === Kind.Ask) origin.reply(message[4], answer);
    }
    this.#next(mail);
  }

  #next(mail: Mail): void {
    this.#taken.delete(mail);
    this.#inHand--;
    if (this.#mailbox.depth > 0) this.#schedule();
    else if (this.#inHand === 0) this.#idle?.();
  }

  #bury(mail: Mail, reason: DeadLetterReason, error: WireError): void {
    this.counters.deadLettered++;
    this.#host.deadLetter(this.name, mail.message[2], reason);
    if (mail.message[0] !== Kind.Tell) mail.origin.fail(mail.message, error);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}

/** The error of whoever sends to an actor that is no more. */
export function stopped(actor: string): WireError {
  return toWire(
    new MillraceError(
      "actor/stopped",
      `Cannot reach actor "${actor}" as it has stopped or was never started`,
      { details: { actor } },
    ),
  );
}
