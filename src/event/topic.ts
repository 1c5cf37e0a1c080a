/**
 * The grammar of topics and patterns, and matching one against the other.
 *
 * A topic is segments with dots between them. In a pattern a segment may be `*` (exactly one segment) or
 * `**` (zero or more, at any place); `|` separates alternatives.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";

/** How many segments a topic, or one alternative of a pattern, may have. */
export const MAX_SEGMENTS = 16;
/** How long a topic, or one alternative of a pattern, may be in UTF-8. */
export const MAX_TOPIC_BYTES = 255;
/** How many `**` one alternative of a pattern may have, after `**.**` has become `**`. */
export const MAX_GLOBS = 3;

/** A pattern, read and checked. */
export interface Pattern {
  /** The pattern as it was written. */
  readonly text: string;
  /** The segments of each alternative; `**.**` has become `**`. */
  readonly alternatives: readonly (readonly string[])[];
}

/** What no segment may hold. Lone surrogates: in UTF-8 two different topics would become the same one. */
const FORBIDDEN = String.raw`\s\p{Cc}\p{Cs}.*|`;
const FORBIDDEN_CHARACTER = new RegExp(`[${FORBIDDEN}]`, "u");
const SEGMENT = `[^${FORBIDDEN}]+`;
const TOPIC = new RegExp(`^${SEGMENT}(?:\\.${SEGMENT}){0,${MAX_SEGMENTS - 1}}$`, "u");

/**
 * Throws unless `topic` is a topic: 1 to 16 segments, not empty, without white space, control characters,
 * `*` or `|`, at most 255 bytes.
 *
 * @param topic What to check.
 * @throws {MillraceError} `topic/invalid` with the position of the first fault.
 */
export function assertTopic(topic: string): void {
  if (isTopic(topic)) return;
  const flaw = typeof topic === "string" ? findFlaw(topic, false)! : NO_STRING;
  throw new MillraceError(
    "topic/invalid",
    `Cannot use a topic as ${flaw.rule}: ${quote(topic)} at position ${flaw.position}`,
    { details: { topic: String(topic), position: flaw.position } },
  );
}

/**
 * Reads a pattern.
 *
 * @param pattern For example `sales.*.created`, `logs.**` or `a.*|b.**`.
 * @returns Its alternatives.
 * @throws {MillraceError} `pattern/invalid` with the position of the first fault.
 */
export function parsePattern(pattern: string): Pattern {
  if (typeof pattern !== "string") {
    throw invalidPattern(pattern, { position: 0, rule: "it must be a string" });
  }
  const alternatives: string[][] = [];
  let start = 0;
  for (const text of pattern.split("|")) {
    const flaw = findFlaw(text, true);
    if (flaw !== undefined) {
      throw invalidPattern(pattern, { position: start + flaw.position, rule: flaw.rule });
    }
    alternatives.push(collapse(text.split(".")));
    start += text.length + 1;
  }
  return { text: pattern, alternatives };
}

/**
 * Whether a pattern matches a topic.
 *
 * A pattern that starts with a wildcard never matches a topic that starts with `$`: system topics must be
 * spelled out. Takes time proportional to the length of the topic, whatever the pattern.
 *
 * @param pattern For example `sales.*.created`.
 * @param topic For example `sales.orders.created`.
 * @throws {MillraceError} `pattern/invalid` or `topic/invalid` with the position of the first fault.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { matchTopic } from "@millrace/millrace";
 * assert(matchTopic("sales.*.created", "sales.orders.created"));
 * assert(matchTopic("sales.**", "sales"));
 * assert(!matchTopic("**", "$sys.advisory.slow"));
 * ```
 */
export function matchTopic(pattern: string, topic: string): boolean {
  let matches = compiled.get(pattern);
  if (matches === undefined) {
    matches = compilePattern(pattern);
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(pattern, matches);
  }
  assertTopic(topic);
  return matches(topic);
}

/** Patterns that {@linkcode matchTopic} was asked about lately: reading one takes longer than matching it. */
const compiled = new Map<string, (topic: string) => boolean>();
const MAX_COMPILED = 256;

/**
 * Prepares a pattern for many topics.
 *
 * @param pattern As text, or as {@linkcode parsePattern} gave it.
 * @returns Whether the pattern matches a topic; the topic must be valid, it is not checked again.
 * @throws {MillraceError} `pattern/invalid` with the position of the first fault.
 */
export function compilePattern(pattern: string | Pattern): (topic: string) => boolean {
  const { alternatives } = typeof pattern === "string" ? parsePattern(pattern) : pattern;
  const [first, ...others] = alternatives.map(compileAlternative);
  if (others.length === 0) return first!;
  return (topic) => first!(topic) || others.some((matches) => matches(topic));
}

/** Whether the segments of an alternative hold no wildcard, so that it matches one topic only. */
export function isLiteral(segments: readonly string[]): boolean {
  return !segments.some(isWildcard);
}

/** Topics that users published to lately: reading one takes five times as long as to know it again. */
const publishable = new Set<string>();
const MAX_PUBLISHABLE = 1_024;

/** First segments that belong to the system. */
const RESERVED = new Set(["run", "task", "trigger", "queue"]);

/**
 * Throws unless users may publish to `topic`: what starts with `run`, `task`, `trigger`, `queue` or `$` tells
 * what the system did, except `run.request`, which asks for a run.
 *
 * @throws {MillraceError} `topic/invalid`, or `event/reserved-topic` if it belongs to the system.
 */
export function assertPublishable(topic: string): void {
  if (publishable.has(topic)) return;
  assertTopic(topic);
  if (!isReserved(topic)) {
    if (publishable.size >= MAX_PUBLISHABLE) publishable.clear();
    publishable.add(topic);
    return;
  }
  throw new MillraceError(
    "event/reserved-topic",
    `Cannot publish as topics that start with "run", "task", "trigger", "queue" or "$" belong to the system, ` +
      `all but "run.request": ${quote(topic)}`,
    { details: { topic } },
  );
}

function isReserved(topic: string): boolean {
  if (topic.startsWith("$")) return true;
  const dot = topic.indexOf(".");
  return RESERVED.has(dot === -1 ? topic : topic.slice(0, dot)) && topic !== "run.request";
}

function isTopic(topic: string): boolean {
  return typeof topic === "string" && (isPlainTopic(topic) || TOPIC.test(topic) && fits(topic));
}

/** Whether it is a topic of ASCII characters. Most are, and to see that takes a fifth of the whole check. */
function isPlainTopic(topic: string): boolean {
  const { length } = topic;
  if (length > MAX_TOPIC_BYTES) return false;
  let segments = 1;
  let start = 0;
  for (let at = 0; at < length; at++) {
    const unit = topic.charCodeAt(at);
    if (unit === DOT) {
      if (at === start || ++segments > MAX_SEGMENTS) return false;
      start = at + 1;
    } else if (unit <= SPACE || unit >= DELETE || unit === STAR || unit === BAR) return false;
  }
  return start < length;
}

const [SPACE, STAR, DOT, BAR, DELETE] = [0x20, 0x2a, 0x2e, 0x7c, 0x7f];

/** Where a text breaks the grammar, and which rule. */
interface Flaw {
  readonly position: number;
  readonly rule: string;
}

const NO_STRING: Flaw = { position: 0, rule: "it must be a string" };

/** The first flaw of a topic, or of one alternative of a pattern. */
function findFlaw(text: string, wildcards: boolean): Flaw | undefined {
  let position = 0;
  let segments = 0;
  let globs = 0;
  let previous = "";
  for (const segment of text.split(".")) {
    if (segment === "") return { position, rule: "a segment must not be empty" };
    const wildcard = wildcards && isWildcard(segment);
    const bad = wildcard ? -1 : segment.search(FORBIDDEN_CHARACTER);
    if (bad !== -1) return { position: position + bad, rule: ruleAgainst(segment[bad]!, wildcards) };
    if (!(wildcard && segment === "**" && previous === "**")) {
      if (++segments > MAX_SEGMENTS) {
        return { position, rule: `it must have at most ${MAX_SEGMENTS} segments` };
      }
      if (wildcard && segment === "**" && ++globs > MAX_GLOBS) {
        return { position, rule: `it must have at most ${MAX_GLOBS} "**"` };
      }
    }
    previous = segment;
    position += segment.length + 1;
  }
  if (fits(text)) return undefined;
  return { position: fittingLength(text), rule: `it must be at most ${MAX_TOPIC_BYTES} bytes` };
}

function ruleAgainst(character: string, wildcards: boolean): string {
  if (character === "*" && wildcards) return `a wildcard must be a whole segment, "*" or "**"`;
  if (character === "*" || character === "|") return `it must not hold "*" or "|"`;
  return "it must not hold white space, control characters or lone surrogates";
}

const encoder = new TextEncoder();
const bytes = new Uint8Array(MAX_TOPIC_BYTES);

/** How many code units of a text fit into the limit. */
function fittingLength(text: string): number {
  return encoder.encodeInto(text, bytes).read;
}

function fits(text: string): boolean {
  // A code unit takes at most 3 bytes.
  return text.length * 3 <= MAX_TOPIC_BYTES || fittingLength(text) === text.length;
}

function isWildcard(segment: string): boolean {
  return segment === "*" || segment === "**";
}

function collapse(segments: readonly string[]): string[] {
  return segments.filter((segment, index) => segment !== "**" || segments[index - 1] !== "**");
}

/**
 * Shift-And (Baeza-Yates and Gonnet, 1992) over segments: the set of pattern positions that the topic may
 * have reached is one integer, so nothing is ever tried twice. Bit i means: the next segment meets position i.
 */
function compileAlternative(segments: readonly string[]): (topic: string) => boolean {
  if (isLiteral(segments)) {
    const literal = segments.join(".");
    return (topic) => topic === literal;
  }
  const literals = new Map<string, number>();
  let stars = 0;
  let globs = 0;
  for (const [index, segment] of segments.entries()) {
    if (segment === "*") stars |= 1 << index;
    else if (segment === "**") globs |= 1 << index;
    else literals.set(segment, (literals.get(segment) ?? 0) | 1 << index);
  }
  const end = 1 << segments.length;
  // A `**` at the end takes whatever is left.
  const sink = globs & end >> 1;
  const system = !isWildcard(segments[0]!);

  return (topic) => {
    if (!system && topic.startsWith("$")) return false;
    // No two `**` are neighbours, so one shift is the whole closure over "zero segments".
    let reached = 1 | (globs & 1) << 1;
    for (let start = 0; reached !== 0;) {
      if ((reached & sink) !== 0) return true;
      const dot = topic.indexOf(".", start);
      const literal = literals.get(dot === -1 ? topic.slice(start) : topic.slice(start, dot)) ?? 0;
      reached = (reached & (stars | literal)) << 1 | reached & globs;
      reached |= (reached & globs) << 1;
      if (dot === -1) return (reached & end) !== 0;
      start = dot + 1;
    }
    return false;
  };
}

function invalidPattern(pattern: unknown, flaw: Flaw): MillraceError {
  return new MillraceError(
    "pattern/invalid",
    `Cannot use a pattern as ${flaw.rule}: ${quote(pattern)} at position ${flaw.position}`,
    { details: { pattern: String(pattern), position: flaw.position } },
  );
}

/** Quotes a value, cut where it would swamp the message. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 300 ? text : `${text.slice(0, 300)}…"`;
}
