import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MillraceError } from "../../src/base/errors.ts";
import { createTopicMatcher } from "../../src/event/matcher.ts";
import { naiveMatch } from "./naive_match.ts";

Deno.test("TopicMatcher gives the values whose patterns match, in the order of adding", () => {
  const matcher = createTopicMatcher<string>();
  matcher.add("a.*", "star");
  matcher.add("a.b", "literal");
  matcher.add("b.**", "other");
  matcher.add("**", "all");
  assertEquals(matcher.match("a.b"), ["star", "literal", "all"]);
  assertEquals(matcher.match("c"), ["all"]);
  assertEquals(matcher.size, 4);
});

Deno.test("TopicMatcher gives each value once, however many of its patterns match", () => {
  const matcher = createTopicMatcher<string>();
  const removeFirst = matcher.add("a.*", "x");
  matcher.add("a.b|a.c", "x");
  matcher.add("a.b", "x");
  assertEquals(matcher.match("a.b"), ["x"]);
  removeFirst();
  assertEquals(matcher.match("a.b"), ["x"]);
  assertEquals(matcher.match("a.z"), []);
});

Deno.test("TopicMatcher forgets what was removed, once and for all", () => {
  const matcher = createTopicMatcher<string>();
  const remove = matcher.add("a.b|c.d", "x");
  matcher.add("a.b", "y");
  assertEquals(matcher.match("a.b"), ["x", "y"]);
  remove();
  remove();
  assertEquals(matcher.match("a.b"), ["y"]);
  assertEquals(matcher.match("c.d"), []);
  assertEquals(matcher.size, 1);
});

Deno.test("TopicMatcher does not change an answer that it gave before", () => {
  const matcher = createTopicMatcher<string>();
  matcher.add("a", "x");
  const before = matcher.match("a");
  matcher.add("a", "y");
  assertEquals(before, ["x"]);
  assertEquals(matcher.match("a"), ["x", "y"]);
});

Deno.test("TopicMatcher refuses invalid patterns and topics", () => {
  const matcher = createTopicMatcher<string>();
  assertEquals(assertThrows(() => matcher.add("a.", "x"), MillraceError).code, "pattern/invalid");
  assertEquals(assertThrows(() => matcher.match("a.*"), MillraceError).code, "topic/invalid");
  assertEquals(matcher.size, 0);
});

Deno.test("TopicMatcher answers the same for more topics than its cache holds", () => {
  const matcher = createTopicMatcher<string>();
  matcher.add("t.*", "x");
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 5000; index++) assertEquals(matcher.match(`t.${index}`), ["x"]);
  }
});

Deno.test("TopicMatcher agrees with the naive matcher through any changes", () => {
  const pattern = fc.array(fc.constantFrom("a", "b", "*", "**", "a|b"), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join("."));
  const topic = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 3 }).map((parts) =>
    parts.join(".")
  );
  const step = fc.oneof(
    fc.record({ add: pattern, value: fc.nat(3) }),
    fc.record({ remove: fc.nat(10) }),
    fc.record({ match: topic }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const matcher = createTopicMatcher<number>();
    let model: { pattern: string; value: number; remove: () => void }[] = [];
    for (const step of steps) {
      if ("add" in step) {
        const remove = matcher.add(step.add, step.value);
        model.push({ pattern: step.add, value: step.value, remove });
      } else if ("remove" in step) {
        model[step.remove]?.remove();
        model = model.filter((_, index) => index !== step.remove);
      } else {
        const expected = model.filter((entry) => naiveMatch(entry.pattern, step.match)).map((entry) =>
          entry.value
        );
        assertEquals(matcher.match(step.match), [...new Set(expected)]);
      }
    }
  }));
});
