/**
 * The two ends of a stream between actors: the reader grants credit, the server sends no more than that.
 *
 * @module
 */
import { fromWire, toWire, type WireError } from "../base/errors.ts";

/** What a server does to its surroundings. */
export interface ServerHooks {
  /** Sends items to the reader. */
  next(items: readonly unknown[]): void;
  /** Sends the end to the reader. */
  end(error: WireError | null): void;
  /** Calls `fn` when what follows from this turn has had its chance. */
  later(fn: () => void): void;
  /** The stream has ended. */
  done(): void;
}

/**
 * Sends a stream's items as far as the reader's credit goes: the first at once, and what its source has ready
 * in the same turn of the loop together at the end of it, as a message costs more than an item.
 */
export class StreamServer {
  readonly #hooks: ServerHooks;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #credit: number;
  #wake: (() => void) | undefined;
  /** Items that leave at the end of the turn. */
  #ready: unknown[] = [];
  #gathering = false;
  #ended = false;

  constructor(credit: number, hooks: ServerHooks) {
    this.#credit = credit;
    this.#hooks = hooks;
  }

  /** Sends all items, then the end. */
  async run(items: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    try {
      const iterator = this.#iterator = Symbol.asyncIterator in items
        ? items[Symbol.asyncIterator]()
        : items[Symbol.iterator]();
      while (!this.#ended) {
        if (this.#credit === 0) {
          this.#send();
          await new Promise<void>((resolve) => this.#wake = resolve);
          continue;
        }
        const next = await iterator.next();
        if (this.#ended) break;
        if (next.done) return this.#end(null);
        this.#credit--;
        this.#ready.push(next.value);
        if (!this.#gathering) this.#gather();
      }
    } catch (error) {
      this.#end(toWire(error));
    }
  }

  /** The reader takes so many more. */
  more(credit: number): void {
    this.#credit += credit;
    this.#wake?.();
  }

  /** The reader has left. */
  cancel(): void {
    if (this.#ended) return;
    this.#ready = [];
    this.#leave();
  }

  /** The actor that serves it has stopped. */
  stop(error: WireError): void {
    if (this.#ended) return;
    this.#send();
    this.#leave();
    this.#hooks.end(error);
  }

  /** Lets go of the source. */
  #leave(): void {
    this.#ended = true;
    this.#wake?.();
    this.#hooks.done();
    // An iterator that fails at its own clean-up has nobody left to tell.
    try {
      Promise.resolve(this.#iterator?.return?.()).catch(() => {});
    } catch {
      // As above.
    }
  }

  #end(error: WireError | null): void {
    if (this.#ended) return;
    this.#send();
    this.#ended = true;
    this.#hooks.done();
    this.#hooks.end(error);
  }

  #gather(): void {
    this.#send();
    this.#gathering = true;
    this.#hooks.later(() => {
      this.#gathering = false;
      if (this.#ready.length > 0) this.#gather();
    });
  }

  #send(): void {
    if (this.#ready.length === 0) return;
    const items = this.#ready;
    this.#ready = [];
    this.#hooks.next(items);
  }
}

/** The items of anything iterable, each step of it called by way of `call`: what it computes can be limited. */
export async function* boundedItems(
  items: AsyncIterable<unknown> | Iterable<unknown>,
  call: <T>(step: () => T) => T,
): AsyncGenerator<unknown> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let left = false;
  try {
    for (;;) {
      const next = await call(() => iterator.next());
      if (next.done) return;
      left = true;
      yield next.value;
      left = false;
    }
  } finally {
    // Only where the reader left: a generator that was interrupted while it ran would never answer.
    if (left) await iterator.return?.();
  }
}

/** What a reader does to the other side. */
export interface ReaderHooks {
  /** Grants credit. */
  more(credit: number): void;
  /** Leaves. */
  leave(): void;
  /** Checks an item; throws if it does not fit. */
  readonly check: ((value: unknown) => unknown) | undefined;
}

/** Reads a stream; leaving the loop ends it on the other side. */
export class StreamReader implements AsyncIterableIterator<unknown> {
  readonly #hooks: ReaderHooks;
  readonly #capacity: number;
  readonly #items: unknown[] = [];
  #taken = 0;
  #end: { readonly error?: Error } | undefined;
  #change: PromiseWithResolvers<void> | undefined;

  constructor(capacity: number, hooks: ReaderHooks) {
    this.#capacity = capacity;
    this.#hooks = hooks;
  }

  /** Items have arrived. */
  push(items: readonly unknown[]): void {
    for (const item of items) this.#items.push(item);
    this.#wake();
  }

  /** The stream has ended. */
  end(error: WireError | null): void {
    this.#end ??= error === null ? {} : { error: fromWire(error) };
    this.#wake();
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    while (this.#items.length === 0) {
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return { done: true, value: undefined };
      await (this.#change ??= Promise.withResolvers()).promise;
    }
    const value = this.#items.shift();
    if (++this.#taken * 2 >= this.#capacity && this.#end === undefined) {
      this.#hooks.more(this.#taken);
      this.#taken = 0;
    }
    const { check } = this.#hooks;
    if (check === undefined) return { done: false, value };
    try {
      return { done: false, value: await check(value) };
    } catch (error) {
      // Whoever sends what the protocol does not allow is not read any more.
      await this.return();
      throw error;
    }
  }

  /** Leaves the stream. */
  return(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#end === undefined) {
      this.#end = {};
      this.#hooks.leave();
    }
    this.#items.length = 0;
    this.#wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Wakes all who wait: `next()` may be called again before it has answered. */
  #wake(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
