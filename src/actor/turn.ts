/**
 * Turns as handlers see them.
 *
 * @module
 */
import type { Turn } from "./define_actor.ts";
import type { Question } from "./mail.ts";

/** A signal that never fires, for messages whose sender cannot leave. */
const NEVER: AbortSignal = new AbortController().signal;

/** The turn of a notice. */
export const NO_TURN: Turn = { signal: NEVER };

/** The turn of a notice in a trace. */
export class TellTurn implements Turn {
  readonly signal = NEVER;
  readonly traceparent: string;

  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }
}

/** The turn of a question: its signal is made only if the handler looks at it, as most never do. */
export class AskTurn implements Turn {
  readonly traceparent: string | undefined;
  readonly #question: Question;
  readonly #host: number;
  readonly #actor: string;
  #chain: readonly string[] | undefined;

  /** @param actor The actor of `host` that handles it. */
  constructor(question: Question, host: number, actor: string, traceparent: string | undefined) {
    this.#question = question;
    this.#host = host;
    this.#actor = actor;
    this.traceparent = traceparent;
  }

  get signal(): AbortSignal {
    return this.#question.origin.signal(this.#question.id);
  }

  get deadlineMs(): number | undefined {
    return this.#question.deadlineMs;
  }

  /** The same list each time: asks of one turn then travel as one run. */
  get chain(): readonly string[] {
    return this.#chain ??= [...this.#question.chain ?? [], `${this.#host}/${this.#actor}`];
  }
}

/** What calls off something that is sent: its own signal, or the turn on whose behalf it is sent. */
export function signalOf(own: AbortSignal | undefined, turn: Turn | undefined): AbortSignal | undefined {
  if (turn === undefined || turn.signal === own) return own;
  return own === undefined ? turn.signal : AbortSignal.any([own, turn.signal]);
}

/** Whether a handler threw what its signal told it, or what others throw at such a signal. */
export function isGivingUp(thrown: unknown, { origin, id }: Question): boolean {
  return origin.hasLeft(id) &&
    (thrown === origin.signal(id).reason || thrown instanceof Error && thrown.name === "AbortError");
}
