/**
 * Permits: how many attempts with the same concurrency key may be under way, over all runs and pipelines.
 *
 * An attempt has its permit from the decision to start it until nothing of it runs any more; what waits for one
 * is not started. Nothing of it is journalled, as no attempt outlives the process.
 *
 * @module
 */
import { FairQueue } from "../base/fair_queue.ts";
import type { AttemptKey } from "../executor/port.ts";
import type { ConcurrencyKey } from "../task/descriptor.ts";

/** What an attempt needs a permit for. */
export interface PermitRequest {
  /** Who wants it. */
  readonly attempt: AttemptKey;
  /** What is limited, as {@linkcode limitedOf} says it. */
  readonly key: string;
  /** How many may have a permit at the same time. */
  readonly limit: number;
  /** Among those that wait the higher goes first. */
  readonly priority: number;
  /** Called once the permit is there. */
  readonly granted: () => void;
}

interface Waiting extends PermitRequest {
  /** Whether nobody waits for it any more. */
  withdrawn: boolean;
}

interface Lane {
  /** The attempts that have a permit. */
  readonly holders: Set<string>;
  readonly waiting: FairQueue<Waiting>;
  /** The largest limit that anybody named: with so many holders nobody has a turn. */
  limit: number;
  /** The next one, if it has had its turn and its own limit is smaller. */
  head?: Waiting | undefined;
}

/** What a concurrency key limits in a run: the key itself, with the values of the parameters that it goes by. */
export function limitedOf({ key, by }: ConcurrencyKey, params: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([key, ...by.map((name) => Object.hasOwn(params, name) ? params[name] : null)]);
}

/** The permits of a platform. */
export class Permits {
  readonly #lanes = new Map<string, Lane>();
  /** The key of each permit, by who has it. */
  readonly #held = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting>();

  /** Whether an attempt has a permit; if there is none left, it waits for one. */
  take(request: PermitRequest): boolean {
    const holder = nameOf(request.attempt);
    if (this.#held.has(holder)) return true;
    if (this.#waiting.has(holder)) return false;
    const lane = this.#lanes.get(request.key) ?? { holders: new Set(), waiting: new FairQueue(), limit: 0 };
    this.#lanes.set(request.key, lane);
    lane.limit = Math.max(lane.limit, request.limit);
    const waiting: Waiting = { ...request, withdrawn: false };
    lane.waiting.push(waiting, request.priority, request.attempt.runId);
    this.#waiting.set(holder, waiting);
    this.#grant(lane);
    return this.#held.has(holder);
  }

  /** Whether an attempt waits for its permit. */
  waits(attempt: AttemptKey): boolean {
    return this.#waiting.has(nameOf(attempt));
  }

  /** Nothing of an attempt runs any more, or it is not to be started after all. */
  release(attempt: AttemptKey): void {
    const holder = nameOf(attempt);
    const waiting = this.#waiting.get(holder);
    if (waiting !== undefined) waiting.withdrawn = true;
    this.#waiting.delete(holder);
    const key = waiting?.key ?? this.#held.get(holder);
    this.#held.delete(holder);
    if (key === undefined) return;
    const lane = this.#lanes.get(key)!;
    lane.holders.delete(holder);
    this.#grant(lane);
    if (lane.holders.size === 0 && lane.head === undefined) this.#lanes.delete(key);
  }

  /** Gives permits to those whose turn it is, as many as there are. */
  #grant(lane: Lane): void {
    while (lane.holders.size < lane.limit) {
      const next = lane.head ?? lane.waiting.shift();
      lane.head = undefined;
      if (next === undefined) return;
      if (next.withdrawn) continue;
      if (lane.holders.size >= next.limit) {
        lane.head = next;
        return;
      }
      const holder = nameOf(next.attempt);
      this.#waiting.delete(holder);
      this.#held.set(holder, next.key);
      lane.holders.add(holder);
      next.granted();
    }
  }
}

function nameOf({ runId, task, attempt }: AttemptKey): string {
  return `${runId}/${task}/${attempt}`;
}
