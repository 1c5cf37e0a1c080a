/**
 * Supervision: what a parent does when a child fails. Pure decisions; {@linkcode Guardian} carries them out.
 *
 * @module
 */

/**
 * When a child is started again: `permanent` always, unless it was told to stop; `transient` only if it
 * failed; `temporary` never (OTP, supervisor(3)).
 */
export type RestartType = "permanent" | "transient" | "temporary";

/**
 * Whom the failure of one child concerns: that child; all children; or that child and those that were started
 * after it, as they may depend on it.
 */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** What to do about a failure. */
export type Directive = "resume" | "restart" | "stop" | "escalate";

/** A failure to decide about. */
export interface Failure {
  /** The child that failed. */
  readonly actor: string;
  /** The verb that it failed at; `undefined` for a timer, a death notice or its start. */
  readonly verb: string | undefined;
  /** What it failed of. */
  readonly error: Error;
}

/** How an actor supervises its children. */
export interface Supervision {
  /** Whom a failure concerns. @default {"one-for-one"} */
  readonly strategy?: Strategy;
  /**
   * How often in how many milliseconds: per child for one-for-one, per group otherwise. One more, and the
   * parent fails in its turn. @default {3 in 30,000 ms}
   */
  readonly limit?: { readonly restarts: number; readonly withinMs: number };
  /**
   * The wait before a restart: `minMs` doubled for each restart that follows a short life, up to `maxMs`, give
   * or take the share `jitter`. A life longer than `(minMs + maxMs) / 2` starts over (Pekko).
   * @default {100 ms to 10,000 ms, jitter 0.2}
   */
  readonly backoff?: { readonly minMs: number; readonly maxMs: number; readonly jitter: number };
  /** What to do about a failure. @default {restart} */
  readonly decide?: (failure: Failure) => Directive;
}

/** A supervision with nothing left open. */
export type Policy = Required<Supervision>;

/** The policy of a supervision. */
export function policyOf(supervision: Supervision = {}): Policy {
  const {
    strategy = "one-for-one",
    limit = { restarts: 3, withinMs: 30_000 },
    backoff = { minMs: 100, maxMs: 10_000, jitter: 0.2 },
    decide = () => "restart",
  } = supervision;
  const sound = Number.isInteger(limit.restarts) && limit.restarts >= 0 && limit.withinMs > 0 &&
    backoff.minMs >= 0 && backoff.maxMs >= backoff.minMs && backoff.jitter >= 0 && backoff.jitter <= 1;
  if (!sound) {
    throw new RangeError(
      `Cannot supervise as restarts must be an integer >= 0, withinMs > 0, 0 <= minMs <= maxMs and jitter ` +
        `within 0 and 1: current value is ${JSON.stringify({ limit, backoff })}`,
    );
  }
  return { strategy, limit, backoff, decide };
}

/** The restarts of a child, or of a group: within the limit or not, and after which wait. */
export class RestartBudget {
  readonly #policy: Policy;
  readonly #random: () => number;
  /** When the restarts of the last `withinMs` were. */
  #at: number[] = [];
  /** When the life after the last one began: the wait for it is no part of it. */
  #aliveMs = -Infinity;
  /** How many restarts have followed each other without a quiet time. */
  #inRow = 0;

  /** @param random Gives a number from 0 to below 1. */
  constructor(policy: Policy, random: () => number) {
    this.#policy = policy;
    this.#random = random;
  }

  /** How many restarts there were in the last `withinMs`. */
  get recent(): number {
    return this.#at.length;
  }

  /** Takes one restart out: after how many milliseconds it is due, or `undefined` if there is none left. */
  take(nowMs: number): number | undefined {
    const { limit: { restarts, withinMs }, backoff: { minMs, maxMs, jitter } } = this.#policy;
    this.#at = this.#at.filter((atMs) => nowMs - atMs < withinMs);
    if (this.#at.length >= restarts) return undefined;
    if (nowMs - this.#aliveMs >= (minMs + maxMs) / 2) this.#inRow = 0;
    const meanMs = Math.min(maxMs, minMs * 2 ** this.#inRow);
    const delayMs = meanMs * (1 + jitter * (2 * this.#random() - 1));
    this.#inRow++;
    this.#at.push(nowMs);
    this.#aliveMs = nowMs + delayMs;
    return delayMs;
  }
}

/** Which children a failure concerns, in the order in which they were started. */
export function concerned<Child>(strategy: Strategy, children: readonly Child[], failed: Child): Child[] {
  if (strategy === "one-for-one") return [failed];
  return strategy === "one-for-all" ? [...children] : children.slice(children.indexOf(failed));
}
