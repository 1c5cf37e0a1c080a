/**
 * What two patterns have to do with each other: whether one matches all that the other does, or any of it.
 *
 * Both answers are about valid topics, and exact: no topic proves them wrong.
 *
 * @module
 */
import { compilePattern, MAX_SEGMENTS, MAX_TOPIC_BYTES, parsePattern } from "./topic.ts";

/**
 * Whether `outer` matches every topic that `inner` matches: that who may read `outer` may read `inner`.
 *
 * @param inner For example `sales.orders.*`.
 * @param outer For example `sales.**`.
 * @throws {MillraceError} `pattern/invalid` with the position of the first fault.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isSubset } from "@millrace/millrace";
 * assert(isSubset("sales.orders.*", "sales.**"));
 * assert(isSubset("a.**", "a|a.*.**"));
 * assert(!isSubset("sales.**", "sales.*"));
 * ```
 */
export function isSubset(inner: string, outer: string): boolean {
  const matches = compilePattern(outer);
  return parsePattern(inner).alternatives.every((segments) => hardestTopics(segments).every(matches));
}

/**
 * Whether some topic is matched by both patterns.
 *
 * @param one For example `sales.*.created`.
 * @param other For example `sales.orders.**`.
 * @throws {MillraceError} `pattern/invalid` with the position of the first fault.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { patternsOverlap } from "@millrace/millrace";
 * assert(patternsOverlap("sales.*.created", "sales.orders.**"));
 * assert(!patternsOverlap("sales.*", "sales.*.*"));
 * assert(!patternsOverlap("**", "$sys.**"));
 * ```
 */
export function patternsOverlap(one: string, other: string): boolean {
  const others = parsePattern(other).alternatives;
  return parsePattern(one).alternatives.some((a) => others.some((b) => meet(a, b)));
}

/** A segment that no pattern spells, and that takes one byte. */
const NOVEL = "\0";

/**
 * The topics of each length that are hardest to match by anything else: where the pattern leaves the segment
 * open, they have one that nobody spells. Who matches these matches the others, too.
 */
function hardestTopics(segments: readonly string[]): string[] {
  const globs = segments.filter((segment) => segment === "**").length;
  const room = MAX_SEGMENTS - (segments.length - globs);
  const topics: string[] = [];
  const extend = (index: number, topic: readonly string[], left: number): void => {
    if (index === segments.length) {
      if (isPossible(segments, topic)) topics.push(topic.join("."));
      return;
    }
    const segment = segments[index]!;
    if (segment !== "**") return extend(index + 1, [...topic, segment === "*" ? NOVEL : segment], left);
    for (let count = 0; count <= left; count++) {
      extend(index + 1, [...topic, ...Array<string>(count).fill(NOVEL)], left - count);
    }
  };
  extend(0, [], room);
  return topics;
}

/** Whether a pattern matches what was made from it: not what is empty, too long, or of the system. */
function isPossible(segments: readonly string[], topic: readonly string[]): boolean {
  if (topic.length === 0) return false;
  if (isWild(segments[0]!) && topic[0]!.startsWith("$")) return false;
  return bytesOf(topic.join(".")) <= MAX_TOPIC_BYTES;
}

/** Walks both at once, segment by segment of a topic that both might match, and keeps the shortest such topic. */
function meet(a: readonly string[], b: readonly string[]): boolean {
  const width = b.length + 1;
  /** By place in both patterns, `a` times `width` plus `b`: the bytes of the shortest topic that leads there. */
  let reached = new Map([[0, -1]]);
  for (let count = 0; count <= MAX_SEGMENTS; count++) {
    skipGlobs(a, b, reached);
    if (count > 0 && reached.has(a.length * width + b.length)) return true;
    const next = new Map<number, number>();
    for (const [place, bytes] of reached) {
      const [i, j] = [Math.floor(place / width), place % width];
      const segment = common(a[i], b[j]);
      if (segment === undefined) continue;
      if (count === 0 && segment.startsWith("$") && (isWild(a[0]!) || isWild(b[0]!))) continue;
      const total = bytes + 1 + bytesOf(segment);
      if (total > MAX_TOPIC_BYTES) continue;
      keepLeast(next, (a[i] === "**" ? i : i + 1) * width + (b[j] === "**" ? j : j + 1), total);
    }
    reached = next;
  }
  return false;
}

/** Adds the places that are reached without a further segment, as `**` may stand for none. */
function skipGlobs(a: readonly string[], b: readonly string[], reached: Map<number, number>): void {
  const width = b.length + 1;
  // What is added while this goes on is visited, too.
  for (const [place, bytes] of reached) {
    if (a[Math.floor(place / width)] === "**") keepLeast(reached, place + width, bytes);
    if (b[place % width] === "**") keepLeast(reached, place + 1, bytes);
  }
}

function keepLeast(reached: Map<number, number>, place: number, bytes: number): void {
  const known = reached.get(place);
  if (known !== undefined && known <= bytes) return;
  // Once more to the end, so that who walks over it sees it again.
  reached.delete(place);
  reached.set(place, bytes);
}

/** The shortest segment that both accept. */
function common(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (isWild(a)) return isWild(b) ? NOVEL : b;
  return isWild(b) || a === b ? a : undefined;
}

function isWild(segment: string): boolean {
  return segment === "*" || segment === "**";
}

const encoder = new TextEncoder();

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}
