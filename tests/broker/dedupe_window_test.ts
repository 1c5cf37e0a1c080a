import { assert, assertFalse } from "@std/assert";
import { DedupeWindow } from "../../src/broker/dedupe_window.ts";

Deno.test("DedupeWindow admits an id once within the window, and again at its edge", () => {
  const window = new DedupeWindow(1000, 10);
  assert(window.admit("a", 5000));
  assertFalse(window.admit("a", 5000));
  assertFalse(window.admit("a", 5999));
  assert(window.admit("a", 6000));
  assertFalse(window.admit("a", 6001));
});

Deno.test("DedupeWindow remembers an id for the whole window, whatever comes in between", () => {
  const window = new DedupeWindow(1000, 10);
  window.admit("first", 0);
  window.admit("a", 999);
  window.admit("b", 1000);
  assertFalse(window.admit("a", 1998));
  assert(window.admit("first", 1998));
});

Deno.test("DedupeWindow remembers at least the last so many ids, and not many more", () => {
  const window = new DedupeWindow(1000, 10);
  for (let index = 0; index < 100; index++) assert(window.admit(`${index}`, 0));
  for (let index = 90; index < 100; index++) assertFalse(window.admit(`${index}`, 0), `${index}`);
  assert(window.admit("79", 0));
});
