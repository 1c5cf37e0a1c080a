/**
 * What other brokers promise of their wildcards, in our words and grammar. Where our grammar says something else
 * on purpose, the row stands here with the rule that excludes it.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { createTopicMatcher } from "../../src/event/matcher.ts";
import { assertTopic, matchTopic, parsePattern } from "../../src/event/topic.ts";

const EMPTY = "a segment must not be empty";
const WHOLE = `a wildcard must be a whole segment, "*" or "**"`;
const SPELLED = `it must not hold "*" or "|"`;

/** What a row says: whether it matches, or which rule of ours it breaks. */
type Verdict = boolean | typeof EMPTY | typeof WHOLE | typeof SPELLED;

function assertVerdict(pattern: string, topic: string, verdict: Verdict): void {
  const row = `${JSON.stringify(pattern)} and ${JSON.stringify(topic)}`;
  if (typeof verdict === "boolean") return assertEquals(matchTopic(pattern, topic), verdict, row);
  assertBreaks(verdict, () => matchTopic(pattern, topic), row);
}

function assertBreaks(rule: string, use: () => void, row: string): void {
  const error = assertThrows(use, MillraceError, undefined, row);
  assert(error.message.includes(rule), `${row}: ${error.message}`);
}

// RabbitMQ: rabbit_exchange_type_topic and its test of 26 bindings (rabbitmq/rabbitmq-server, MPL-2.0), which
// qlobber carries as test/rabbitmq.js (davedoesdev/qlobber, MIT). `#` is `**` here.
const BINDINGS = [
  "a.b.c",
  "a.*.c",
  "a.**.b",
  "a.b.b.c",
  "**",
  "**.**",
  "**.b",
  "*.*",
  "a.*",
  "*.b.c",
  "a.**",
  "a.**.**",
  "b.b.c",
  "a.b.b",
  "a.b",
  "b.c",
  "", // Left out: an empty binding. A segment must not be empty.
  "*.*.*",
  "vodka.martini",
  "a.b.c",
  "*.**",
  "**.*.**",
  "*.**.**",
  "**.**.**",
  "*",
  "**.b.**",
];
/** By topic, the bindings that match, counted from 1. */
const BOUND: readonly (readonly [topic: string, bindings: readonly number[]])[] = [
  ["a.b.c", [1, 2, 5, 6, 10, 11, 12, 18, 20, 21, 22, 23, 24, 26]],
  ["a.b", [3, 5, 6, 7, 8, 9, 11, 12, 15, 21, 22, 23, 24, 26]],
  ["a.b.b", [3, 5, 6, 7, 11, 12, 14, 18, 21, 22, 23, 24, 26]],
  ["", [5, 6, 17, 24]], // Left out: an empty topic. A segment must not be empty.
  ["b.c.c", [5, 6, 18, 21, 22, 23, 24, 26]],
  ["a.a.a.a.a", [5, 6, 11, 12, 21, 22, 23, 24]],
  ["vodka.gin", [5, 6, 8, 21, 22, 23, 24]],
  ["vodka.martini", [5, 6, 8, 19, 21, 22, 23, 24]],
  ["b.b.c", [5, 6, 10, 13, 18, 21, 22, 23, 24, 26]],
  ["nothing.here.at.all", [5, 6, 21, 22, 23, 24]],
  ["oneword", [5, 6, 21, 22, 23, 24, 25]],
];
const UNBOUND = [1, 5, 11, 19, 21];

Deno.test("TopicMatcher gives what RabbitMQ gives for its 26 bindings, before and after some are removed", () => {
  const matcher = createTopicMatcher<number>();
  const remove = new Map<number, () => void>();
  for (const [index, binding] of BINDINGS.entries()) {
    if (binding === "") assertBreaks(EMPTY, () => matcher.add(binding, index + 1), "empty binding");
    else remove.set(index + 1, matcher.add(binding, index + 1));
  }
  const assertBound = (present: (binding: number) => boolean): void => {
    for (const [topic, bindings] of BOUND) {
      if (topic === "") assertBreaks(EMPTY, () => matcher.match(topic), "empty topic");
      else assertEquals(matcher.match(topic), bindings.filter(present), topic);
    }
  };
  assertBound(() => true);
  for (const binding of UNBOUND) remove.get(binding)!();
  assertBound((binding) => !UNBOUND.includes(binding));
  for (const removeOne of remove.values()) removeOne();
  assertBound(() => false);
  assertEquals(matcher.size, 0);
});

// Mosquitto: test/unit/libcommon/topic_test.c (eclipse-mosquitto/mosquitto, EPL-2.0 or BSD-3-Clause). `/` is `.`
// here, `+` is `*` and `#` is `**`.
const MOSQUITTO: readonly (readonly [pattern: string, topic: string, verdict: Verdict])[] = [
  ["sub", "", EMPTY],
  ["", "topic", EMPTY],
  ["", "", EMPTY],
  // What matches there.
  ["foo.**", "foo.", EMPTY],
  ["foo.**", "foo", true],
  ["foo..bar", "foo..bar", EMPTY],
  ["foo..*", "foo..bar", EMPTY],
  ["foo.*.*.baz", "foo...baz", EMPTY],
  ["foo.bar.*", "foo.bar.", EMPTY],
  ["foo.bar", "foo.bar", true],
  ["foo.*", "foo.bar", true],
  ["foo.*.baz", "foo.bar.baz", true],
  ["A.B.*.**", "A.B.B.C", true],
  ["foo.*.**", "foo.bar.baz", true],
  ["foo.*.**", "foo.bar", true],
  ["**", "foo.bar.baz", true],
  ["**", ".foo.bar", EMPTY],
  [".**", ".foo.bar", EMPTY],
  // What is valid there and does not match.
  ["test.6.**", "test.3", false],
  ["foo.bar", "foo", false],
  ["foo.*", "foo.bar.baz", false],
  ["foo.*.baz", "foo.bar.bar", false],
  ["foo.*.**", "fo2.bar.baz", false],
  [".**", "foo.bar", EMPTY],
  ["**", "$SYS.bar", false],
  ["$BOB.bar", "$SYS.bar", false],
  // What is invalid there, as it is here.
  ...["*foo", "fo*o", "foo*", "*foo.bar", "foo*.bar", "foo.*bar", "foo.bar*"].flatMap((text) =>
    [[text, text, WHOLE], [text, text.replace("*", "a"), WHOLE]] as const
  ),
  ...["**foo", "fo**o", "foo**", "**foo.bar", "foo**.bar", "foo.**bar", "foo.bar**"].map((text) =>
    [text, text, WHOLE] as const
  ),
  ["foo.*", "foo.*", SPELLED],
  ["foo.**", "foo.*", SPELLED],
  ["foo.*", "foo.bar.*", SPELLED],
  ["foo.**", "foo.bar.*", SPELLED],
  ["foo.*", "foo.**", SPELLED],
  ["foo.**", "foo.**", SPELLED],
  ["foo.*", "foo.bar.**", SPELLED],
  ["foo.**", "foo.bar.**", SPELLED],
  ["foo**", "foo", WHOLE],
  ["fo**o.", "foo", WHOLE],
  ["foo**", "fooa", WHOLE],
  ["foo*", "foo", WHOLE],
  ["foo.**a", "foo", WHOLE],
  ["**a", "foo", WHOLE],
  ["foo.**abc", "foo", WHOLE],
  ["**abc", "foo", WHOLE],
  [".**a", "foo.bar", EMPTY],
];

Deno.test("matchTopic says what mosquitto says of its table", () => {
  for (const row of MOSQUITTO) assertVerdict(...row);
});

// Left out of mosquitto's table: what it does with no string at all (`NULL`) is tested of assertTopic; `%c` and
// `%u`, which stand for the client and its user, are no part of our grammar: a pattern knows no reader.

// NATS: server/sublist_test.go (nats-io/nats-server, Apache-2.0). `>` is one or more there: `*.**` here.
const NATS_MATCH: readonly (readonly [topic: string, pattern: string, verdict: Verdict])[] = [
  ["foo", "foo", true],
  ["foo", "bar", false],
  ["foo", "*", true],
  ["foo", "*.**", true],
  ["foo.bar", "*.**", true],
  ["foo.bar", "foo.*.**", true],
  ["foo", "foo.*.**", false],
  ["foo.bar", "bar.*.**", false],
  ["stats.test.22", "stats.*.**", true],
  ["stats.test.22", "stats.*.*", true],
  ["foo.bar", "foo", false],
  ["stats.test.foos", "stats.test.foos", true],
  ["stats.test.foos", "stats.test.foo", false],
  ["stats.test", "stats.test.*", false],
  ["stats.test.foos", "stats.*", false],
  ["stats.test.foos", "stats.*.*.foos", false],
  // Literal there, as it is no whole token. Here a wildcard must be a whole segment, and a topic has none.
  ["*bar", "*bar", WHOLE],
  ["foo*", "foo*", WHOLE],
  ["foo*bar", "foo*bar", WHOLE],
  ["foo.***.bar", "foo.***.bar", WHOLE],
  ["foo.*-", "foo.*-", WHOLE],
  // `>` is a character like any other here.
  [">bar", ">bar", true],
  ["foo>", "foo>", true],
  ["foo>bar", "foo>bar", true],
  ["foo.>>>.bar", "foo.>>>.bar", true],
  ["foo.>-", "foo.>-", true],
  ["foo.bar", "foo.>-", false],
];

Deno.test("matchTopic says what NATS says of literals and wildcards", () => {
  for (const [topic, pattern, verdict] of NATS_MATCH) assertVerdict(pattern, topic, verdict);
});

Deno.test("assertTopic says what NATS says of literal subjects, but of `*` inside a token", () => {
  for (const topic of ["foo", "foo>", "foo>>", "foo.>>", "foo>bar", "foo.>bar", "foo>.bar", ">bar"]) {
    assertTopic(topic);
  }
  for (const topic of [".foo", "foo.", "foo..bar"]) assertBreaks(EMPTY, () => assertTopic(topic), topic);
  for (const topic of ["foo.bar.*", "*"]) assertBreaks(SPELLED, () => assertTopic(topic), topic);
  // Left out, valid there: `*` is kept out of topics altogether, so that none is taken for a pattern.
  for (const topic of ["foo*", "foo**", "foo.**", "foo*bar", "foo.*bar", "foo*.bar", "*bar"]) {
    assertBreaks(SPELLED, () => assertTopic(topic), topic);
  }
  // Left out, invalid there: `>` is a wildcard there and a character like any other here.
  for (const topic of ["foo.bar.>", ">"]) assertTopic(topic);
});

Deno.test("parsePattern says what NATS says of subjects, but of partial wildcards and of their place", () => {
  for (const pattern of ["foo", "foo.bar.*", "foo.bar.*.**", "*", "*.**", "foo>", "foo.>>", ">bar"]) {
    parsePattern(pattern);
  }
  for (const pattern of [".", ".foo", "foo.", "foo..bar"]) {
    assertBreaks(EMPTY, () => parsePattern(pattern), pattern);
  }
  // Left out, valid there: a wildcard must be a whole segment.
  for (const pattern of ["foo*", "foo**", "foo*bar", "foo.*bar", "foo*.bar", "*bar"]) {
    assertBreaks(WHOLE, () => parsePattern(pattern), pattern);
  }
  // Left out, invalid there: `**` may stand at any place.
  for (const pattern of ["*.**.bar", "foo.*.**.bar", "a.**.b"]) parsePattern(pattern);
});

Deno.test("TopicMatcher inserts, removes and forgets as the sublist of NATS does", () => {
  const matcher = createTopicMatcher<string>();
  const add = (pattern: string) => matcher.add(pattern, pattern);
  const removeLiteral = add("a.b.c.d");
  assertEquals(matcher.match("a.b.c.d"), ["a.b.c.d"]);
  const [removeStar, removeRest] = [add("a.b.*.d"), add("a.b.*.**")];
  assertEquals([matcher.size, matcher.match("a.b.c.d").length], [3, 3]);
  removeLiteral();
  removeRest();
  assertEquals([matcher.size, matcher.match("a.b.c.d")], [1, ["a.b.*.d"]]);
  removeStar();
  assertEquals([matcher.size, matcher.match("a.b.c.d")], [0, []]);

  add("foo");
  assertEquals([matcher.match("foo"), matcher.match("foo.bar")], [["foo"], []]);
  assertEquals(matcher.size, 1);
});

Deno.test("TopicMatcher does not let an answer from before a change stand, as NATS had to learn", () => {
  const matcher = createTopicMatcher<string>();
  assertEquals(matcher.match("foo.bar"), []);
  matcher.add("foo.*", "star");
  assertEquals(matcher.match("foo.bar"), ["star"]);
  const remove = matcher.add("*.**", "rest");
  assertEquals(matcher.match("foo.bar"), ["star", "rest"]);
  matcher.add("foo.bar", "literal");
  assertEquals(matcher.match("foo.bar"), ["star", "rest", "literal"]);
  remove();
  assertEquals(matcher.match("foo.bar"), ["star", "literal"]);
});
