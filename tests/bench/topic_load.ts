/**
 * The same patterns and topics for every subject: five segments; 70 % of the patterns are topics, 20 % have one
 * `*`, 10 % end with `**`. There are as many topics as patterns, each matched by one to three patterns.
 */
import { mulberry32 } from "./random_dag.ts";

/** How often each topic is drawn: all alike, or by Zipf's law with exponent 1. */
export type Draw = "uniform" | "zipf";

/** Patterns and the topics that go with them. */
export interface TopicLoad {
  /** What is subscribed to. */
  readonly patterns: readonly string[];
  /** So many topics, in strings that nobody has seen before, as if they had just arrived. */
  draw(draw: Draw, count: number): readonly string[];
}

/** How many names there are for each segment. */
const NAMES = [40, 40, 60, 60, 100];

/** Patterns and topics for a size, the same each time. */
export function topicLoad(size: number): TopicLoad {
  const random = mulberry32(size);
  const below = (limit: number): number => Math.floor(random() * limit);
  const topics = Array.from(
    { length: size },
    () => NAMES.map((names, level) => `${"abcde"[level]}${below(names)}`),
  );
  const patterns = topics.map((segments) => {
    const kind = below(10);
    if (kind < 7) return segments.join(".");
    if (kind < 9) return segments.with(below(segments.length), "*").join(".");
    return [...segments.slice(0, 2 + below(3)), "**"].join(".");
  });
  let total = 0;
  const shares = topics.map((_, index) => total += 1 / (index + 1));
  const pick = {
    uniform: () => below(size),
    zipf: () => firstAtLeast(shares, random() * total),
  };
  return {
    patterns: fresh(patterns),
    draw: (draw, count) => fresh(Array.from({ length: count }, () => topics[pick[draw]()]!.join("."))),
  };
}

/** The same texts in new strings whose hash is not known yet. */
function fresh(texts: readonly string[]): readonly string[] {
  return JSON.parse(JSON.stringify(texts));
}

function firstAtLeast(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
