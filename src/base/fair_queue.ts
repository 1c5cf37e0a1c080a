/**
 * A queue in which what is more important comes first, and nobody waits for ever.
 *
 * - The higher priority goes first.
 * - Within one priority the groups take turns, so that many items of one group do not hold up a single one of
 *   another; within a group, first in, first out.
 * - A priority that was passed over {@linkcode MAX_PASSED} times in a row has its turn.
 *
 * @module
 */

/** How often a priority may be passed over in a row. */
export const MAX_PASSED = 8;

interface Level<T> {
  readonly priority: number;
  /** The groups that have items, the next one to have its turn first. */
  readonly groups: Map<string, Fifo<T>>;
  /** How many items of higher priority have gone since one of this one did. */
  passed: number;
}

/** A queue. Costs the same however many wait; one step for each different priority. */
export class FairQueue<T> {
  /** Those that have items, the highest priority first. */
  #levels: Level<T>[] = [];

  /** The priority whose turn it is, or `undefined` if nothing waits. */
  get priority(): number | undefined {
    return this.#next()?.priority;
  }

  /** An item waits from now on. */
  push(item: T, priority: number, group: string): void {
    const { groups } = this.#levelOf(priority);
    let fifo = groups.get(group);
    if (fifo === undefined) groups.set(group, fifo = new Fifo());
    fifo.push(item);
  }

  /** The item whose turn it is, or `undefined` if none waits. */
  shift(): T | undefined {
    const level = this.#next();
    if (level === undefined) return undefined;
    for (const other of this.#levels) {
      if (other === level) other.passed = 0;
      else if (other.priority < level.priority) other.passed++;
    }
    const [[group, fifo]] = level.groups as unknown as [[string, Fifo<T>]];
    const item = fifo.shift();
    if (fifo.size === 0) level.groups.delete(group);
    else if (level.groups.size > 1) {
      // To the end of the line.
      level.groups.delete(group);
      level.groups.set(group, fifo);
    }
    if (level.groups.size === 0) this.#levels = this.#levels.filter((other) => other !== level);
    return item;
  }

  #next(): Level<T> | undefined {
    let next = this.#levels[0];
    for (const level of this.#levels) {
      if (level.passed >= MAX_PASSED && level.passed > next!.passed) next = level;
    }
    return next;
  }

  #levelOf(priority: number): Level<T> {
    const before = this.#levels.find((level) => level.priority === priority);
    if (before !== undefined) return before;
    const level: Level<T> = { priority, groups: new Map(), passed: 0 };
    this.#levels = [...this.#levels, level].sort((a, b) => b.priority - a.priority);
    return level;
  }
}

/** First in, first out. Moving all others up for each one that goes would be quadratic. */
class Fifo<T> {
  #items: T[] = [];
  #next = 0;

  get size(): number {
    return this.#items.length - this.#next;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T {
    const item = this.#items[this.#next]!;
    this.#items[this.#next++] = undefined as T; // nothing holds on to what is gone
    if (this.#next === this.#items.length) {
      this.#items = [];
      this.#next = 0;
    }
    return item;
  }
}
