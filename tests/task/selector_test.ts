import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MillraceError } from "../../src/base/errors.ts";
import { MAX_SELECTOR_LENGTH, parseSelector, type Selector } from "../../src/task/selector.ts";
import { selectors, selectorText } from "./selectors.ts";

const name = (pattern: string): Selector => ({ kind: "name", pattern });
const tag = (pattern: string, quoted = false): Selector => ({ kind: "tag", pattern, quoted });

function faultOf(text: string): [position: number, message: string] {
  const error = assertThrows(() => parseSelector(text), MillraceError);
  assert(MillraceError.is(error, "selector/invalid"));
  assertEquals(error.details.selector, text);
  return [error.details.position, error.message];
}

Deno.test("parseSelector reads names and tags, with * for any characters", () => {
  assertEquals(parseSelector("extract_sales-2"), name("extract_sales-2"));
  assertEquals(parseSelector("*"), name("*"));
  assertEquals(parseSelector("extract_*"), name("extract_*"));
  assertEquals(parseSelector("tag:etl"), tag("etl"));
  assertEquals(parseSelector("tag:team=data/*"), tag("team=data/*"));
  assertEquals(parseSelector('tag:"a b+c*"'), tag("a b+c*", true));
});

Deno.test("parseSelector reads how far upstream and downstream to go", () => {
  const walk = (upstream: number, downstream: number): Selector => ({
    kind: "walk",
    of: name("a"),
    upstream,
    downstream,
  });
  assertEquals(parseSelector("+a"), walk(Infinity, 0));
  assertEquals(parseSelector("a+"), walk(0, Infinity));
  assertEquals(parseSelector("2+a"), walk(2, 0));
  assertEquals(parseSelector("a+2"), walk(0, 2));
  assertEquals(parseSelector("1+a+12"), walk(1, 12));
  assertEquals(parseSelector("+(a)+"), walk(Infinity, Infinity));
});

Deno.test("parseSelector binds + before not, not before and, and before or", () => {
  assertEquals(parseSelector("a or b and not c+"), {
    kind: "or",
    of: [name("a"), {
      kind: "and",
      of: [name("b"), {
        kind: "not",
        of: { kind: "walk", of: name("c"), upstream: 0, downstream: Infinity },
      }],
    }],
  });
  assertEquals(parseSelector("(a or b) and c"), {
    kind: "and",
    of: [{ kind: "or", of: [name("a"), name("b")] }, name("c")],
  });
  assertEquals(parseSelector(" not  not a "), { kind: "not", of: { kind: "not", of: name("a") } });
});

Deno.test("parseSelector takes name: for tasks that are called like a word of the language", () => {
  assertEquals(parseSelector("name:and and name:tag"), { kind: "and", of: [name("and"), name("tag")] });
  assertEquals(parseSelector("android"), name("android"));
});

Deno.test("parseSelector names the rule and the position of the first fault", () => {
  const faults: [text: string, position: number, rule: string][] = [
    ["", 0, "there must be a task, a tag or a bracket here"],
    ["a or", 4, "there must be a task, a tag or a bracket here"],
    ["a b", 2, 'there must be "and" or "or" between two parts'],
    ["a +b", 2, 'there must be "and" or "or" between two parts'],
    ["a+b", 2, 'there must be "and" or "or" between two parts'],
    ["a)", 1, 'there is no "(" for this ")"'],
    ["a and (b or c", 6, 'there is no ")" for this "("'],
    ["+ a", 2, 'there must be no space after "+"'],
    ["++a", 1, 'there must be a name, "tag:" and a tag, or a bracket here'],
    ["2a", 0, 'there must be a name, "tag:" and a tag, or a bracket here'],
    ["0+a", 0, 'there must be a name, "tag:" and a tag, or a bracket here'],
    ["2 or a", 2, 'a number must be followed by "+" and a task'],
    ["and", 0, 'there must be a name, "tag:" and a tag, or a bracket here'],
    ["a,b", 0, 'parts are joined by "and", "or" and "not"'],
    ["a & b", 2, 'there must be "and" or "or" between two parts'],
    ["tag:", 0, 'there must be a tag after "tag:"'],
    ['tag:""', 0, "such a tag must stand in quotes"],
    ["tag:ä", 0, "such a tag must stand in quotes"],
    ['a or tag:"b', 5, 'there must be a tag after "tag:"'],
    ["a.b", 0, 'there must be a name, "tag:" and a tag, or a bracket here'],
  ];
  for (const [text, position, rule] of faults) {
    assertEquals(
      faultOf(text),
      [position, `Cannot select tasks as ${rule}: ${JSON.stringify(text)} at position ${position}`],
      text,
    );
  }
  assertThrows(() => parseSelector(1 as never), MillraceError, "it must be a string");
});

Deno.test("parseSelector refuses what is too long, and reads all that is not", () => {
  const deep = "(".repeat(MAX_SELECTOR_LENGTH / 2 - 1) + "a" + ")".repeat(MAX_SELECTOR_LENGTH / 2 - 1);
  assertEquals(parseSelector(deep), name("a"));
  assertEquals(faultOf("a".repeat(MAX_SELECTOR_LENGTH + 1))[0], MAX_SELECTOR_LENGTH);
});

Deno.test("parseSelector reads back any selector that is written", () => {
  fc.assert(fc.property(selectors, (selector) => {
    const text = selectorText(selector);
    fc.pre(text.length <= MAX_SELECTOR_LENGTH);
    assertEquals(parseSelector(text), selector);
  }));
});

Deno.test("parseSelector reads any text, or says where it is wrong", () => {
  const pieces = fc.constantFrom(
    "a",
    "tag:x",
    "+",
    "2",
    "(",
    ")",
    "and",
    "or",
    "not",
    " ",
    '"',
    "*",
    "ä",
    ",",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")), (text) => {
      try {
        parseSelector(text);
      } catch (error) {
        assert(MillraceError.is(error, "selector/invalid"), String(error));
        assert(error.details.position >= 0 && error.details.position <= text.length);
      }
    }),
    { numRuns: 3_000 },
  );
});
