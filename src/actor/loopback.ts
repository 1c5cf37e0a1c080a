/**
 * The loopback: a host as its own correspondent, so that an actor cannot tell whether who writes to it lives in
 * the same thread.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import { Correspondent } from "./correspondent.ts";

/** Takes what the loopback has to say. */
export interface LoopbackHooks {
  /** An ask of this thread is answered. */
  settle(id: number, error: WireError | undefined, value?: unknown): void;
  /** Items of a stream that this thread reads. */
  push(id: number, items: readonly unknown[]): void;
  /** The end of a stream that this thread reads. */
  end(id: number, error: WireError | null): void;
  /** Calls `fn` at the end of this turn. */
  soon(fn: () => void): void;
}

/** The host itself as its own peer. */
export class Loopback extends Correspondent {
  readonly remote = false;
  readonly #hooks: LoopbackHooks;

  constructor(hooks: LoopbackHooks) {
    super();
    this.#hooks = hooks;
  }

  override taken(): void {}

  /** Within a thread a message costs nothing: no item has to wait. */
  protected override later(fn: () => void): void {
    this.#hooks.soon(fn);
  }

  protected override sendReply(id: number, value: unknown): void {
    this.#hooks.settle(id, undefined, value);
  }

  protected override sendFail(id: number, error: WireError): void {
    this.#hooks.settle(id, error);
  }

  protected override sendNext(id: number, items: readonly unknown[]): void {
    this.#hooks.push(id, items);
  }

  protected override sendEnd(id: number, error: WireError | null): void {
    this.#hooks.end(id, error);
  }

  /** Ends all streams that this host serves itself. */
  close(): void {
    this.dropAll();
  }
}
