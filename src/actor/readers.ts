/**
 * The streams that one thread reads.
 *
 * @module
 */
import { MillraceError, type WireError } from "../base/errors.ts";
import { type AnySchema, checked, type SchemaResult } from "../base/schema.ts";
import type { Address, BoundRef, StreamOptions } from "./ref.ts";
import { StreamReader } from "./stream.ts";
import { signalOf } from "./turn.ts";

/** What readers need of their node. */
export interface ReadersPorts {
  /** An id that no other ask or stream of this node has. */
  nextId(): number;
  /** Grants the other side credit. */
  more(address: Address, id: number, credit: number): void;
  /** Tells the other side that nobody reads any more. */
  cancel(address: Address, id: number): void;
}

/** Opens a stream once there is room, and says if it cannot; the answer calls the waiting off. */
export type SendOpen = (
  id: number,
  credit: number,
  failed: (error: WireError) => void,
) => (() => void) | undefined;

interface Entry {
  readonly reader: StreamReader;
  readonly address: Address;
  /** Whose reading it is: it ends when that one is restarted. */
  readonly owner: object | undefined;
  /** Lets go of the signal. */
  release(): void;
  /** Leaves the queue for room. */
  leave: (() => void) | undefined;
}

/** How many items of a stream may be under way at once, unless its reader says otherwise. */
const DEFAULT_CREDIT = 256;

/** The open streams of one thread. */
export class Readers {
  readonly #ports: ReadersPorts;
  readonly #open = new Map<number, Entry>();

  constructor(ports: ReadersPorts) {
    this.#ports = ports;
  }

  /** Opens a stream. */
  open(
    { address, owner }: BoundRef,
    verb: string,
    item: AnySchema | undefined,
    { capacity = DEFAULT_CREDIT, signal: own, turn }: StreamOptions,
    send: SendOpen,
  ): AsyncIterableIterator<unknown> {
    if (!(Number.isSafeInteger(capacity) && capacity >= 1)) {
      throw new RangeError(
        `Cannot open stream "${verb}" as its capacity must be an integer >= 1: current value is ${capacity}`,
      );
    }
    const id = this.#ports.nextId();
    const signal = signalOf(own, turn);
    const reader = new StreamReader(capacity, {
      more: (credit) => this.#ports.more(address, id, credit),
      leave: () => {
        this.#take(id);
        this.#ports.cancel(address, id);
      },
      check: item === undefined ? undefined : (value) => checkItem(address, verb, item, value),
    });
    if (signal?.aborted) {
      reader.end(null);
      return reader;
    }
    const abort = (): void => void reader.return();
    signal?.addEventListener("abort", abort, { once: true });
    const release = (): void => signal?.removeEventListener("abort", abort);
    const entry: Entry = { reader, address, owner, release, leave: undefined };
    this.#open.set(id, entry);
    entry.leave = send(id, capacity, (error) => this.end(id, error));
    return reader;
  }

  /** How many are read. */
  get size(): number {
    return this.#open.size;
  }

  /** Items have come. */
  push(id: number, items: readonly unknown[]): void {
    this.#open.get(id)?.reader.push(items);
  }

  /** A stream has ended. */
  end(id: number, error: WireError | null): void {
    this.#take(id)?.reader.end(error);
  }

  /** The streams of this host, or all, have ended. */
  endAll(error: WireError | null, host?: number): void {
    for (const [id, entry] of [...this.#open]) {
      if (host === undefined || entry.address.host === host) this.end(id, error);
    }
  }

  /** Whoever read is no more. */
  failOwner(owner: object, error: WireError): void {
    for (const [id, entry] of [...this.#open]) {
      if (entry.owner !== owner) continue;
      this.end(id, error);
      this.#ports.cancel(entry.address, id);
    }
  }

  #take(id: number): Entry | undefined {
    const entry = this.#open.get(id);
    this.#open.delete(id);
    entry?.release();
    entry?.leave?.();
    return entry;
  }
}

function checkItem(address: Address, verb: string, item: AnySchema, value: unknown): unknown {
  const conclude = (result: SchemaResult<unknown>): unknown => {
    const fit = checked(result);
    if (fit.ok) return fit.value;
    throw new MillraceError(
      "actor/message-invalid",
      `Cannot take an item of "${verb}" from actor "${address.name}" as it must fit the protocol: ${
        fit.issues.join("; ")
      }`,
      { details: { actor: address.name, verb, issues: fit.issues } },
    );
  };
  const result = item["~standard"].validate(value);
  return result instanceof Promise ? result.then(conclude) : conclude(result);
}
