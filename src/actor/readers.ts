/**
 * The streams that one thread reads.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { Address, StreamOptions } from "./ref.ts";
import { StreamReader } from "./stream.ts";

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
export type SendOpen = (id: number, credit: number, failed: (error: WireError) => void) => () => void;

interface Entry {
  readonly reader: StreamReader;
  readonly host: number;
  /** Lets go of the signal. */
  release(): void;
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
    address: Address,
    { capacity = DEFAULT_CREDIT, signal }: StreamOptions,
    send: SendOpen,
  ): AsyncIterableIterator<unknown> {
    const id = this.#ports.nextId();
    let leave = (): void => {};
    const reader = new StreamReader(capacity, {
      more: (credit) => this.#ports.more(address, id, credit),
      leave: () => {
        this.#take(id);
        leave();
        this.#ports.cancel(address, id);
      },
    });
    if (signal?.aborted) {
      reader.end(null);
      return reader;
    }
    const abort = (): void => void reader.return();
    signal?.addEventListener("abort", abort, { once: true });
    const release = (): void => signal?.removeEventListener("abort", abort);
    this.#open.set(id, { reader, host: address.host, release });
    leave = send(id, capacity, (error) => this.end(id, error));
    return reader;
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
    for (const [id, entry] of this.#open) {
      if (host === undefined || entry.host === host) this.end(id, error);
    }
  }

  #take(id: number): Entry | undefined {
    const entry = this.#open.get(id);
    this.#open.delete(id);
    entry?.release();
    return entry;
  }
}
