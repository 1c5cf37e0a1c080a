/**
 * What qlobber does with the same patterns and topics, in a process of its own; and what it and we take of
 * memory, as only a process that may collect its garbage can tell.
 */
import { createTopicMatcher, type TopicMatcher } from "../../../src/event/matcher.ts";
import { type Draw, type TopicLoad, topicLoad } from "../topic_load.ts";
import { answer } from "./answer.ts";

// Not by literal: it is nobody's dependency but this program's, which its package.json says.
const name = "qlobber";
const { default: { QlobberDedup } } = await import(name);

/** By size: to fill a matcher takes longer than to measure it. */
const filled = new Map<number, { readonly load: TopicLoad; readonly matcher: typeof QlobberDedup }>();

function fill(size: number): { readonly load: TopicLoad; readonly matcher: typeof QlobberDedup } {
  let entry = filled.get(size);
  if (entry === undefined) {
    const load = topicLoad(size);
    entry = { load, matcher: qlobberOf(load.patterns) };
    filled.set(size, entry);
  }
  return entry;
}

function qlobberOf(patterns: readonly string[]): typeof QlobberDedup {
  const matcher = new QlobberDedup({ wildcard_some: "**" });
  for (const [value, pattern] of patterns.entries()) matcher.add(pattern, value);
  return matcher;
}

/** Matches `times` topics; resolves with how long it took in ms. */
function match(draw: Draw, changing: boolean, size: number, times: number): number {
  const { load, matcher } = fill(size);
  const topics = load.draw(draw, times);
  const startedMs = performance.now();
  let found = 0;
  for (let index = 0; index < times; index++) {
    if (changing && index % 100 === 0) {
      const value = Math.floor(index / 200) % size;
      if (index % 200 === 0) matcher.remove(load.patterns[value], value);
      else matcher.add(load.patterns[value], value);
    }
    found += matcher.match(topics[index]).size;
  }
  if (found < times / 2) throw new Error(`Cannot give a figure as most topics must be matched: ${found}`);
  return performance.now() - startedMs;
}

/** Bytes for each pattern, with what it takes to remove it. */
function bytesOf(fill: (load: TopicLoad) => unknown, size: number): number {
  const used = (): number => {
    for (let time = 0; time < 3; time++) (globalThis as unknown as { gc(): void }).gc();
    return Deno.memoryUsage().heapUsed;
  };
  filled.clear();
  const held = [fill(topicLoad(size))];
  const full = used();
  // What is freed when it is dropped: what was there before may be freed meanwhile, too.
  if (held.pop() === undefined) throw new Error("Cannot give a figure of nothing");
  return (full - used()) / size;
}

const SUBJECTS: Readonly<Record<string, (size: number, times: number) => number>> = {
  uniform: (size, times) => match("uniform", false, size, times),
  zipf: (size, times) => match("zipf", false, size, times),
  changing: (size, times) => match("zipf", true, size, times),
  "bytes-qlobber": (size) => bytesOf((load) => qlobberOf(load.patterns), size),
  "bytes-millrace": (size) => bytesOf(({ patterns }) => ours(patterns), size),
  "bytes-millrace-asked": (size) =>
    bytesOf((load) => {
      const [matcher, removers] = ours(load.patterns);
      for (const topic of load.draw("uniform", size * 10)) matcher.match(topic);
      return [matcher, removers];
    }, size),
};

function ours(patterns: readonly string[]): [TopicMatcher<number>, (() => void)[]] {
  const matcher = createTopicMatcher<number>();
  return [matcher, patterns.map((pattern, value) => matcher.add(pattern, value))];
}

await answer((subject, size, times) => SUBJECTS[subject]!(size, times));
