/**
 * What an attempt needs before it may start.
 *
 * @module
 */
import type { ConcurrencyKey, TaskDescriptor } from "../task/descriptor.ts";

/** Room for one more: among the attempts that are under way, or among those that start within some time. */
export type Need =
  | { readonly kind: "running"; readonly key: string; readonly limit: number }
  | RateNeed;

/** Room for one more start: so many within so many ms. */
export interface RateNeed {
  /** What it is. */
  readonly kind: "starts";
  /** What is limited, as {@linkcode limitedOf} says it. */
  readonly key: string;
  /** How many may start. */
  readonly limit: number;
  /** Within so many ms. */
  readonly perMs: number;
}

/** What the attempts of a task need in a run with these parameters. */
export function needsOf(
  { concurrencyKey, rateLimit }: Pick<TaskDescriptor, "concurrencyKey" | "rateLimit">,
  params: Readonly<Record<string, unknown>>,
): readonly Need[] {
  const needs: Need[] = [];
  if (concurrencyKey !== undefined) {
    needs.push({ kind: "running", key: limitedOf(concurrencyKey, params), limit: concurrencyKey.limit });
  }
  if (rateLimit !== undefined) {
    const { limit, perMs } = rateLimit;
    needs.push({ kind: "starts", key: limitedOf(rateLimit, params), limit, perMs });
  }
  return needs;
}

/** What a key limits in a run: the key itself, with the values of the parameters that it goes by. */
export function limitedOf(
  { key, by }: Pick<ConcurrencyKey, "key" | "by">,
  params: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify([key, ...by.map((name) => Object.hasOwn(params, name) ? params[name] : null)]);
}
