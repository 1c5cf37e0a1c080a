/**
 * The asks of one thread that wait for an answer. Each settles once: on the answer, its deadline, its abort,
 * the restart of whoever asked, or the loss of the other side.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { fromWire, MillraceError, type WireError } from "../base/errors.ts";
import { type AnySchema, checked, type SchemaResult } from "../base/schema.ts";
import { askTimeout } from "./actor_errors.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import type { Address, AskOptions } from "./ref.ts";
import { signalOf } from "./turn.ts";

/** What asks need of their node. */
export interface AsksPorts {
  /** The time. */
  readonly clock: Clock;
  /** An id that no other ask or stream of this node has. */
  nextId(): number;
  /** Tells the other side that nobody waits any more. */
  cancel(address: Address, id: number): void;
  /** An answer has come that nobody waits for. */
  late(): void;
}

/** What is asked of whom. */
export interface Question {
  /** The actor. */
  readonly address: Address;
  /** The verb. */
  readonly verb: string;
  /** Checks the answer, if the protocol is known. */
  readonly out: AnySchema | undefined;
  /** Whose ask it is: it fails when that one is restarted. */
  readonly owner: object | undefined;
}

/** Sends an ask once there is room, and says if it cannot; the answer calls the waiting off, if it waits. */
export type SendAsk = (
  id: number,
  timeoutMs: number | undefined,
  failed: (error: WireError) => void,
) => (() => void) | undefined;

interface Pending {
  readonly question: Question;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  deadline: Deadline | undefined;
  readonly signal: AbortSignal | undefined;
  readonly abort: (() => void) | undefined;
  /** Leaves the queue for room. */
  leave: (() => void) | undefined;
}

/** The asks of one thread. */
export class Asks {
  readonly #ports: AsksPorts;
  readonly #pending = new Map<number, Pending>();
  readonly #deadlines: Deadlines;

  constructor(ports: AsksPorts) {
    this.#ports = ports;
    this.#deadlines = new Deadlines(ports.clock);
  }

  /** How many wait for an answer. */
  get size(): number {
    return this.#pending.size;
  }

  /** Whose ask it is. */
  ownerOf(id: number): object | undefined {
    return this.#pending.get(id)?.question.owner;
  }

  /**
   * Asks; rejects with `actor/ask-timeout`, the signal's reason, what kept the answer from coming, or a
   * `RangeError` if the time it may take is none.
   */
  ask(question: Question, options: AskOptions, send: SendAsk): Promise<unknown> {
    if (!isTimeout(options.timeoutMs)) return Promise.reject(timeoutInvalid(question, options.timeoutMs));
    const signal = signalOf(options.signal, options.turn);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const timeoutMs = this.#timeLeft(options);
    return new Promise((resolve, reject) => {
      const id = this.#ports.nextId();
      const abort = signal === undefined ? undefined : () => this.#abandon(id, signal.reason);
      const pending: Pending = {
        question,
        resolve,
        reject,
        deadline: timeoutMs === undefined ? undefined : this.#deadlines.add(timeoutMs, () => {
          const { address: { name }, verb } = question;
          this.#abandon(id, askTimeout(name, verb, timeoutMs));
        }),
        signal,
        abort,
        leave: undefined,
      };
      if (abort !== undefined) signal!.addEventListener("abort", abort, { once: true });
      this.#pending.set(id, pending);
      pending.leave = send(id, timeoutMs, (error) => this.settle(id, error));
    });
  }

  /** The shorter of what the caller allows and what is left of the turn on whose behalf it asks. */
  #timeLeft({ timeoutMs, turn }: AskOptions): number | undefined {
    const own = timeoutMs === "none" ? undefined : timeoutMs;
    if (turn?.deadlineMs === undefined) return own;
    const left = Math.max(0, turn.deadlineMs - this.#ports.clock.now());
    return own === undefined ? left : Math.min(own, left);
  }

  /** The answer has come. */
  settle(id: number, error: WireError | undefined, value?: unknown): void {
    const ask = this.#take(id);
    if (ask === undefined) return this.#ports.late();
    if (error !== undefined) return ask.reject(fromWire(error));
    const { out } = ask.question;
    if (out === undefined) return ask.resolve(value);
    try {
      const result = out["~standard"].validate(value);
      if (result instanceof Promise) result.then((settled) => conclude(ask, settled)).catch(ask.reject);
      else conclude(ask, result);
    } catch (thrown) {
      ask.reject(thrown);
    }
  }

  /** No answer will come from this host, or from any. */
  fail(error: WireError, host?: number): void {
    for (const [id, { question }] of [...this.#pending]) {
      if (host === undefined || question.address.host === host) this.settle(id, error);
    }
  }

  /** Lets go of the alarm. */
  close(): void {
    this.#deadlines.close();
  }

  /** Whoever asked is no more. */
  failOwner(owner: object, error: WireError): void {
    for (const [id, { question }] of [...this.#pending]) {
      if (question.owner === owner) this.#abandon(id, fromWire(error));
    }
  }

  #abandon(id: number, reason: unknown): void {
    const ask = this.#take(id);
    if (ask === undefined) return;
    this.#ports.cancel(ask.question.address, id);
    ask.reject(reason);
  }

  #take(id: number): Pending | undefined {
    const ask = this.#pending.get(id);
    if (ask === undefined) return undefined;
    this.#pending.delete(id);
    if (ask.deadline !== undefined) this.#deadlines.cancel(ask.deadline);
    if (ask.abort !== undefined) ask.signal!.removeEventListener("abort", ask.abort);
    ask.leave?.();
    return ask;
  }
}

function conclude({ question, resolve, reject }: Pending, result: SchemaResult<unknown>): void {
  const answer = checked(result);
  if (answer.ok) return resolve(answer.value);
  const { address, verb } = question;
  reject(
    new MillraceError(
      "actor/message-invalid",
      `Cannot take the answer to "${verb}" from actor "${address.name}" as it must fit the protocol: ${
        answer.issues.join("; ")
      }`,
      { details: { actor: address.name, verb, issues: answer.issues } },
    ),
  );
}

function isTimeout(value: unknown): boolean {
  return value === "none" || Number.isFinite(value) && (value as number) >= 0;
}

function timeoutInvalid({ address, verb }: Question, timeoutMs: unknown): RangeError {
  return new RangeError(
    `Cannot ask "${verb}" of actor "${address.name}" as timeoutMs must be a finite number >= 0 or "none": ` +
      `current value is ${timeoutMs}`,
  );
}
