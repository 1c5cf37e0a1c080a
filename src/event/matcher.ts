/**
 * Many patterns against one topic: who wants this event?
 *
 * @module
 */
import { AnswerCache } from "./answer_cache.ts";
import { parsePattern } from "./topic.ts";
import { type Indexed, TopicIndex } from "./topic_index.ts";

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

/** An empty matcher. Topics that come again are answered from a bounded cache. */
export function createTopicMatcher<T>(): TopicMatcher<T> {
  return new CachedMatcher<T>();
}

class CachedMatcher<T> implements TopicMatcher<T> {
  readonly #index = new TopicIndex<T>();
  readonly #cache = new AnswerCache<T>();
  #added = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(pattern: string, value: T): () => void {
    const { alternatives } = parsePattern(pattern);
    const order = this.#added++;
    let present: Indexed<T> | undefined;
    for (const segments of alternatives) {
      const joined = segments.join(".");
      // The caller has this text already: no second copy.
      const text = joined === pattern ? pattern : joined;
      present = this.#index.add(segments, text, value, order, present);
      this.#cache.change(text);
    }
    this.#cache.fit(++this.#size);
    return () => {
      if (present === undefined) return;
      for (let entry: Indexed<T> | undefined = present; entry !== undefined; entry = entry.sibling) {
        this.#index.remove(entry);
        this.#cache.change(entry.text);
      }
      this.#cache.fit(--this.#size);
      present = undefined;
    };
  }

  match(topic: string): readonly T[] {
    const known = this.#cache.get(topic);
    if (known !== undefined) return known;
    const values = this.#index.match(topic);
    this.#cache.set(topic, values);
    return values;
  }
}
