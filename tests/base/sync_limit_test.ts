import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { callWithin, Interrupted } from "../../src/base/sync_limit.ts";

Deno.test("callWithin gives what the function gives", () => {
  const value = {};
  assertStrictEquals(callWithin(() => value, 1_000), value);
  assertEquals(callWithin(() => undefined, 1_000), undefined);
});

Deno.test("callWithin throws what the function throws, whatever it is", () => {
  const error = new RangeError("own");
  assertStrictEquals(
    assertThrows(() =>
      callWithin(() => {
        throw error;
      }, 1_000)
    ),
    error,
  );
  for (const thrown of [undefined, null, "text", 5]) {
    let caught: unknown = "nothing";
    try {
      callWithin(() => {
        throw thrown;
      }, 1_000);
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, thrown);
  }
});

Deno.test("callWithin interrupts what cannot be caught: loops, recursion in loops, regular expressions", () => {
  const endless: (() => void)[] = [
    () => {
      for (;;);
    },
    () => {
      for (;;) {
        try {
          for (;;);
        } catch {
          // goes on
        }
      }
    },
    () => void /^(a+)+$/.test("a".repeat(60) + "b"),
  ];
  for (const fn of endless) assertThrows(() => callWithin(fn, 20), Interrupted);
});

Deno.test("callWithin works again after it interrupted, and within itself", () => {
  assertThrows(() =>
    callWithin(() => {
      for (;;);
    }, 10), Interrupted);
  assertEquals(callWithin(() => callWithin(() => "inner", 1_000) + " outer", 1_000), "inner outer");
  const inner = (): string => {
    try {
      callWithin(() => {
        for (;;);
      }, 10);
    } catch (error) {
      return error instanceof Interrupted ? "interrupted" : "something else";
    }
    return "went on";
  };
  assertEquals(callWithin(inner, 1_000), "interrupted");
});

Deno.test("callWithin takes any time: what is left of one that has passed, fractions, years", () => {
  for (const limitMs of [-5, 0, 0.2, 1e12]) assertEquals(callWithin(() => "done", limitMs), "done");
});
