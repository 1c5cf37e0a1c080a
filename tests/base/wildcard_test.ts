import { assert, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import { wildcard } from "../../src/base/wildcard.ts";

Deno.test("wildcard takes * for any characters, none included", () => {
  for (const text of ["ab", "axb", "a--b", "abb"]) assert(wildcard("a*b")(text), text);
  for (const text of ["a", "b", "ba", "abc", ""]) assertFalse(wildcard("a*b")(text), text);
  assert(wildcard("*")(""));
  assert(wildcard("a**b")("ab"));
  assertFalse(wildcard("a*a")("a"), "one character is not two");
});

Deno.test("wildcard without * fits the text itself only", () => {
  assert(wildcard("a.c")("a.c"));
  assertFalse(wildcard("a.c")("abc"));
});

Deno.test("wildcard agrees with a regular expression on any text", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 6 });
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const expected = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text);
      assertEquals(wildcard(pattern)(text), expected);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("wildcard of many parts stays linear on a long text", () => {
  assertFalse(wildcard("*a".repeat(200) + "*b")("a".repeat(100_000)));
});
