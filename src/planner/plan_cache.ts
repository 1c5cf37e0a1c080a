/**
 * Plans that were made before: the same pipeline is run again and again, and each run is planned twice, once to
 * accept it and once to start it.
 *
 * @module
 */
import { deepFreeze } from "../base/deep_freeze.ts";
import type { Plan } from "../task/plan.ts";

/** How many plans are kept. */
const MAX_PLANS = 64;

/** Plans by what was asked for. */
export class PlanCache {
  /** The one used last is the last one. */
  readonly #plans = new Map<string, Plan>();

  /** The plan that was made for `key`, or what `make` gives: frozen, as it is shared from now on. */
  get(key: string, make: () => Plan): Plan {
    const plan = this.#plans.get(key) ?? deepFreeze(make());
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    if (this.#plans.size > MAX_PLANS) this.#plans.delete(this.#plans.keys().next().value!);
    return plan;
  }

  /** Forgets all plans: what they were made of has changed. */
  clear(): void {
    this.#plans.clear();
  }
}
