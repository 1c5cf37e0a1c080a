/** What other libraries do with the same graphs, in a process of its own: the milliseconds that it took. */
import { type Dag, randomDag } from "../random_dag.ts";
import { answer } from "./answer.ts";

// Not by literal: these are nobody's dependency but this program's, which its package.json says.
const [{ default: toposort }, { DirectedGraph }, dags] = await Promise.all(
  ["toposort", "graphology", "graphology-dag"].map((name) => import(name)),
);

/** Orders all tasks, and nothing else. Edges are pairs of texts already. */
function orderByToposort(pairs: readonly (readonly [string, string])[]): number {
  return toposort(pairs).length;
}

/** Builds the graph, orders it, gives its levels and says whether it has a cycle. */
function planByGraphology({ names, sources, order }: Dag): number {
  const graph = new DirectedGraph();
  for (const index of order) graph.addNode(names[index]!);
  for (const index of order) {
    for (const source of sources[index]!) graph.addEdge(names[source]!, names[index]!);
  }
  if (dags.hasCycle(graph)) throw new Error("Cannot give a figure as the graph must have no cycle");
  const levels: string[][] = dags.topologicalGenerations(graph);
  return Math.min(dags.topologicalSort(graph).length, levels.flat().length);
}

function time(count: number, times: number, work: () => number): number {
  const startedMs = performance.now();
  let done = 0;
  for (let time = 0; time < times; time++) done += work();
  const tookMs = performance.now() - startedMs;
  if (done !== count * times) throw new Error(`Cannot give a figure as nothing may be lost: ${done}`);
  return tookMs;
}

function measure(subject: string, size: number, times: number): number {
  const dag = randomDag(size);
  if (subject === "graphology") return time(size, times, () => planByGraphology(dag));
  const pairs = dag.order.flatMap((index) =>
    dag.sources[index]!.map((source) => [dag.names[source]!, dag.names[index]!] as const)
  );
  // What has no edge is no part of what it is given.
  return time(new Set(pairs.flat()).size, times, () => orderByToposort(pairs));
}

await answer(measure);
