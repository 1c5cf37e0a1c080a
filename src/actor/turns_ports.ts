/**
 * What the turns of an actor need of their host, and of the actor.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { WireError } from "../base/errors.ts";
import type { DeadLetterReason } from "./counters.ts";
import type { SettledSettings } from "./define_actor.ts";
import type { Life } from "./life.ts";
import type { Tracer } from "./tracer.ts";

/** What turns need of their host. */
export interface TurnsHost {
  /** Its number. */
  readonly host: number;
  readonly clock: Clock;
  /** Spans for turns, if anybody looks at them. */
  readonly tracer: Tracer | undefined;
  /** Calls `fn` at the end of this turn of the event loop. */
  soon(fn: () => void): void;
  /** Calls `fn` in a later turn of the event loop, after I/O had its chance. */
  later(fn: () => void): void;
  /** Binds the refs in a payload to this thread, and to the incarnation. */
  bind(payload: unknown, life: Life): unknown;
  /** Records a message that nobody handled. */
  deadLetter(actor: string, verb: string, payload: unknown, reason: DeadLetterReason, asked: boolean): void;
  /** Logs what an actor threw where nobody was told. */
  threw(actor: string, verb: string, error: unknown): void;
  /** A turn had to be interrupted: this thread should be recycled. */
  overrun(actor: string): void;
}

/** What turns need of their actor. */
export interface TurnsOwner {
  readonly name: string;
  readonly protocolName: string;
  readonly settings: SettledSettings;
  /** The incarnation that takes turns now; `undefined` while the actor stands still. */
  readonly active: Life | undefined;
  /** Something went wrong that nobody was told of. */
  fail(verb: string | undefined, error: WireError): void;
}
