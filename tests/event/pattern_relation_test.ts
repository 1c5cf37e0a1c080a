import { assert, assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { isSubset, patternsOverlap } from "../../src/event/pattern_relation.ts";
import { MAX_GLOBS } from "../../src/event/topic.ts";
import { naiveMatch } from "./naive_match.ts";
import { words } from "./words.ts";

const topics = words(["a", "b", "$", "z"], 4);
const alternatives = words(["a", "$", "*", "**"], 3);
const patterns = [
  ...alternatives,
  "a|b",
  "a|a.*.**",
  "*|*.**|$",
  "*.**|$|$.**",
  "a.**|b",
  "**.a|**.b|**.z|**.$",
  "**.a.**.b.**",
  "a.*.**.z",
];
/** Which of the topics a pattern matches. */
const matched = new Map(
  patterns.map((pattern) => [pattern, topics.map((topic) => naiveMatch(pattern, topic))] as const),
);

Deno.test("isSubset is what every pair of patterns and all topics of a small alphabet say", () => {
  for (const inner of patterns) {
    for (const outer of patterns) {
      const theirs = matched.get(outer)!;
      const expected = matched.get(inner)!.every((matches, index) => !matches || theirs[index]!);
      // Where a longer topic or another letter decides, the alphabet cannot tell: there it must not claim more.
      if (isSubset(inner, outer) && !expected) throw new Error(`${inner} is no part of ${outer}`);
      const plain = `${inner}|${outer}`.split("**").length <= 2 && !/[|$]/.test(`${inner}${outer}`);
      if (plain && !isSubset(inner, outer) && expected) throw new Error(`${inner} is a part of ${outer}`);
    }
  }
});

Deno.test("patternsOverlap is what every pair of patterns and all topics of a small alphabet say", () => {
  for (const one of patterns) {
    for (const other of patterns) {
      const theirs = matched.get(other)!;
      const expected = matched.get(one)!.some((matches, index) => matches && theirs[index]!);
      // A topic that both match may need to be longer than the longest here: then both have a `**`.
      const short = !(one.includes("**") && other.includes("**"));
      if (expected ? !patternsOverlap(one, other) : short && patternsOverlap(one, other)) {
        throw new Error(`${one} and ${other}: ${!expected}`);
      }
      assertEquals(patternsOverlap(one, other), patternsOverlap(other, one));
    }
  }
});

// As NATS tells subsets and collisions (nats-io/nats-server, server/sublist.go, Apache-2.0), `>` as `*.**`.
Deno.test("isSubset and patternsOverlap agree with what NATS says of literals, `*` and `>`", () => {
  const table: [one: string, other: string, subset: boolean, overlap: boolean][] = [
    ["foo.bar", "foo.bar", true, true],
    ["foo.*", "*.**", true, true],
    ["foo.*", "*.*", true, true],
    ["foo.*", "foo.*", true, true],
    ["foo.*", "foo.bar", false, true],
    ["foo.*.**", "*.**", true, true],
    ["foo.*.**", "*.*.**", true, true],
    ["foo.*.**", "foo.*.**", true, true],
    ["foo.*.**", "foo.bar", false, true],
    ["foo.bar", "foo.*", true, true],
    ["foo.*", "bar.*", false, false],
    ["foo.*.baz", "foo.bar.*", false, true],
    ["foo.*.**", "foo", false, false],
    ["*.bar", "foo.*", false, true],
    ["*.**", "foo.bar.*.**", false, true],
  ];
  for (const [one, other, subset, overlap] of table) {
    assertEquals([isSubset(one, other), patternsOverlap(one, other)], [subset, overlap], `${one}, ${other}`);
  }
});

Deno.test("isSubset and patternsOverlap know that a topic has at most 16 segments and 255 bytes", () => {
  const nine = Array(9).fill("a").join(".");
  const other = Array(9).fill("b").join(".");
  assert(patternsOverlap("a.**", "**.b"));
  assert(!patternsOverlap(`${nine}.**`, `**.${other}`));
  assert(!patternsOverlap(`${"x".repeat(200)}.**`, `**.${"y".repeat(200)}`));
  assert(isSubset(`${nine}.**`, `*.${nine.slice(2)}|${nine}.*.**`));
});

Deno.test("isSubset answers for the worst patterns at once", () => {
  const worst = Array(MAX_GLOBS).fill("**").join(".a.");
  assert(isSubset(worst, worst));
  assert(!isSubset(worst, "**.a.a.a.**"));
});

Deno.test("isSubset and patternsOverlap refuse invalid patterns", () => {
  for (const relation of [isSubset, patternsOverlap]) {
    for (const [one, other] of [["a", "a..b"], ["a..b", "a"]] as const) {
      assertEquals(assertThrows(() => relation(one, other), MillraceError).code, "pattern/invalid");
    }
  }
});
