// The link itself, asserted with the platform's own means.
import { ok, throws } from "node:assert/strict";
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";

/** Pairs of an assertion that holds and one that does not. */
const cases: Record<string, [holds: () => unknown, fails: () => unknown]> = {
  assert: [() => assert(1), () => assert(0)],
  assertFalse: [() => assertFalse(""), () => assertFalse("x")],
  assertEquals: [
    () =>
      assertEquals({ a: [1, new Map([[1, 2]])] }, {
        a: [1, new Map([[1, 2]])],
      }),
    () => assertEquals([1], [2]),
  ],
  assertNotEquals: [
    () => assertNotEquals([1], [2]),
    () => assertNotEquals([1], [1]),
  ],
  assertStrictEquals: [
    () => assertStrictEquals(NaN, NaN),
    () => assertStrictEquals({}, {}),
  ],
  assertNotStrictEquals: [
    () => assertNotStrictEquals({}, {}),
    () => assertNotStrictEquals(1, 1),
  ],
  assertAlmostEquals: [
    () => assertAlmostEquals(0.1 + 0.2, 0.3),
    () => assertAlmostEquals(1, 1.1, 0.01),
  ],
  assertArrayIncludes: [
    () => assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]),
    () => assertArrayIncludes([1], [2]),
  ],
  assertExists: [() => assertExists(0), () => assertExists(null)],
  assertGreater: [() => assertGreater(2, 1), () => assertGreater(1, 1)],
  assertGreaterOrEqual: [
    () => assertGreaterOrEqual(1, 1),
    () => assertGreaterOrEqual(0, 1),
  ],
  assertLess: [() => assertLess(1, 2), () => assertLess(1, 1)],
  assertLessOrEqual: [
    () => assertLessOrEqual(1, 1),
    () => assertLessOrEqual(2, 1),
  ],
  assertInstanceOf: [
    () => assertInstanceOf(new TypeError(), Error),
    () => assertInstanceOf({}, Error),
  ],
  assertNotInstanceOf: [
    () => assertNotInstanceOf({}, Error),
    () => assertNotInstanceOf(new Error(), Error),
  ],
  assertIsError: [
    () => assertIsError(new TypeError("no x"), TypeError, "x"),
    () => assertIsError(new Error("y"), Error, /x/),
  ],
  assertMatch: [() => assertMatch("abc", /b/), () => assertMatch("abc", /x/)],
  assertNotMatch: [
    () => assertNotMatch("abc", /x/),
    () => assertNotMatch("abc", /b/),
  ],
  assertStringIncludes: [
    () => assertStringIncludes("abc", "bc"),
    () => assertStringIncludes("abc", "x"),
  ],
  assertThrows: [() => assertThrows(() => fail()), () => assertThrows(() => 1)],
  fail: [() => 1, () => fail()],
  unimplemented: [() => 1, () => unimplemented()],
  unreachable: [() => 1, () => unreachable()],
};

for (const [name, [holds, fails]] of Object.entries(cases)) {
  Deno.test(`${name} passes what holds and throws an AssertionError for what does not`, () => {
    holds();
    throws(fails, AssertionError);
  });
}

Deno.test("assertEquals shows the difference and the note", () => {
  throws(
    () => assertEquals({ name: "a", size: 1 }, { name: "a", size: 2 }, "sizes"),
    (error: Error) =>
      /sizes/.test(error.message) && /\+ {3}size: 1/.test(error.message) &&
      /- {3}size: 2/.test(error.message),
  );
});

Deno.test("assertThrows gives the error and looks at its class and message", () => {
  const thrown = new RangeError("limit is 3");
  assertStrictEquals(
    assertThrows(() => raise(thrown), RangeError, "limit"),
    thrown,
  );
  throws(() => assertThrows(() => raise(thrown), TypeError), AssertionError);
  throws(
    () => assertThrows(() => raise(thrown), RangeError, "other"),
    AssertionError,
  );
});

Deno.test("assertRejects gives the reason and looks at its class and message", async () => {
  const reason = new RangeError("limit is 3");
  assertStrictEquals(
    await assertRejects(() => Promise.reject(reason), RangeError, "limit"),
    reason,
  );
  await assertRejects(
    () => assertRejects(() => Promise.resolve(1)),
    AssertionError,
    "to reject",
  );
  await assertRejects(
    () => assertRejects(() => raise(reason)),
    AssertionError,
    "throws",
  );
  await assertRejects(
    () => assertRejects(() => Promise.reject(reason), TypeError),
    AssertionError,
  );
});

Deno.test("assertObjectMatch compares only what is mentioned, at any depth", () => {
  assertObjectMatch({ a: 1, b: { c: [{ d: 1, e: 2 }], f: 3 } }, {
    b: { c: [{ d: 1 }] },
  });
  throws(
    () => assertObjectMatch({ b: { c: [1, 2] } }, { b: { c: [1] } }),
    AssertionError,
  );
  throws(() => assertObjectMatch({ a: 1 }, { b: undefined }), AssertionError);
  throws(
    () => assertObjectMatch({ at: new Date(1) }, { at: new Date(2) }),
    AssertionError,
  );
});

Deno.test("equal compares deeply", () => {
  ok(equal({ a: [1] }, { a: [1] }));
  ok(!equal({ a: [1] }, { a: [2] }));
});

function raise(error: Error): never {
  throw error;
}
