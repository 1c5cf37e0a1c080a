/**
 * Answers that a matcher gave lately, by topic.
 *
 * A change of patterns makes no answer stale but those of the topics that the changed pattern matches, and those
 * are forgotten at once, so that an answer which is found holds. A pattern without wildcards is one topic; the
 * topics of one that spells its first or its last two segments stand in one chain; any other is rare enough to
 * forget everything.
 *
 * @module
 */

/** How many topics each of the two generations remembers at least. */
const MIN_TOPICS = 16_384;
/** Below this share of hits, keeping answers costs more than it gives. */
const WORTHWHILE = 0.2;
/** For how many times as many questions it rests then, before the next trial. */
const REST = 16;
/** How many chains there are; a power of two. Topics that share one by accident are forgotten too often. */
const CHAINS = 4096;

/** Answers by topic, bounded. */
export class AnswerCache<T> {
  /** The younger fills up, then takes the place of the older. Cheaper than an LRU list. */
  #young = new Generation<T>();
  #old = new Generation<T>();
  #capacity = MIN_TOPICS;
  /** Questions since the younger generation was empty. */
  #asked = 0;
  #rest = 0;

  /** Makes the room fit for so many patterns: more of them make more topics worth knowing. */
  fit(patterns: number): void {
    this.#capacity = Math.max(MIN_TOPICS, patterns);
  }

  /** The answer that was kept for a topic. */
  get(topic: string): readonly T[] | undefined {
    if (this.#rest > 0) {
      this.#rest--;
      return undefined;
    }
    this.#asked++;
    const values = this.#young.answers.get(topic);
    if (values !== undefined) return values;
    const older = this.#old.answers.get(topic);
    if (older !== undefined) this.#keep(topic, older);
    return older;
  }

  /** Keeps an answer, unless it rests. */
  set(topic: string, values: readonly T[]): void {
    if (this.#rest === 0) this.#keep(topic, values);
  }

  /** Says that one alternative of a pattern was added or removed. */
  change(text: string): void {
    this.#young.change(text);
    this.#old.change(text);
  }

  #keep(topic: string, values: readonly T[]): void {
    if (this.#young.kept >= this.#capacity) this.#turn();
    this.#young.keep(topic, values);
  }

  #turn(): void {
    if (this.#young.kept > this.#asked * (1 - WORTHWHILE)) this.#rest = REST * this.#young.kept;
    this.#asked = 0;
    this.#old = this.#young;
    this.#young = new Generation();
  }
}

/** Answers of one time, with the topics in chains. */
class Generation<T> {
  readonly answers = new Map<string, readonly T[]>();
  /** In the order of keeping; a topic that was forgotten and kept again stands here twice. */
  readonly #topics: string[] = [];
  /** Of each chain the last link, plus 1. Link 2n is topic n in the chain of its head, 2n + 1 in that of its tail. */
  readonly #last = new Int32Array(CHAINS);
  /** Of each link the one before it, plus 1. */
  readonly #before: number[] = [];

  /** How many answers were kept, forgotten ones included. */
  get kept(): number {
    return this.#topics.length;
  }

  keep(topic: string, values: readonly T[]): void {
    this.answers.set(topic, values);
    this.#topics.push(topic);
    this.#link(headOf(topic));
    this.#link(tailOf(topic));
  }

  change(text: string): void {
    if (!text.includes("*")) this.answers.delete(text);
    else if (this.answers.size === 0) return;
    else if (isSpelled(text, 0, secondDot(text))) this.#forget(headOf(text));
    else if (isSpelled(text, lastButOne(text), text.length)) this.#forget(tailOf(text));
    else this.answers.clear();
  }

  #link(chain: number): void {
    this.#before.push(this.#last[chain]!);
    this.#last[chain] = this.#before.length;
  }

  #forget(chain: number): void {
    for (let link = this.#last[chain]!; link !== 0; link = this.#before[link - 1]!) {
      this.answers.delete(this.#topics[(link - 1) >> 1]!);
    }
    this.#last[chain] = 0;
  }
}

/** The chain of all texts that start with the same two segments. */
function headOf(text: string): number {
  return chainOf(1, text, 0, secondDot(text));
}

/** The chain of all texts that end with the same two segments. */
function tailOf(text: string): number {
  return chainOf(2, text, lastButOne(text), text.length);
}

/** Where the second segment ends. */
function secondDot(text: string): number {
  const dot = text.indexOf(".", text.indexOf(".") + 1);
  return dot === -1 ? text.length : dot;
}

/** Where the last segment but one starts. */
function lastButOne(text: string): number {
  return text.lastIndexOf(".", text.lastIndexOf(".") - 1) + 1;
}

/** Whether a part of a pattern has two segments and no wildcard. */
function isSpelled(text: string, start: number, end: number): boolean {
  const part = text.slice(start, end);
  return part.includes(".") && !part.includes("*");
}

function chainOf(seed: number, text: string, start: number, end: number): number {
  let hash = seed;
  for (let at = start; at < end; at++) hash = Math.imul(hash, 31) + text.charCodeAt(at) | 0;
  return Math.imul(hash, GOLDEN) >>> SHIFT;
}

const GOLDEN = 0x9e3779b1;
/** A chain is so many of the highest bits of a product. */
const SHIFT = Math.clz32(CHAINS) + 1;
