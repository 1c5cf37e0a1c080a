/**
 * Which tasks can start before all that they need has ended: those that take chunks from tasks that still
 * stream. Costs nothing for plans without streams, and for others the edges of the task that has changed.
 *
 * @module
 */
import { readsOf, sourcesOf } from "../task/descriptor.ts";
import type { Plan } from "../task/plan.ts";

/** Follows what the readers of streams wait for. */
export class EarlyStarts {
  /** By reader: what it still waits for to begin. */
  readonly #lacking = new Map<string, Set<string>>();
  /** By streaming task: who can read it while it runs. */
  readonly #readers = new Map<string, string[]>();

  constructor({ executionOrder, tasks }: Plan) {
    for (const name of executionOrder) {
      const streams = readsOf(tasks[name]!).filter((source) => tasks[source]?.stream);
      if (streams.length === 0) continue;
      const sources = sourcesOf(tasks[name]!).filter((source) => Object.hasOwn(tasks, source));
      this.#lacking.set(name, new Set(sources));
      for (const source of streams) this.#readers.set(source, [...this.readersOf(source), name]);
    }
  }

  /** Who can read a task while it runs. */
  readersOf(task: string): readonly string[] {
    return this.#readers.get(task) ?? [];
  }

  /** Whether nothing more is needed to begin reading. */
  canStart(reader: string): boolean {
    return this.#lacking.get(reader)?.size === 0;
  }

  /** Some of these get what they need from a task: chunks, or its end. */
  give(source: string, takers: readonly string[]): void {
    for (const taker of takers) this.#lacking.get(taker)?.delete(source);
  }

  /** The chunks of a task are worth nothing: whoever would read them waits for it again. */
  takeBack(source: string): void {
    for (const reader of this.readersOf(source)) this.#lacking.get(reader)!.add(source);
  }
}
