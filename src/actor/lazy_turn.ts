/**
 * The turn of a message whose sender can leave.
 *
 * @module
 */
import type { Turn } from "./define_actor.ts";

/** A turn whose signal is made only if the handler looks at it: most never do. */
export class LazyTurn implements Turn {
  readonly #sender: { signal(id: number): AbortSignal };
  readonly #id: number;

  /** The turn of ask or stream number `id` of `sender`. */
  constructor(sender: { signal(id: number): AbortSignal }, id: number) {
    this.#sender = sender;
    this.#id = id;
  }

  /** Fires when the asker no longer wants the answer, or the stream was left. */
  get signal(): AbortSignal {
    return this.#sender.signal(this.#id);
  }
}
