/**
 * A topic, cut into segments and hashed in one go: no segment becomes a string of its own.
 *
 * @module
 */
import { assertTopic, MAX_SEGMENTS, MAX_TOPIC_BYTES } from "./topic.ts";

/** A topic in segments. */
export interface Cut {
  /** The whole. */
  readonly topic: string;
  /** How many segments it has. */
  readonly count: number;
  /** Where each segment ends. */
  readonly ends: Int32Array;
  /** A hash of each segment. */
  readonly hashes: Int32Array;
  /** Whether it belongs to the system: it starts with `$`. */
  readonly isSystem: boolean;
}

const DOT = 0x2e;
const DOLLAR = 0x24;
/** Beyond `|`, `}` and `~` comes what only the whole check can judge. */
const LAST_PLAIN = 0x7e;
/** FNV-1a, see <http://www.isthe.com/chongo/tech/comp/fnv/>. */
const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** One for all: whoever cuts is done with it before another topic is cut. */
const cut = {
  topic: "",
  count: 0,
  ends: new Int32Array(MAX_SEGMENTS + 1),
  hashes: new Int32Array(MAX_SEGMENTS + 1),
  isSystem: false,
};

/**
 * Cuts a topic. The next call overwrites what this one gave.
 *
 * @throws {MillraceError} `topic/invalid`.
 */
export function cutTopic(topic: string): Cut {
  const length = typeof topic === "string" ? topic.length : 0;
  const { ends, hashes } = cut;
  let count = 0;
  let start = 0;
  let hash = SEED;
  let plain = length > 0 && length <= MAX_TOPIC_BYTES;
  for (let at = 0; at < length; at++) {
    const unit = topic.charCodeAt(at);
    if (unit === DOT) {
      if (at === start || count >= MAX_SEGMENTS - 1) plain = false;
      ends[count] = at;
      hashes[count] = hash;
      if (count < MAX_SEGMENTS) count++;
      start = at + 1;
      hash = SEED;
      continue;
    }
    // White space and control characters, `*`, `|`, and all that is not ASCII.
    if (unit <= 0x20 || unit > LAST_PLAIN || unit === 0x2a || unit === 0x7c) plain = false;
    hash = Math.imul(hash ^ unit, PRIME);
  }
  if (!plain || start === length) assertTopic(topic);
  ends[count] = length;
  hashes[count] = hash;
  cut.topic = topic;
  cut.count = count + 1;
  cut.isSystem = topic.charCodeAt(0) === DOLLAR;
  return cut;
}

/** The hashes that {@linkcode cutTopic} gives to the same segments. */
export function hashSegments(segments: readonly string[]): Int32Array {
  return Int32Array.from(segments, (segment) => {
    let hash = SEED;
    for (let at = 0; at < segment.length; at++) hash = Math.imul(hash ^ segment.charCodeAt(at), PRIME);
    return hash;
  });
}
