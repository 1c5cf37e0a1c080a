/**
 * Answers that a matcher gave lately, by topic.
 *
 * A change of patterns makes no answer stale but those of the topics that the changed pattern matches: the last
 * few changes are remembered, and an answer from before is checked against them when it is asked for again.
 *
 * @module
 */
import { compilePattern } from "./topic.ts";

/** How many topics each of the two halves remembers. */
const MAX_TOPICS = 16_384;
/** How many changes are remembered: to check more costs more than to match again. */
const MAX_CHANGES = 64;
/** After so many questions it is looked at whether the cache is any good. */
const TRIAL = 1024;
/** Below this share of hits, keeping answers costs more than it gives. */
const WORTHWHILE = 0.2;
/** For how many questions it rests then, before the next trial. */
const REST = 16 * TRIAL;

/** What a topic had for an answer. */
interface Answer<T> {
  readonly values: readonly T[];
  /** The last change up to which it is known to hold. */
  version: number;
}

/** A pattern that was added or removed. */
interface Change {
  /** What every topic that it matches starts with. */
  readonly prefix: string;
  /** The last code unit of the prefix: it tells most topics apart at the price of nothing. */
  readonly unit: number;
  readonly text: string;
  /** Made when it is first needed. */
  matches: ((topic: string) => boolean) | undefined;
}

/** Answers by topic, bounded. */
export class AnswerCache<T> {
  /** Two generations: the younger fills up, then takes the place of the older. Cheaper than an LRU list. */
  #young = new Map<string, Answer<T>>();
  #old = new Map<string, Answer<T>>();
  readonly #changes: Change[] = [];
  #version = 0;
  #asked = 0;
  #missed = 0;
  #rest = 0;

  /** The answer that was kept for a topic, if it still holds. */
  get(topic: string): readonly T[] | undefined {
    if (this.#rest > 0) {
      this.#rest--;
      return undefined;
    }
    this.#asked++;
    const answer = this.#young.get(topic);
    if (answer !== undefined && (answer.version === this.#version || this.#holds(topic, answer))) {
      return answer.values;
    }
    return this.#getOld(topic);
  }

  /** Keeps an answer, unless it rests. */
  set(topic: string, values: readonly T[]): void {
    if (this.#rest > 0) return;
    this.#keep(topic, { values, version: this.#version });
    if (this.#asked < TRIAL) return;
    if (this.#missed > this.#asked * (1 - WORTHWHILE)) this.#rest = REST;
    this.#asked = this.#missed = 0;
  }

  /** Says that one alternative of a pattern was added or removed. */
  change(text: string): void {
    const wild = text.indexOf("*");
    // `a.**` matches `a`, too: the dot before a wildcard is no part of the prefix.
    const prefix = wild === -1 ? text : text.slice(0, Math.max(0, wild - 1));
    const unit = prefix.charCodeAt(prefix.length - 1);
    this.#changes[++this.#version % MAX_CHANGES] = { prefix, unit, text, matches: undefined };
  }

  /** Forgets everything. */
  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#changes.length = 0;
    // Nothing is left that an earlier change could concern.
    this.#version += MAX_CHANGES + 1;
  }

  #getOld(topic: string): readonly T[] | undefined {
    const answer = this.#old.get(topic);
    if (answer !== undefined && this.#holds(topic, answer)) {
      this.#keep(topic, answer);
      return answer.values;
    }
    this.#missed++;
    return undefined;
  }

  #keep(topic: string, answer: Answer<T>): void {
    if (this.#young.size >= MAX_TOPICS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(topic, answer);
  }

  #holds(topic: string, answer: Answer<T>): boolean {
    if (this.#version - answer.version > MAX_CHANGES) return false;
    for (let version = answer.version + 1; version <= this.#version; version++) {
      if (concerns(this.#changes[version % MAX_CHANGES]!, topic)) return false;
    }
    answer.version = this.#version;
    return true;
  }
}

function concerns(change: Change, topic: string): boolean {
  const { prefix, unit, text } = change;
  if (prefix.length > 0) {
    if (topic.charCodeAt(prefix.length - 1) !== unit || !topic.startsWith(prefix)) return false;
    if (prefix.length === text.length) return topic.length === text.length;
  }
  return (change.matches ??= compilePattern(change.text))(topic);
}
