/**
 * A queue with constant cost at both ends: `Array.shift` moves everything that is left.
 *
 * @module
 */

/** First in, first out, over a circular array that grows by doubling. */
export class Fifo<T> {
  #items: (T | undefined)[] = new Array(8);
  #head = 0;
  #size = 0;

  /** How many items there are. */
  get size(): number {
    return this.#size;
  }

  /** Puts an item at the end. */
  push(item: T): void {
    if (this.#size === this.#items.length) this.#grow();
    this.#items[this.#head + this.#size & this.#items.length - 1] = item;
    this.#size++;
  }

  /** Takes the item at the front, or `undefined` if there is none. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = this.#head + 1 & this.#items.length - 1;
    this.#size--;
    return item;
  }

  #grow(): void {
    const { length } = this.#items;
    const items = new Array<T | undefined>(length * 2);
    for (let index = 0; index < length; index++) items[index] = this.#items[this.#head + index & length - 1];
    this.#items = items;
    this.#head = 0;
  }
}
