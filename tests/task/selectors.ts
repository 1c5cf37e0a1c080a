/** Selectors for property tests. */
import fc from "fast-check";
import type { Selector } from "../../src/task/selector.ts";

const PLAIN = { noNullPrototype: true } as const;

/** Any selector that the language can say. */
export const selectors: fc.Arbitrary<Selector> = fc.letrec<{ any: Selector; atom: Selector }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("atom"),
    fc.record({ kind: fc.constant("not" as const), of: tie("any") }, PLAIN),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      of: fc.array(tie("any"), { minLength: 2, maxLength: 3 }),
    }, PLAIN),
    fc.record({
      kind: fc.constant("walk" as const),
      of: tie("any"),
      upstream: fc.constantFrom(0, 1, 2, Infinity),
      downstream: fc.constantFrom(1, 3, Infinity),
    }, PLAIN),
  ),
  atom: fc.oneof(
    fc.constantFrom("a", "b", "c*", "*", "and", "not").map((pattern): Selector => ({
      kind: "name",
      pattern,
    })),
    fc.constantFrom("x", "y", "*").map((pattern): Selector => ({ kind: "tag", pattern, quoted: false })),
    fc.constantFrom("x", "y z", "*").map((pattern): Selector => ({ kind: "tag", pattern, quoted: true })),
  ),
})).any;

/** A selector as text, with brackets round every part. */
export function selectorText(selector: Selector): string {
  switch (selector.kind) {
    case "name":
      return `name:${selector.pattern}`;
    case "tag":
      return selector.quoted ? `tag:"${selector.pattern}"` : `tag:${selector.pattern}`;
    case "not":
      return `not (${selectorText(selector.of)})`;
    case "and":
    case "or":
      return selector.of.map((part) => `(${selectorText(part)})`).join(` ${selector.kind} `);
    case "walk": {
      const steps = (count: number): string => count === Infinity ? "" : String(count);
      const before = selector.upstream === 0 ? "" : `${steps(selector.upstream)}+`;
      const after = selector.downstream === 0 ? "" : `+${steps(selector.downstream)}`;
      return `${before}(${selectorText(selector.of)})${after}`;
    }
  }
}
