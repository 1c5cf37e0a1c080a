import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MillraceError } from "../../src/base/errors.ts";
import { createTopicMatcher } from "../../src/event/matcher.ts";
import { naiveMatch } from "./naive_match.ts";
import { words } from "./words.ts";

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
    for (let index = 0; index < 40_000; index++) assertEquals(matcher.match(`t.${index}`), ["x"]);
  }
});

Deno.test("TopicMatcher answers right while its cache rests, and after", () => {
  const matcher = createTopicMatcher<string>();
  matcher.add("t.*", "x");
  // None comes twice: after the first 16,384 there is no sense in keeping them.
  for (let index = 0; index < 20_000; index++) assertEquals(matcher.match(`t.${index}`), ["x"]);
  const remove = matcher.add("*.1", "y");
  assertEquals(matcher.match("t.1"), ["x", "y"]);
  for (let index = 0; index < 300_000; index++) matcher.match(`t.${index % 10}`);
  assertEquals(matcher.match("t.1"), ["x", "y"]);
  remove();
  assertEquals(matcher.match("t.1"), ["x"]);
});

Deno.test("TopicMatcher agrees with the naive matcher through any changes", () => {
  const pattern = fc.array(fc.constantFrom("a", "b", "*", "**", "a|b"), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("."));
  const topic = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 4 }).map((parts) =>
    parts.join(".")
  );
  const step = fc.oneof(
    fc.record({ add: pattern, value: fc.nat(3) }),
    fc.record({ remove: fc.nat(10) }),
    fc.record({ match: topic }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
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

Deno.test("TopicMatcher agrees with the naive matcher on every pattern and topic of a small alphabet", () => {
  const patterns = words(["a", "b", "*", "**"], 4).filter((pattern) => pattern.split("**").length <= 4);
  const topics = words(["a", "b", "$"], 5);
  const matcher = createTopicMatcher<string>();
  const remove = patterns.map((pattern) => matcher.add(pattern, pattern));
  const assertAll = (present: readonly string[]): void => {
    for (const topic of topics) {
      const expected = present.filter((pattern) => naiveMatch(pattern, topic));
      if (matcher.match(topic).join() !== expected.join()) throw new Error(topic);
    }
  };
  assertAll(patterns);
  for (const [index, removeOne] of remove.entries()) if (index % 2 === 0) removeOne();
  assertAll(patterns.filter((_, index) => index % 2 === 1));
  for (const removeOne of remove) removeOne();
  assertAll([]);
  assertEquals(matcher.size, 0);
});

Deno.test("TopicMatcher answers right after any number of changes, wherever the pattern has its wildcards", () => {
  const matcher = createTopicMatcher<number>();
  const topics = ["a.b", "a.b.c", "c.a.b", "a"];
  const changes = ["a.*", "a.b", "**", "*.b", "a.b.**", "a.b.c|a", "d", "**.a.b", "a.b.*", "*.b.c"];
  const model: { pattern: string; remove: () => void; value: number }[] = [];
  for (let round = 0; round < 500; round++) {
    if (round % 3 === 2) model.splice((round * 7) % model.length, 1)[0]!.remove();
    else {
      const pattern = changes[(round * 5) % changes.length]!;
      model.push({ pattern, value: round, remove: matcher.add(pattern, round) });
    }
    // Each topic is asked for after another number of changes.
    for (const [index, topic] of topics.entries()) {
      if (round % (1 + index * 45) !== 0) continue;
      const expected = model.filter(({ pattern }) => naiveMatch(pattern, topic)).map(({ value }) => value);
      assertEquals(matcher.match(topic), expected);
    }
  }
});

Deno.test("TopicMatcher does not mistake patterns whose keys are the same", () => {
  const matcher = createTopicMatcher<string>();
  // "a" and "b" change places, and the wildcards between them.
  for (const pattern of ["*.**.a", "**.*.a", "a.*.**", "*.a.**", "**.a.*", "a.**.*", "a.b", "b.a"]) {
    matcher.add(pattern, pattern);
  }
  for (const topic of words(["a", "b"], 4)) {
    const expected = ["*.**.a", "**.*.a", "a.*.**", "*.a.**", "**.a.*", "a.**.*", "a.b", "b.a"];
    assertEquals(matcher.match(topic), expected.filter((pattern) => naiveMatch(pattern, topic)), topic);
  }
});
