import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { assertKeys, assertName, isName, nearest } from "../../src/base/names.ts";

Deno.test("isName takes letters, digits, _ and -, from a letter on, up to 63", () => {
  for (const name of ["a", "Z9", "load_orders-2", "a".repeat(63)]) assert(isName(name), name);
  for (const name of ["", "1a", "_a", "-a", "a.b", "a b", "a/b", "ä", "a\n", "a".repeat(64)]) {
    assertEquals(isName(name), false, name);
  }
});

Deno.test("assertName says what may not have the name, the rule, and the value", () => {
  assertName("task", "fine");
  for (
    const [name, shown] of [["a.b", '"a.b"'], [undefined, "undefined"], [5, "5"], [null, "null"]] as const
  ) {
    assertThrows(
      () => assertName("task", name),
      TypeError,
      `Cannot define task as its name must be letters, digits, "_" or "-", starting with a letter, ` +
        `at most 63: current value is ${shown}`,
    );
  }
});

Deno.test("assertKeys refuses an unknown option, and suggests the one that was meant", () => {
  assertKeys("a task", { name: 1 }, ["name", "run"]);
  assertKeys("a task", {}, []);
  assertThrows(
    () => assertKeys("a task", { timeOutMs: 5 }, ["name", "timeoutMs"]),
    TypeError,
    'Cannot define a task as it has no option "timeOutMs", did you mean "timeoutMs"?',
  );
  const error = assertThrows(() => assertKeys("a task", { colour: 1 }, ["name"]), TypeError);
  assertEquals(error.message, 'Cannot define a task as it has no option "colour"');
});

Deno.test("nearest mends a letter too many, too few or wrong, neighbours in the wrong order, and case", () => {
  const known = ["name", "timeoutMs", "maxRetries", "run"];
  const slips = {
    nmae: "name",
    anme: "name",
    nam: "name",
    names: "name",
    nane: "name",
    NAME: "name",
    rnu: "run",
    timeuotMs: "timeoutMs",
    timeout: "timeoutMs",
    maxRetires: "maxRetries",
    maxretry: undefined,
    colour: undefined,
    "": undefined,
  };
  for (const [word, meant] of Object.entries(slips)) assertEquals(nearest(word, known), meant, word);
});

Deno.test("nearest prefers the nearer, and of equals the first", () => {
  assertEquals(nearest("tasks", ["masks", "task"]), "masks");
  assertEquals(nearest("order", ["orders", "order"]), "order");
  assertEquals(nearest("x", []), undefined);
});

Deno.test("nearest finds every word after one slip of the finger", () => {
  const word = fc.stringMatching(/^[a-z]{3,12}$/);
  fc.assert(fc.property(word, fc.nat(), fc.nat(3), (word, at, slip) => {
    const i = at % (word.length - 1);
    const slipped = [
      () => word.slice(0, i) + word.slice(i + 1),
      () => word.slice(0, i) + "_" + word.slice(i),
      () => word.slice(0, i) + "_" + word.slice(i + 1),
      () => word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2),
    ][slip]!();
    assertEquals(nearest(slipped, ["0000000000000000", word]), word);
  }));
});
