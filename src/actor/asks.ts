/**
 * The asks of one thread that wait for an answer. Each settles once: on the answer, its deadline, its abort,
 * or the loss of the other side.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { fromWire, MillraceError, type WireError } from "../base/errors.ts";
import { type AnySchema, checked } from "../base/schema.ts";
import type { Address, AskOptions } from "./ref.ts";

/** What asks need of their node. */
export interface AsksPorts {
  /** The time. */
  readonly clock: Clock;
  /** An id that no other ask or stream of this node has. */
  nextId(): number;
  /** Tells the other side that nobody waits any more. */
  cancel(address: Address, id: number): void;
}

/** What is asked of whom. */
export interface Question {
  /** The actor. */
  readonly address: Address;
  /** The verb. */
  readonly verb: string;
  /** Checks the answer, if the protocol is known. */
  readonly out: AnySchema | undefined;
}

/** Sends an ask once there is room, and says if it cannot; the answer calls the waiting off. */
export type SendAsk = (id: number, failed: (error: WireError) => void) => () => void;

interface Pending {
  readonly address: Address;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Lets go of timer, signal and place in the queue. */
  release(): void;
}

/** The asks of one thread. */
export class Asks {
  readonly #ports: AsksPorts;
  readonly #pending = new Map<number, Pending>();

  constructor(ports: AsksPorts) {
    this.#ports = ports;
  }

  /** How many wait for an answer. */
  get size(): number {
    return this.#pending.size;
  }

  /** Asks; rejects with `actor/ask-timeout`, the signal's reason, or what kept the answer from coming. */
  ask(question: Question, { timeoutMs, signal }: AskOptions, send: SendAsk): Promise<unknown> {
    const { address } = question;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const id = this.#ports.nextId();
      const cancelTimer = timeoutMs === "none"
        ? undefined
        : this.#ports.clock.after(timeoutMs, () => this.#abandon(id, timedOut(question, timeoutMs)));
      const abort = (): void => this.#abandon(id, signal!.reason);
      signal?.addEventListener("abort", abort, { once: true });
      let leave = (): void => {};
      this.#pending.set(id, {
        address,
        resolve: (value) => check(question, value).then(resolve, reject),
        reject,
        release: () => {
          cancelTimer?.();
          signal?.removeEventListener("abort", abort);
          leave();
        },
      });
      leave = send(id, (error) => this.settle(id, error));
    });
  }

  /** The answer has come; one that comes late has nobody to go to. */
  settle(id: number, error: WireError | undefined, value?: unknown): void {
    const ask = this.#take(id);
    if (error === undefined) ask?.resolve(value);
    else ask?.reject(fromWire(error));
  }

  /** No answer will come from this host, or from any. */
  fail(error: WireError, host?: number): void {
    for (const [id, { address }] of this.#pending) {
      if (host === undefined || address.host === host) this.settle(id, error);
    }
  }

  #abandon(id: number, reason: Error): void {
    const ask = this.#take(id);
    if (ask === undefined) return;
    this.#ports.cancel(ask.address, id);
    ask.reject(reason);
  }

  #take(id: number): Pending | undefined {
    const ask = this.#pending.get(id);
    this.#pending.delete(id);
    ask?.release();
    return ask;
  }
}

async function check({ address, verb, out }: Question, value: unknown): Promise<unknown> {
  if (out === undefined) return value;
  const answer = checked(await out["~standard"].validate(value));
  if (answer.ok) return answer.value;
  throw new MillraceError(
    "actor/message-invalid",
    `Cannot take the answer to "${verb}" from actor "${address.name}" as it must fit the protocol: ${
      answer.issues.join("; ")
    }`,
    { details: { actor: address.name, verb, issues: answer.issues } },
  );
}

function timedOut({ address, verb }: Question, timeoutMs: number): MillraceError {
  return new MillraceError(
    "actor/ask-timeout",
    `Cannot get an answer to "${verb}" from actor "${address.name}" as it must come within ${timeoutMs} ms`,
    { details: { actor: address.name, verb, timeoutMs } },
  );
}
