/**
 * A hash table of 32-bit keys with open addressing (Knuth, "The Art of Computer Programming" 3, 6.4,
 * algorithms L and R): a key that is absent costs one look at a dense array, where a `Map` follows pointers.
 *
 * @module
 */

const SMALLEST = 8;
const GOLDEN = 0x9e3779b1;

/** Values by 32-bit key; 0, which marks a free slot, is taken as 1. */
export class KeyTable<V> {
  #keys = new Int32Array(SMALLEST);
  #values: (V | undefined)[] = new Array(SMALLEST).fill(undefined);
  #shift = shiftOf(SMALLEST);
  #size = 0;

  /** How many keys there are. */
  get size(): number {
    return this.#size;
  }

  /** The value of a key. */
  get(key: number): V | undefined {
    const keys = this.#keys;
    const wanted = key || 1;
    for (let at = Math.imul(wanted, GOLDEN) >>> this.#shift;; at = (at + 1) & (keys.length - 1)) {
      const found = keys[at]!;
      if (found === 0) return undefined;
      if (found === wanted) return this.#values[at];
    }
  }

  /** Sets the value of a key. */
  set(key: number, value: V): void {
    const at = this.#slotOf(key || 1);
    if (this.#keys[at] === 0) {
      this.#size++;
      this.#keys[at] = key || 1;
    }
    this.#values[at] = value;
    if (this.#size * 2 > this.#keys.length) this.#resize(this.#keys.length * 2);
  }

  /** Takes a key out. */
  delete(key: number): void {
    const last = this.#keys.length - 1;
    let hole = this.#slotOf(key || 1);
    if (this.#keys[hole] === 0) return;
    this.#size--;
    // What follows without a gap moves up, unless it would come before its own place.
    for (let at = (hole + 1) & last; this.#keys[at] !== 0; at = (at + 1) & last) {
      const home = Math.imul(this.#keys[at]!, GOLDEN) >>> this.#shift;
      if (((at - home) & last) < ((at - hole) & last)) continue;
      this.#keys[hole] = this.#keys[at]!;
      this.#values[hole] = this.#values[at];
      hole = at;
    }
    this.#keys[hole] = 0;
    this.#values[hole] = undefined;
    if (this.#keys.length > SMALLEST && this.#size * 8 < this.#keys.length) {
      this.#resize(this.#keys.length / 2);
    }
  }

  /** Where a key is, or would be. */
  #slotOf(key: number): number {
    const keys = this.#keys;
    let at = Math.imul(key, GOLDEN) >>> this.#shift;
    while (keys[at] !== 0 && keys[at] !== key) at = (at + 1) & (keys.length - 1);
    return at;
  }

  #resize(capacity: number): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Int32Array(capacity);
    this.#values = new Array(capacity).fill(undefined);
    this.#shift = shiftOf(capacity);
    for (let from = 0; from < keys.length; from++) {
      if (keys[from] === 0) continue;
      const at = this.#slotOf(keys[from]!);
      this.#keys[at] = keys[from]!;
      this.#values[at] = values[from];
    }
  }
}

/** A slot is so many of the highest bits of a product. */
function shiftOf(capacity: number): number {
  return Math.clz32(capacity) + 1;
}
