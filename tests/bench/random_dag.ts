/** The same random DAG for every subject: about three edges a task, listed in an order that helps nobody. */

/** A DAG: each node with the nodes that feed it, which come earlier in `names` but not in `order`. */
export interface Dag {
  /** The nodes; each is fed by earlier ones only. */
  readonly names: readonly string[];
  /** What feeds each node, as indexes. */
  readonly sources: readonly (readonly number[])[];
  /** The indexes of all nodes, shuffled: the order in which subjects are told of them. */
  readonly order: readonly number[];
  /** How many edges there are. */
  readonly edges: number;
}

/** A random DAG of that size, the same each time. */
export function randomDag(size: number): Dag {
  const random = mulberry32(size);
  const below = (limit: number): number => Math.floor(random() * limit);
  const names = Array.from({ length: size }, (_, index) => `task_${index}`);
  const sources = names.map((_, index) =>
    index === 0 ? [] : [...new Set(Array.from({ length: below(7) }, () => below(index)))]
  );
  const order = names.map((_, index) => index);
  for (let index = size - 1; index > 0; index--) {
    const other = below(index + 1);
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return { names, sources, order, edges: sources.reduce((sum, list) => sum + list.length, 0) };
}

/** A chain of that size, told from its end. */
export function chain(size: number): Dag {
  const names = Array.from({ length: size }, (_, index) => `task_${index}`);
  return {
    names,
    sources: names.map((_, index) => index === 0 ? [] : [index - 1]),
    order: names.map((_, index) => size - 1 - index),
    edges: size - 1,
  };
}

/** A generator of 32 bits of state: enough for a benchmark, and the same on every machine. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
