/**
 * Many patterns against one topic: who wants this event?
 *
 * @module
 */
import { assertTopic, compilePattern, isLiteral, parsePattern } from "./topic.ts";

/** Finds the values whose patterns match a topic. */
export interface TopicMatcher<T> {
  /** How many patterns there are. */
  readonly size: number;
  /**
   * Adds a value under a pattern. The same value may stand under several patterns.
   *
   * @returns Call it to take this one away again; calling it twice is harmless.
   * @throws {MillraceError} `pattern/invalid`.
   */
  add(pattern: string, value: T): () => void;
  /**
   * The values whose patterns match, each once, in the order in which they were added. The array is shared
   * by later calls and never changes.
   *
   * @throws {MillraceError} `topic/invalid`.
   */
  match(topic: string): readonly T[];
}

/** What was added once. */
interface Entry<T> {
  readonly value: T;
  /** Where it stands in the order of adding. */
  readonly order: number;
}

/** How many topics each of the two halves of the cache remembers. */
const CACHED_TOPICS = 1024;

/** An empty matcher. Topics that come again are answered from a bounded cache, until a pattern changes. */
export function createTopicMatcher<T>(): TopicMatcher<T> {
  return new CachedMatcher<T>();
}

class CachedMatcher<T> implements TopicMatcher<T> {
  /** Entries that match exactly one topic each, or one of a few. */
  readonly #literals = new Map<string, Set<Entry<T>>>();
  /** All others. */
  readonly #wildcards = new Map<Entry<T>, (topic: string) => boolean>();
  /** Two generations: the younger fills up, then takes the place of the older. Cheaper than an LRU list. */
  #young = new Map<string, readonly T[]>();
  #old = new Map<string, readonly T[]>();
  #added = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(pattern: string, value: T): () => void {
    const parsed = parsePattern(pattern);
    const entry = { value, order: this.#added++ };
    const topics = parsed.alternatives.every(isLiteral)
      ? parsed.alternatives.map((segments) => segments.join("."))
      : undefined;
    if (topics === undefined) this.#wildcards.set(entry, compilePattern(parsed));
    else for (const topic of topics) this.#addLiteral(topic, entry);
    this.#changed(1);
    let present = true;
    return () => {
      if (!present) return;
      present = false;
      if (topics === undefined) this.#wildcards.delete(entry);
      else for (const topic of topics) this.#removeLiteral(topic, entry);
      this.#changed(-1);
    };
  }

  match(topic: string): readonly T[] {
    const known = this.#young.get(topic);
    if (known !== undefined) return known;
    const values = this.#old.get(topic) ?? this.#find(topic);
    if (this.#young.size >= CACHED_TOPICS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(topic, values);
    return values;
  }

  #find(topic: string): readonly T[] {
    assertTopic(topic);
    const found = [...this.#literals.get(topic) ?? []];
    for (const [entry, matches] of this.#wildcards) if (matches(topic)) found.push(entry);
    found.sort((a, b) => a.order - b.order);
    return [...new Set(found.map((entry) => entry.value))];
  }

  #addLiteral(topic: string, entry: Entry<T>): void {
    const entries = this.#literals.get(topic);
    if (entries === undefined) this.#literals.set(topic, new Set([entry]));
    else entries.add(entry);
  }

  #removeLiteral(topic: string, entry: Entry<T>): void {
    const entries = this.#literals.get(topic);
    entries?.delete(entry);
    if (entries?.size === 0) this.#literals.delete(topic);
  }

  #changed(by: 1 | -1): void {
    this.#size += by;
    if (this.#young.size > 0) this.#young = new Map();
    if (this.#old.size > 0) this.#old = new Map();
  }
}
