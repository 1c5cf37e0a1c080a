import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MillraceError } from "../../src/base/errors.ts";
import {
  assertPublishable,
  assertTopic,
  compilePattern,
  matchTopic,
  parsePattern,
} from "../../src/event/topic.ts";
import { naiveMatch } from "./naive_match.ts";
import { words } from "./words.ts";

function positionOf(code: "topic/invalid" | "pattern/invalid", fn: () => void): number {
  const error = assertThrows(fn, MillraceError);
  assert(MillraceError.is(error, code), error.message);
  return error.details.position;
}

Deno.test("matchTopic takes `*` as exactly one segment", () => {
  assert(matchTopic("a.*.c", "a.b.c"));
  assert(matchTopic("*", "a"));
  assert(!matchTopic("*", "a.b"));
  assert(!matchTopic("a.*", "a"));
  assert(!matchTopic("a.*.c", "a.b.b.c"));
});

Deno.test("matchTopic takes `**` as zero or more segments, at any place", () => {
  for (const topic of ["a", "a.b", "a.b.c"]) assert(matchTopic("a.**", topic), topic);
  for (const topic of ["z", "a.z", "a.b.z"]) assert(matchTopic("**.z", topic), topic);
  for (const topic of ["a.z", "a.b.z", "a.b.c.z"]) assert(matchTopic("a.**.z", topic), topic);
  assert(matchTopic("**", "a.b.c"));
  assert(matchTopic("a.**.b.**.c", "a.x.b.b.y.c"));
  assert(!matchTopic("a.**.b.**.c", "a.c.b"));
  assert(!matchTopic("a.*.**", "a"));
  assert(!matchTopic("a.**", "b.a"));
});

Deno.test("matchTopic takes `|` as either", () => {
  assert(matchTopic("a.*|b.**", "a.x"));
  assert(matchTopic("a.*|b.**", "b.x.y"));
  assert(!matchTopic("a.*|b.**", "c.x"));
});

Deno.test("matchTopic compares by code unit, with case", () => {
  assert(!matchTopic("Sales.*", "sales.x"));
  assert(matchTopic("grüße.*.🚀", "grüße.welt.🚀"));
  assert(matchTopic("a.#.>", "a.#.>"), "wildcards of other systems are plain characters");
  assert(!matchTopic("a.#", "a.b"));
});

Deno.test("matchTopic never matches a `$` topic by a pattern that starts with a wildcard", () => {
  for (const pattern of ["**", "*.**", "**.slow", "*.slow", "**.$sys.slow"]) {
    assert(!matchTopic(pattern, "$sys.slow"), pattern);
  }
  assert(matchTopic("$sys.**", "$sys.slow"));
  assert(matchTopic("**|$sys.**", "$sys.slow"));
  assert(matchTopic("**.$b", "a.$b"), "reserved in the first segment only");
});

Deno.test("matchTopic checks both before it answers", () => {
  assertEquals(positionOf("pattern/invalid", () => matchTopic("a..b", "a.b")), 2);
  assertEquals(positionOf("topic/invalid", () => matchTopic("a.b", "a..b")), 2);
});

Deno.test("assertTopic names the position of the fault", () => {
  const faults: [topic: string, position: number][] = [
    ["", 0],
    [".a", 0],
    ["a.", 2],
    ["a..b", 2],
    ["a b", 1],
    ["a.b\n", 3],
    ["a.\u0000", 2],
    ["a.b\u00a0", 3],
    ["a.\ud800", 2],
    ["a.*", 2],
    ["a.**.b", 2],
    ["a.b*", 3],
    ["a|b", 1],
    ["1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17", 39],
    ["x".repeat(256), 255],
    ["ü".repeat(128), 127],
  ];
  for (const [topic, position] of faults) {
    assertEquals(positionOf("topic/invalid", () => assertTopic(topic)), position, JSON.stringify(topic));
  }
});

Deno.test("assertTopic accepts up to 16 segments and 255 bytes", () => {
  assertTopic("a");
  assertTopic("1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16");
  assertTopic("x".repeat(255));
  assertTopic("ü".repeat(127));
  assertTopic("$sys.advisory.slow");
});

Deno.test("assertTopic refuses what is no string", () => {
  for (const value of [undefined, null, 5, {}]) {
    assertEquals(positionOf("topic/invalid", () => assertTopic(value as unknown as string)), 0);
  }
});

Deno.test("parsePattern names the position of the fault in the whole pattern", () => {
  const faults: [pattern: string, position: number][] = [
    ["", 0],
    ["a|", 2],
    ["a||b", 2],
    ["|a", 0],
    ["a.b|c..d", 6],
    ["fo*", 2],
    ["a.*b", 2],
    ["a.***", 2],
    ["a | b", 1],
    ["**.a.**.b.**.c.**", 15],
    ["1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.*", 39],
    ["a|" + "x".repeat(256), 257],
  ];
  for (const [pattern, position] of faults) {
    assertEquals(positionOf("pattern/invalid", () => parsePattern(pattern)), position, pattern);
  }
});

Deno.test("parsePattern counts the limits for each alternative, after `**.**` has become `**`", () => {
  assertEquals(parsePattern("a.**.**.b|**").alternatives, [["a", "**", "b"], ["**"]]);
  const most = "**.a.**.b.**";
  assertEquals(parsePattern(`${most}|${most}`).alternatives.length, 2);
  assertEquals(parsePattern("**.**.**.**.a").alternatives, [["**", "a"]]);
  assertEquals(parsePattern(`${"x".repeat(255)}|${"y".repeat(255)}`).alternatives.length, 2);
});

Deno.test("an invalid topic of any size gives a short message", () => {
  const error = assertThrows(() => assertTopic("x".repeat(1e6)), MillraceError);
  assert(error.message.length < 500, String(error.message.length));
});

Deno.test("assertPublishable keeps users out of the system's topics", () => {
  for (
    const topic of ["run.x.started", "task.a.b.succeeded", "trigger.t.fired", "queue.q.dead", "$sys.x", "run"]
  ) {
    const error = assertThrows(() => assertPublishable(topic), MillraceError);
    assertEquals(error.code, "event/reserved-topic", topic);
  }
  for (const topic of ["run.request", "runs.x", "tasks", "a.run.b", "sales.$x"]) assertPublishable(topic);
});

const segment = fc.constantFrom("a", "b", "$");
const topics = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("."));
const alternatives = fc.array(fc.constantFrom("a", "b", "$", "*", "**"), { minLength: 1, maxLength: 6 })
  .filter((parts) => parts.filter((part) => part === "**").length <= 3)
  .map((parts) => parts.join("."));
const patterns = fc.array(alternatives, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("|"));

Deno.test("compilePattern agrees with the naive matcher", () => {
  fc.assert(
    fc.property(patterns, topics, (pattern, topic) => {
      assertEquals(compilePattern(pattern)(topic), naiveMatch(pattern, topic));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("compilePattern agrees with the naive matcher on every short pattern and topic", () => {
  const allTopics = words(["a", "b", "$"], 3);
  for (const pattern of words(["a", "b", "*", "**"], 4)) {
    if (pattern.split("**").length > 4) continue;
    const matches = compilePattern(pattern);
    for (const topic of allTopics) {
      if (matches(topic) !== naiveMatch(pattern, topic)) throw new Error(`${pattern} against ${topic}`);
    }
  }
});

Deno.test("compilePattern takes no longer for a hostile pattern", () => {
  const matches = compilePattern("**.a.**.a.**.b");
  const topic = "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";
  // Backtracking would take some hundred steps for each; here it is sixteen.
  for (let index = 0; index < 20_000; index++) assert(!matches(topic));
});

Deno.test("assertTopic and parsePattern accept or throw their own code, whatever they are given", () => {
  const codes = new Set(["topic/invalid", "pattern/invalid"]);
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
    for (const read of [assertTopic, parsePattern]) {
      try {
        read(text);
      } catch (error) {
        assert(MillraceError.is(error) && codes.has(error.code), text);
      }
    }
  }));
});

Deno.test("assertTopic takes the same texts, whether they are ASCII or not", () => {
  const unit = fc.constantFrom(
    "a",
    "$",
    "~",
    "!",
    ".",
    ".",
    "*",
    "|",
    " ",
    "\t",
    "\u007f",
    "\u0000",
    "é",
    "😀",
    "\ud800",
  );
  const text = fc.array(unit, { maxLength: 40, size: "max" }).map((units) => units.join(""));
  const isTopic = (topic: string): boolean => {
    try {
      assertTopic(topic);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(text, (topic) => {
      const segments = topic.split(".");
      const valid = segments.length <= 16 && segments.every((segment) =>
        /^[^\s\p{Cc}\p{Cs}*|]+$/u.test(segment)
      ) &&
        new TextEncoder().encode(topic).length <= 255;
      assertEquals(isTopic(topic), valid);
    }),
    { numRuns: 2_000 },
  );
  for (
    const [topic, valid] of [
      ["a".repeat(255), true],
      ["a".repeat(256), false],
      ["a.".repeat(15) + "a", true],
      ["a.".repeat(16) + "a", false],
    ] as const
  ) {
    assertEquals(isTopic(topic), valid);
  }
});
