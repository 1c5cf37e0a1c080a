/** Graphs of tasks that do nothing: fan-outs that one task waits for, and a chain. Selected by tag. */
import { defineTask, type Task } from "@millrace/millrace";

/** How many tasks a graph has: the whole, and a part of it for a smoke run. */
export const SIZES = { fanIn: [1_000, 10_000], chain: [1_000], quick: 64 } as const;

/** What selects a graph. */
export function tagOf(graph: "fan-in" | "chain", size: number): string {
  return `${graph}-${size}`;
}

const fanIns = [SIZES.quick, ...SIZES.fanIn];
const chains = [SIZES.quick, ...SIZES.chain];

function tagsOf(graph: "fan-in" | "chain", sizes: readonly number[], n: number): string[] {
  return sizes.filter((size) => n < size - 1).map((size) => tagOf(graph, size));
}

const sources: Task[] = Array.from(
  { length: Math.max(...fanIns) - 1 },
  (_, n) => defineTask({ name: `source_${n}`, tags: tagsOf("fan-in", fanIns, n), run: () => n }),
);
const ends: Task[] = fanIns.map((size) =>
  defineTask({
    name: `end_${size}`,
    tags: [tagOf("fan-in", size)],
    after: sources.slice(0, size - 1).map(({ name }) => name),
    run: () => size,
  })
);

const links: Task[] = [
  defineTask({ name: "link_0", tags: chains.map((size) => tagOf("chain", size)), run: () => 0 }),
];
for (let n = 1; n < Math.max(...chains); n++) {
  links.push(
    defineTask({
      name: `link_${n}`,
      tags: chains.filter((size) => n < size).map((size) => tagOf("chain", size)),
      inputs: { before: links.at(-1)! },
      run: ({ before }) => before as number + 1,
    }),
  );
}

/** All of them. */
export const tasks: readonly Task[] = [...sources, ...ends, ...links];
