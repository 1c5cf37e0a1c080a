/**
 * The life of one incarnation of an actor: what ends with it when it is restarted or stops.
 *
 * @module
 */
import type { Guardian } from "./guardian.ts";
import type { Mail } from "./mail.ts";
import type { SchemaResult } from "../base/schema.ts";
import type { Turn } from "./define_actor.ts";
import type { Timers } from "./timers.ts";

/** What handles the messages of one verb. */
export interface Target {
  /** Checks a payload. */
  readonly validate: (payload: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>;
  /** Handles it. */
  readonly handle: (payload: unknown, turn: Turn) => unknown;
}

/** One incarnation. */
export class Life {
  /** How often the actor was started again before. */
  readonly incarnation: number;
  /** What handles each verb; empty until the state is made. */
  readonly targets = new Map<string, Target>();
  /** Its timers. */
  readonly timers: Timers;
  /** The children that it has spawned. */
  readonly guardian: Guardian;
  /** Messages whose handlers have not settled. */
  readonly inHand = new Set<Mail>();
  readonly #cleanUps: (() => void | Promise<void>)[] = [];
  /** Watches on other actors, and other ties that need no time to be cut. */
  readonly #ties = new Set<() => void>();
  #cleaned = false;
  /** Whether it has ended. */
  over = false;
  /** Whether what was in hand has been given up: what it still does counts for nothing. */
  lost = false;

  constructor(incarnation: number, timers: Timers, guardian: Guardian) {
    this.incarnation = incarnation;
    this.timers = timers;
    this.guardian = guardian;
  }

  /** Registers what to do at the end; at once if that has passed, as a start that was given up may go on. */
  onStop(cleanUp: () => void | Promise<void>): void {
    if (this.#cleaned) void Promise.resolve().then(cleanUp).catch(() => {});
    else this.#cleanUps.push(cleanUp);
  }

  /** Registers what to cut at the end; the answer cuts it before. */
  tie(cut: () => void): () => void {
    if (this.over) cut();
    else this.#ties.add(cut);
    return () => {
      if (this.#ties.delete(cut)) cut();
    };
  }

  /** Cuts timers and ties. */
  cut(): void {
    this.timers.end();
    for (const cut of this.#ties) cut();
    this.#ties.clear();
  }

  /** Cleans up, last registered first. What fails is told to `failed`, and keeps the rest from nothing. */
  async cleanUp(failed: (error: unknown) => void): Promise<void> {
    this.#cleaned = true;
    for (const cleanUp of this.#cleanUps.splice(0).reverse()) {
      try {
        await cleanUp();
      } catch (error) {
        failed(error);
      }
    }
  }
}
