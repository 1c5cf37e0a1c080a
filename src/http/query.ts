/**
 * Query strings: known keys only, each with its meaning.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import { unknownKey } from "../base/shape.ts";

/** The parameters of a query string that a route knows. */
export class Query<Key extends string> {
  readonly #query: URLSearchParams;
  readonly #issues: string[] = [];

  /**
   * Reads a query string.
   *
   * @param query What stands behind the `?`.
   * @param known All keys that may occur; any other is an issue.
   */
  constructor(query: URLSearchParams, known: readonly Key[]) {
    this.#query = query;
    for (const key of new Set(query.keys())) {
      if (!(known as readonly string[]).includes(key)) {
        this.#issues.push(unknownKey("query parameter", key, known));
      }
    }
  }

  /** A text, `undefined` if absent or empty. */
  text(key: Key): string | undefined {
    return this.#query.get(key) || undefined;
  }

  /** A list: repeated, separated by commas, or both; `undefined` if there is nothing in it. */
  list(key: Key): readonly string[] | undefined {
    const items = this.#query.getAll(key).flatMap((value) => value.split(",")).map((item) => item.trim())
      .filter((item) => item !== "");
    return items.length === 0 ? undefined : items;
  }

  /** `true`, `1` or nothing behind the key mean true; `false` and `0` mean false. */
  flag(key: Key): boolean | undefined {
    const value = this.#query.get(key);
    if (value === null) return undefined;
    if (value === "" || value === "true" || value === "1") return true;
    if (value !== "false" && value !== "0") this.#wrong(key, "true or false", value);
    return false;
  }

  /** A whole number from `min` to `max`. */
  integer(key: Key, min: number, max: number): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (!(number >= min && number <= max)) this.#wrong(key, `a whole number from ${min} to ${max}`, value);
    return number;
  }

  /** One of a few words. */
  oneOf<Word extends string>(key: Key, words: readonly Word[]): Word | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) this.#wrong(key, `one of ${words.join(", ")}`, value);
    return word;
  }

  /** A JSON object. */
  object(key: Key): Readonly<Record<string, unknown>> | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
    } catch {
      // No JSON is no object either.
    }
    this.#wrong(key, "a JSON object", text);
    return undefined;
  }

  /** Adds an issue of the route's own. */
  reject(issue: string): void {
    this.#issues.push(issue);
  }

  /** Throws one `http/bad-request` with all issues so far, if there are any. */
  assertValid(): void {
    if (this.#issues.length > 0) throw badRequest("read the query", this.#issues);
  }

  #wrong(key: Key, rule: string, value: string): void {
    this.#issues.push(`at '${key}': must be ${rule}: it is ${JSON.stringify(value)}`);
  }
}

/** A `http/bad-request` that lists its issues. */
export function badRequest(what: string, issues: readonly string[]): MillraceError {
  return new MillraceError("http/bad-request", `Cannot ${what} as ${issues.join("; ")}`, {
    details: { issues },
  });
}
