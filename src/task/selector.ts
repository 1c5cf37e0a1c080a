/**
 * The selector language: which tasks are meant, in one line, as users of dbt and Dagster write it.
 *
 * ```text
 * selector = and { "or" and }
 * and      = not { "and" not }
 * not      = "not" not | walk
 * walk     = [ [ depth ] "+" ] atom [ "+" [ depth ] ]
 * atom     = "(" selector ")" | [ "name:" ] name | "tag:" tag
 * ```
 *
 * In names and tags `*` stands for any characters. `+a` is `a` with all that it depends on, `a+` with all that
 * depends on it, `2+a` with no more than two steps of it. There is no space around such a `+`. A tag with
 * other characters than letters, digits and `_-.:/=@*` stands in quotes, where `*` is a character like any
 * other. A task called `and`, `or` or `not` is written `name:and`.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";

/** A selector, read: what to select. */
export type Selector =
  | {
    /** Tasks by name; `pattern` may hold `*`. */
    readonly kind: "name";
    readonly pattern: string;
  }
  | {
    /** Tasks by tag; `pattern` may hold `*`, unless it was in quotes. */
    readonly kind: "tag";
    readonly pattern: string;
    readonly quoted: boolean;
  }
  | {
    /** Tasks with those that they depend on, and those that depend on them, so many steps far. */
    readonly kind: "walk";
    readonly of: Selector;
    readonly upstream: number;
    readonly downstream: number;
  }
  | {
    /** All other tasks. */
    readonly kind: "not";
    readonly of: Selector;
  }
  | {
    /** Tasks that all parts select, or that any of them does. */
    readonly kind: "and" | "or";
    readonly of: readonly Selector[];
  };

/** How long a selector may be: it comes from outside, and is read by recursion. */
export const MAX_SELECTOR_LENGTH = 1_000;

/**
 * Reads a selector.
 *
 * @param text For example `+report`, `tag:etl and not extract_*` or `2+(sales or stock)`.
 * @throws {MillraceError} `selector/invalid` with the position of the first fault, in characters from 0.
 *
 * @example A mistake is told with its place
 * ```ts
 * import { assert, assertEquals, assertThrows } from "@std/assert";
 * import { MillraceError, parseSelector } from "@millrace/millrace";
 *
 * assertEquals(parseSelector("1+load"), {
 *   kind: "walk",
 *   of: { kind: "name", pattern: "load" },
 *   upstream: 1,
 *   downstream: 0,
 * });
 * const error = assertThrows(() => parseSelector("load report"), MillraceError);
 * assert(MillraceError.is(error, "selector/invalid") && error.details.position === 5);
 * ```
 */
export function parseSelector(text: string): Selector {
  if (typeof text !== "string") throw invalid(text, 0, "it must be a string");
  if (text.length > MAX_SELECTOR_LENGTH) {
    throw invalid(text, MAX_SELECTOR_LENGTH, `it must be at most ${MAX_SELECTOR_LENGTH} characters long`);
  }
  const reader = new Reader(text);
  const selector = reader.any();
  reader.end();
  return selector;
}

/** A piece of the text. */
interface Token {
  /** `(`, `)`, `+`, a word, or nothing at the end. */
  readonly text: string;
  /** Where it starts. */
  readonly at: number;
}

const SPACE = /\s*/y;
/** A word ends before a space, a bracket or a `+`; in quotes it may hold them. */
const TOKEN = /[()+]|[^\s()+"]*"[^"]*"|[^\s()+"]+|"/y;
const NAME = /^[A-Za-z*][A-Za-z0-9_*-]*$/;
const TAG = /^[\w.:/=@*-]+$/;
const QUOTED = /^"([^"]+)"$/;

/** Reads by recursive descent, one token ahead. */
class Reader {
  readonly #text: string;
  #next: Token;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read(0);
  }

  any(): Selector {
    return this.#joined("or", () => this.#joined("and", () => this.#not()));
  }

  end(): void {
    if (this.#next.text === "") return;
    throw this.#wrong(
      this.#next.text === ")"
        ? 'there is no "(" for this ")"'
        : 'there must be "and" or "or" between two parts',
    );
  }

  #joined(word: "and" | "or", part: () => Selector): Selector {
    const parts = [part()];
    while (this.#next.text === word) {
      this.#take();
      parts.push(part());
    }
    return parts.length === 1 ? parts[0]! : { kind: word, of: parts };
  }

  #not(): Selector {
    if (this.#next.text !== "not") return this.#walk();
    this.#take();
    return { kind: "not", of: this.#not() };
  }

  #walk(): Selector {
    let upstream = 0;
    if (isDepth(this.#next.text) || this.#next.text === "+") {
      const depth = isDepth(this.#next.text) ? Number(this.#take().text) : Infinity;
      const plus = this.#next;
      if (plus.text !== "+") throw this.#wrong('a number must be followed by "+" and a task');
      this.#take();
      if (this.#next.text !== "" && this.#next.at !== plus.at + 1) {
        throw this.#wrong('there must be no space after "+"');
      }
      upstream = depth;
    }
    const of = this.#atom();
    let downstream = 0;
    if (this.#next.text === "+" && this.#isJoined()) {
      const plus = this.#take();
      downstream = isDepth(this.#next.text) && this.#next.at === plus.at + 1
        ? Number(this.#take().text)
        : Infinity;
    }
    return upstream + downstream === 0 ? of : { kind: "walk", of, upstream, downstream };
  }

  #atom(): Selector {
    const { text, at } = this.#next;
    if (text === "(") {
      this.#take();
      const inner = this.any();
      if (this.#next.text !== ")") throw invalid(this.#text, at, 'there is no ")" for this "("');
      this.#take();
      return inner;
    }
    if (text === "") throw this.#wrong("there must be a task, a tag or a bracket here");
    if (text.startsWith("tag:")) return this.#tag(text.slice("tag:".length));
    const pattern = text.startsWith("name:") ? text.slice("name:".length) : text;
    if (/^(and|or|not|\+|\))$/.test(text) || !NAME.test(pattern)) {
      throw this.#wrong(
        /[,&|!]/.test(text)
          ? 'parts are joined by "and", "or" and "not"'
          : 'there must be a name, "tag:" and a tag, or a bracket here',
      );
    }
    this.#take();
    return { kind: "name", pattern };
  }

  #tag(text: string): Selector {
    const quoted = QUOTED.exec(text)?.[1];
    if (quoted === undefined && !TAG.test(text)) {
      throw this.#wrong(
        text === "" ? 'there must be a tag after "tag:"' : "such a tag must stand in quotes",
      );
    }
    this.#take();
    return { kind: "tag", pattern: quoted ?? text, quoted: quoted !== undefined };
  }

  /** Whether the next token follows the one before without a space. */
  #isJoined(): boolean {
    return this.#next.at > 0 && !/\s/.test(this.#text[this.#next.at - 1]!);
  }

  #take(): Token {
    const token = this.#next;
    this.#next = this.#read(token.at + token.text.length);
    return token;
  }

  #read(from: number): Token {
    SPACE.lastIndex = from;
    SPACE.test(this.#text);
    const at = SPACE.lastIndex;
    TOKEN.lastIndex = at;
    return { text: TOKEN.exec(this.#text)?.[0] ?? "", at };
  }

  #wrong(rule: string): MillraceError {
    return invalid(this.#text, this.#next.at, rule);
  }
}

function isDepth(text: string): boolean {
  return /^[1-9]\d{0,8}$/.test(text);
}

function invalid(selector: string, position: number, rule: string): MillraceError {
  const shown = String(selector);
  return new MillraceError(
    "selector/invalid",
    `Cannot select tasks as ${rule}: ${JSON.stringify(shown.slice(0, 200))} at position ${position}`,
    { details: { selector: shown, position } },
  );
}
