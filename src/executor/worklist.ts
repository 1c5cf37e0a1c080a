/**
 * A worklist: what an executor has been given, done in order, one after the other; and how what came of it goes
 * back, together as far as possible, but never held up by what takes long.
 *
 * @module
 */
import { after, claim, type Claims } from "./claims.ts";

/** What a worklist needs of the world. */
export interface WorklistPorts<W, O extends { readonly dirty?: true }> {
  /** Does a piece of work. Never rejects. */
  run(work: W, call: { readonly signal: AbortSignal }): O | Promise<O>;
  /** Takes what has ended, by number. */
  ended(ended: readonly (readonly [number: number, outcome: O])[]): void;
  /** Calls `fn` in a later turn of the event loop: messages have been received by then. */
  later(fn: () => void): void;
  /** The time in ms. */
  now(): number;
}

/** How long work may go on without a look at the messages, in ms. */
const TURN_MS = 2;

/** What one executor has in hand. */
export class Worklist<W, O extends { readonly dirty?: true }> {
  readonly #ports: WorklistPorts<W, O>;
  readonly #claims: Claims | undefined;
  readonly #waiting: { readonly number: number; readonly works: readonly W[] }[] = [];
  /** Of everything that has not ended: what calls it off, once somebody asked for that. */
  readonly #running = new Map<number, CallOff>();
  readonly #calledOff = new Set<number>();
  #ended: (readonly [number: number, outcome: O])[] = [];
  #flushing = false;
  #busy = false;
  /** Whether something was left behind: nothing more is begun where it may be in the way. */
  #dirty = false;

  /** With `claims`, one after the other, and only what was not taken back; without, all at once. */
  constructor(ports: WorklistPorts<W, O>, claims: Claims | undefined) {
    this.#ports = ports;
    this.#claims = claims;
  }

  /** Takes work; the first piece has the number `first`. */
  give(first: number, works: readonly W[]): void {
    if (this.#claims === undefined) {
      let number = first;
      for (const work of works) {
        void this.#do(number, work);
        number = after(number);
      }
      return;
    }
    this.#waiting.push({ number: first, works });
    if (!this.#busy) void this.#work(this.#claims);
  }

  /** Calls off what runs, or waits, under a number. */
  cancel(number: number): void {
    const running = this.#running.get(number);
    if (running !== undefined) running.abort();
    else if (this.#busy) this.#calledOff.add(number);
  }

  async #work(claims: Claims): Promise<void> {
    this.#busy = true;
    let sinceMs = this.#ports.now();
    for (let batch = this.#waiting.shift(); batch !== undefined; batch = this.#waiting.shift()) {
      let { number } = batch;
      for (const work of batch.works) {
        if (claim(claims, number)) {
          const doing = this.#do(number, work);
          if (doing !== undefined) {
            // What has ended goes back in the next turn, however long what goes on now may take.
            this.#flushLater();
            await doing;
          }
          if (this.#dirty) return this.#flush();
          if (this.#ports.now() - sinceMs >= TURN_MS) {
            this.#flush();
            await new Promise<void>((resolve) => this.#ports.later(resolve));
            sinceMs = this.#ports.now();
          }
        }
        this.#calledOff.delete(number);
        number = after(number);
      }
    }
    this.#busy = false;
    this.#calledOff.clear(); // what ended before it could be called off
    this.#flush();
  }

  #do(number: number, work: W): Promise<void> | undefined {
    const callOff = new CallOff();
    if (this.#calledOff.has(number)) callOff.abort();
    const given = this.#ports.run(work, callOff);
    if (!(given instanceof Promise)) {
      this.#end(number, given);
      return undefined;
    }
    this.#running.set(number, callOff);
    return given.then((outcome) => {
      this.#running.delete(number);
      this.#end(number, outcome);
    });
  }

  #end(number: number, outcome: O): void {
    if (outcome.dirty) this.#dirty = true;
    this.#ended.push([number, outcome]);
    if (this.#claims === undefined) this.#flushLater();
  }

  #flushLater(): void {
    if (this.#flushing || this.#ended.length === 0) return;
    this.#flushing = true;
    this.#ports.later(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#ended.length === 0) return;
    const ended = this.#ended;
    this.#ended = [];
    this.#ports.ended(ended);
  }
}

/** Calls one piece of work off. Most never look whether they are: for them no signal is made. */
class CallOff {
  #controller: AbortController | undefined;
  #aborted = false;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
