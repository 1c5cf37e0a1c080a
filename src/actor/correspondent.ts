/**
 * One side of a correspondence between hosts: what the other side has asked, and the signals and streams that
 * answer it.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { Origin } from "./mail.ts";
import { Kind } from "./message.ts";
import { StreamServer } from "./stream.ts";

/** The answering side of a correspondence: signals and streams of what the other side asked. */
export abstract class Correspondent implements Origin {
  abstract readonly remote: boolean;
  /** Asks and streams of the other side that are not answered yet. */
  readonly #open = new Set<number>();
  /** Those of them whose asker waits no more. */
  readonly #left = new Set<number>();
  readonly #signals = new Map<number, AbortController>();
  readonly #servers = new Map<number, { readonly actor: string; readonly server: StreamServer }>();

  /** Messages to `actor` have left the mailbox. */
  abstract taken(actor: string, count: number): void;
  /** Calls `fn` when it pays to send what has gathered. */
  protected abstract later(fn: () => void): void;
  /** Sends an answer. */
  protected abstract sendReply(id: number, value: unknown): void;
  /** Sends the failure of an ask. */
  protected abstract sendFail(id: number, error: WireError): void;
  /** Sends items of a stream. */
  protected abstract sendNext(id: number, items: readonly unknown[]): void;
  /** Sends the end of a stream. */
  protected abstract sendEnd(id: number, error: WireError | null): void;

  /** An ask or a stream of the other side has come in. */
  opened(id: number): void {
    this.#open.add(id);
  }

  /** How many asks and streams of the other side are open. */
  get open(): number {
    return this.#open.size;
  }

  reply(id: number, value: unknown): void {
    const left = this.hasLeft(id);
    if (this.#settled(id) && !left) this.sendReply(id, value);
  }

  fail(kind: typeof Kind.Ask | typeof Kind.Open, id: number, error: WireError): void {
    const left = this.hasLeft(id);
    if (!this.#settled(id) || left) return;
    if (kind === Kind.Ask) this.sendFail(id, error);
    else this.sendEnd(id, error);
  }

  serve(actor: string, id: number, credit: number, items: AsyncIterable<unknown> | Iterable<unknown>): void {
    const server = new StreamServer(credit, {
      next: (ready) => this.sendNext(id, ready),
      end: (error) => this.sendEnd(id, error),
      later: (fn) => this.later(fn),
      done: () => {
        this.#servers.delete(id);
        this.#settled(id);
      },
    });
    this.#servers.set(id, { actor, server });
    void server.run(items);
    if (this.hasLeft(id)) server.cancel();
  }

  hasLeft(id: number): boolean {
    return this.#left.size > 0 && this.#left.has(id);
  }

  signal(id: number): AbortSignal {
    let controller = this.#signals.get(id);
    if (controller === undefined) {
      controller = new AbortController();
      // Who looks at it after the answer must not leave it behind.
      if (this.#open.has(id)) this.#signals.set(id, controller);
    }
    return controller.signal;
  }

  callOff(id: number): void {
    if (this.#open.has(id)) this.#fire(id, "The actor stops");
  }

  /** The other side has left an ask or a stream, perhaps one that still waits in a mailbox. */
  cancelled(id: number): void {
    if (!this.#open.has(id)) return;
    this.#left.add(id);
    this.#fire(id, "The asker has left");
    this.#servers.get(id)?.server.cancel();
  }

  /** Fires the signal of whatever serves an ask or a stream, now or when it looks at it. */
  #fire(id: number, why: string): void {
    this.signal(id);
    this.#signals.get(id)!.abort(new DOMException(why, "AbortError"));
  }

  /** The other side takes more of a stream. */
  more(id: number, credit: number): void {
    this.#servers.get(id)?.server.more(credit);
  }

  /** An actor has stopped, or is restarted: the streams that it still serves end. */
  stopped(actor: string, error: WireError): void {
    for (const entry of [...this.#servers.values()]) if (entry.actor === actor) entry.server.stop(error);
  }

  /** The other side is gone: nobody reads its streams or wants its answers. */
  protected dropAll(): void {
    for (const id of [...this.#open]) this.cancelled(id);
  }

  /** Whether it was open. */
  #settled(id: number): boolean {
    if (this.#signals.size > 0) this.#signals.delete(id);
    if (this.#left.size > 0) this.#left.delete(id);
    return this.#open.delete(id);
  }
}
