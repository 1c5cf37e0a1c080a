/**
 * The index of patterns by the shape of their wildcards (tuple space search: Srinivasan, Suri and Varghese,
 * "Packet Classification using Tuple Space Search", 1999).
 *
 * All patterns with wildcards at the same places share one hash table, whose key is a hash of the segments
 * that are no wildcards. A topic is looked up once in the table of each shape that its length allows: how many
 * patterns there are does not matter, how many shapes does. What lies between two `**` is no part of the key;
 * such patterns are looked up by what stands around it, and the rest is left to the matcher of the pattern.
 *
 * @module
 */
import { KeyTable } from "./key_table.ts";
import { compilePattern, isLiteral, MAX_SEGMENTS } from "./topic.ts";
import { type Cut, cutTopic, hashSegments } from "./topic_cut.ts";

/** What was added under one alternative of a pattern. Those with the same key are a list. */
export interface Indexed<T> {
  readonly value: T;
  /** Where it stands in the order of adding. */
  readonly order: number;
  /** The alternative as text. */
  readonly text: string;
  readonly key: number;
  readonly shape: Shape<T>;
  /** What was added with it, under another alternative of the same pattern. */
  readonly sibling: Indexed<T> | undefined;
  previous: Indexed<T> | undefined;
  next: Indexed<T> | undefined;
}

/** Where the wildcards of a pattern are. */
class Shape<T> {
  /** The first of each list, by key. */
  readonly lists = new KeyTable<Indexed<T>>();
  /** Of patterns with several `**`. */
  readonly matchers = new Map<string, (topic: string) => boolean>();
  /** Whether it takes no topics of the system. */
  readonly startsWild: boolean;
  /** How many segments stand before the first `**`, or in all if there is none. */
  readonly head: number;
  /** How many segments stand after the last `**`. */
  readonly tail: number;
  readonly hasGlob: boolean;
  /** Whether it has more than one `**`. */
  readonly isDeep: boolean;
  readonly isLiteral: boolean;
  /** Which segments are literal; from `head` on, those of the tail. */
  readonly #literals: readonly number[];

  constructor(segments: readonly string[]) {
    const first = segments.indexOf("**");
    const last = segments.lastIndexOf("**");
    this.hasGlob = first !== -1;
    this.isDeep = first !== last;
    this.head = this.hasGlob ? first : segments.length;
    this.tail = this.hasGlob ? segments.length - 1 - last : 0;
    this.startsWild = segments[0]!.startsWith("*");
    this.isLiteral = isLiteral(segments);
    const around = aroundGlobs(segments, this.head, this.tail);
    this.#literals = [...around.keys()].filter((index) => around[index] !== "*");
  }

  /** The key of a topic, or of segments that a pattern has around its `**`. */
  keyOf(hashes: Int32Array, count: number): number {
    const gap = count - this.head - this.tail;
    let key = 0;
    for (let at = 0; at < this.#literals.length; at++) {
      const index = this.#literals[at]!;
      key = Math.imul(key, MULTIPLIER) + hashes[index < this.head ? index : index + gap]! | 0;
    }
    return key;
  }

  /** Whether a pattern of this shape matches a topic: equal keys do not prove it. */
  holds(text: string, cut: Cut): boolean {
    if (this.isLiteral) return text === cut.topic;
    if (this.isDeep) return this.matchers.get(text)!(cut.topic);
    const { topic, ends, count } = cut;
    let at = 0;
    for (let step = 0; step < this.head + this.tail; step++) {
      if (step === this.head) at += "**.".length;
      const index = step < this.head ? step : count - this.tail + step - this.head;
      const start = index === 0 ? 0 : ends[index - 1]! + 1;
      const length = ends[index]! - start;
      if (text.charCodeAt(at) === STAR) {
        at += "*.".length;
        continue;
      }
      for (let offset = 0; offset < length; offset++) {
        if (text.charCodeAt(at + offset) !== topic.charCodeAt(start + offset)) return false;
      }
      at += length;
      if (at < text.length && text.charCodeAt(at) !== DOT) return false;
      at++;
    }
    return true;
  }
}

/** Of the linear congruential generator in "Numerical Recipes". */
const MULTIPLIER = 1664525;
const STAR = 0x2a;
const DOT = 0x2e;

/** Patterns with what was added under each. */
export class TopicIndex<T> {
  readonly #shapes = new Map<string, Shape<T>>();
  /** The shapes that may match a topic of so many segments. */
  readonly #byLength: Shape<T>[][] = Array.from({ length: MAX_SEGMENTS + 1 }, () => []);

  /** Adds a value under the segments of one alternative; `text` is what they are when joined. */
  add(
    segments: readonly string[],
    text: string,
    value: T,
    order: number,
    sibling?: Indexed<T>,
  ): Indexed<T> {
    const shape = this.#shapeOf(segments);
    const around = aroundGlobs(segments, shape.head, shape.tail);
    const key = shape.keyOf(hashSegments(around), around.length);
    const next = shape.lists.get(key);
    const added: Indexed<T> = { value, order, text, key, shape, sibling, previous: undefined, next };
    if (next !== undefined) next.previous = added;
    shape.lists.set(key, added);
    if (shape.isDeep && !shape.matchers.has(text)) shape.matchers.set(text, compilePattern(text));
    return added;
  }

  /** Takes away what {@linkcode TopicIndex.add} gave; leaves no trace of it. */
  remove({ shape, key, text, previous, next }: Indexed<T>): void {
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else if (next !== undefined) shape.lists.set(key, next);
    else shape.lists.delete(key);
    if (shape.isDeep && !hasText(shape.lists.get(key), text)) shape.matchers.delete(text);
    if (shape.lists.size === 0) this.#forget(shape);
  }

  /**
   * The values whose patterns match, each once, in the order of adding.
   *
   * @throws {MillraceError} `topic/invalid`.
   */
  match(topic: string): readonly T[] {
    const found: Indexed<T>[] = [];
    const cut = cutTopic(topic);
    const { hashes, count, isSystem } = cut;
    for (const shape of this.#byLength[count]!) {
      if (isSystem && shape.startsWild) continue;
      let entry = shape.lists.get(shape.keyOf(hashes, count));
      let text: string | undefined;
      let holds = false;
      for (; entry !== undefined; entry = entry.next) {
        if (entry.text !== text) holds = shape.holds(text = entry.text, cut);
        if (holds) found.push(entry);
      }
    }
    return valuesOf(found);
  }

  #shapeOf(segments: readonly string[]): Shape<T> {
    const name = nameOf(segments);
    let shape = this.#shapes.get(name);
    if (shape !== undefined) return shape;
    shape = new Shape<T>(segments);
    this.#shapes.set(name, shape);
    const shortest = shape.head + shape.tail;
    const longest = shape.hasGlob ? MAX_SEGMENTS : shortest;
    for (let length = shortest; length <= longest; length++) this.#byLength[length]!.push(shape);
    return shape;
  }

  #forget(shape: Shape<T>): void {
    for (const [name, other] of this.#shapes) if (other === shape) this.#shapes.delete(name);
    for (const shapes of this.#byLength) {
      const at = shapes.indexOf(shape);
      if (at !== -1) shapes.splice(at, 1);
    }
  }
}

/** The same for all patterns of one shape; what lies between two `**` is no part of it. */
function nameOf(segments: readonly string[]): string {
  const first = segments.indexOf("**");
  const last = segments.lastIndexOf("**");
  let name = "";
  for (let index = 0; index < segments.length; index++) {
    if (index === first || index === last) name += ">";
    else if (index < first || index > last) name += segments[index] === "*" ? "*" : ".";
  }
  return name;
}

function aroundGlobs(segments: readonly string[], head: number, tail: number): readonly string[] {
  return [...segments.slice(0, head), ...segments.slice(segments.length - tail)];
}

function hasText<T>(entry: Indexed<T> | undefined, text: string): boolean {
  for (; entry !== undefined; entry = entry.next) if (entry.text === text) return true;
  return false;
}

/** Each value once, in the order of adding. Kept for long, so in an array that has no room to grow. */
function valuesOf<T>(found: Indexed<T>[]): readonly T[] {
  if (found.length === 0) return NONE;
  if (found.length === 1) return [found[0]!.value];
  sort(found);
  const values = found.map(({ value }) => value);
  const isOnce = found.length <= FEW && values.every((value, index) => values.indexOf(value) === index);
  return isOnce ? values : [...new Set(values)];
}

/** For a few, quicker than `Array.sort`. */
function sort<T>(found: Indexed<T>[]): void {
  if (found.length > FEW) return void found.sort((a, b) => a.order - b.order);
  for (let end = 1; end < found.length; end++) {
    const entry = found[end]!;
    let at = end;
    for (; at > 0 && found[at - 1]!.order > entry.order; at--) found[at] = found[at - 1]!;
    found[at] = entry;
  }
}

const FEW = 8;
const NONE: readonly never[] = [];
