import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkShape } from "../../src/base/shape.ts";

const SHAPE = {
  limit: "positive",
  keep: "count",
  name: "string",
  deep: "boolean",
  tags: "strings",
  params: "object",
  data: "any",
} as const;

Deno.test("checkShape() gives the object if every member is of its kind", () => {
  const value = { limit: 0.5, keep: 0, name: "a", deep: false, tags: ["x"], params: {}, data: null };
  assertEquals(checkShape(value, SHAPE), { ok: true, value });
  assertEquals(checkShape({}, SHAPE), { ok: true, value: {} });
});

Deno.test("checkShape() names everything that is wrong at once", () => {
  assertEquals(
    checkShape({ limit: 0, keep: 0.5, nam: "a", deep: 1, tags: ["x", ""], params: [], name: "" }, SHAPE),
    {
      ok: false,
      issues: [
        "at 'limit': must be a number above 0: it is 0",
        "at 'keep': must be a whole number from 0: it is 0.5",
        'there is no key "nam", did you mean "name"?',
        "at 'deep': must be true or false: it is 1",
        "at 'tags': must be an array of strings: it is an array",
        "at 'params': must be an object: it is an array",
        "at 'name': must be a string that is not empty: it is an empty string",
      ],
    },
  );
});

Deno.test("checkShape() does not know the names that every object inherits", () => {
  const checked = checkShape(JSON.parse('{ "__proto__": 1, "constructor": 2 }'), SHAPE);
  assert(!checked.ok);
  assertEquals(checked.issues.length, 2);
});

Deno.test("checkShape() accepts no JSON value but objects, and never throws", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const checked = checkShape(value, SHAPE);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    assert(isObject || !checked.ok);
    if (checked.ok) assert(Object.keys(checked.value).every((key) => Object.hasOwn(SHAPE, key)));
  }));
});
