/**
 * Directed graphs over small integers: levels and cycles, in linear time and without recursion.
 *
 * @module
 */

/** What feeds each node, as one array (compressed sparse rows). */
export interface Graph {
  /** How many nodes there are; they are called 0 to `size - 1`. */
  readonly size: number;
  /** The upstream nodes of node `v` are `upstream[starts[v]]` to `upstream[starts[v + 1] - 1]`. */
  readonly starts: Uint32Array;
  /** Upstream nodes of all nodes, one after the other. */
  readonly upstream: Uint32Array;
}

/**
 * The level of each node: 0 if nothing feeds it, else one more than the highest that does; -1 for nodes on a
 * cycle or fed by one. Kahn (1962); takes O(nodes + edges).
 */
export function levelsOf({ size, starts, upstream }: Graph): Int32Array {
  const downstream = reverse({ size, starts, upstream });
  const levels = new Int32Array(size).fill(-1);
  const depth = new Int32Array(size);
  const unmet = new Uint32Array(size);
  const queue = new Uint32Array(size);
  let queued = 0;
  for (let node = 0; node < size; node++) {
    unmet[node] = starts[node + 1]! - starts[node]!;
    if (unmet[node] === 0) queue[queued++] = node;
  }
  for (let head = 0; head < queued; head++) {
    const node = queue[head]!;
    levels[node] = depth[node]!;
    for (let edge = downstream.starts[node]!; edge < downstream.starts[node + 1]!; edge++) {
      const target = downstream.upstream[edge]!;
      depth[target] = Math.max(depth[target]!, depth[node]! + 1);
      if (--unmet[target]! === 0) queue[queued++] = target;
    }
  }
  return levels;
}

/**
 * Cycles in the direction of flow, each starting at its lowest node, which is not repeated at the end. Each
 * one is found with the closing edges of those before taken out; all are found once the rest is acyclic or
 * there are `max`.
 */
export function findCycles(graph: Graph, max: number): number[][] {
  const cycles: number[][] = [];
  for (let rest = graph; cycles.length < max;) {
    const cycle = findCycle(rest);
    if (cycle === undefined) break;
    cycles.push(cycle);
    rest = withoutEdge(rest, cycle.at(-1)!, cycle[0]!);
  }
  return cycles;
}

function findCycle(graph: Graph): number[] | undefined {
  const levels = levelsOf(graph);
  const start = levels.indexOf(-1);
  if (start === -1) return undefined;
  // Every node without a level is fed by another one, so that walking upstream must come round.
  const path: number[] = [];
  const seenAt = new Map<number, number>();
  let node = start;
  while (!seenAt.has(node)) {
    seenAt.set(node, path.length);
    path.push(node);
    node = upstreamWithoutLevel(graph, levels, node);
  }
  const cycle = path.slice(seenAt.get(node)).reverse();
  const lowest = cycle.indexOf(cycle.reduce((low, one) => Math.min(low, one)));
  return [...cycle.slice(lowest), ...cycle.slice(0, lowest)];
}

function upstreamWithoutLevel({ starts, upstream }: Graph, levels: Int32Array, node: number): number {
  let edge = starts[node]!;
  while (levels[upstream[edge]!] !== -1) edge++;
  return upstream[edge]!;
}

function withoutEdge({ size, starts, upstream }: Graph, from: number, to: number): Graph {
  const [first, end] = [starts[to]!, starts[to + 1]!];
  const kept = upstream.filter((source, edge) => source !== from || edge < first || edge >= end);
  const removed = upstream.length - kept.length;
  return { size, starts: starts.map((start, node) => node > to ? start - removed : start), upstream: kept };
}

/** The same edges seen from their other end. */
function reverse({ size, starts, upstream }: Graph): Graph {
  const reversed = new Uint32Array(size + 1);
  for (const source of upstream) reversed[source + 1]!++;
  for (let node = 0; node < size; node++) reversed[node + 1]! += reversed[node]!;
  const next = reversed.slice(0, size);
  const targets = new Uint32Array(upstream.length);
  for (let node = 0; node < size; node++) {
    for (let edge = starts[node]!; edge < starts[node + 1]!; edge++) targets[next[upstream[edge]!]!++] = node;
  }
  return { size, starts: reversed, upstream: targets };
}
