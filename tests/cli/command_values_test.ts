import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  InvalidValue,
  parseList,
  parseParam,
  parseSpan,
  parseWholeNumber,
} from "../../src/cli/command_values.ts";

Deno.test("parseParam() gives back any JSON value", () => {
  fc.assert(fc.property(fc.stringMatching(/^[a-z_]{1,8}$/), fc.jsonValue(), (key, value) => {
    assertEquals(parseParam(`${key}=${JSON.stringify(value)}`), { [key]: JSON.parse(JSON.stringify(value)) });
  }));
});

Deno.test("parseParam() keeps a key such as __proto__ a key", () => {
  assertEquals(Object.keys(parseParam("__proto__=1")), ["__proto__"]);
  assertEquals(Object.keys(parseParam("b=2", parseParam("__proto__=1"))), ["__proto__", "b"]);
});

Deno.test("parseParam() splits at the first equals sign", () => {
  assertEquals(parseParam("filter=a=b"), { filter: "a=b" });
});

Deno.test("parseWholeNumber() takes exactly the whole numbers within bounds", () => {
  fc.assert(fc.property(fc.nat(1_000), (value) => {
    if (value >= 5 && value <= 500) assertEquals(parseWholeNumber(String(value), 5, 500), value);
    else assertThrows(() => parseWholeNumber(String(value), 5, 500), InvalidValue);
  }));
  for (const text of ["", "-1", "1.5", "0x10", "1e2", " 7"]) {
    assertThrows(() => parseWholeNumber(text, 0, 500), InvalidValue);
  }
});

Deno.test("parseList() drops blanks and adds to what was there", () => {
  assertEquals(parseList(" b, ,c ", ["a"]), ["a", "b", "c"]);
});

Deno.test("parseSpan() takes a number and a unit", () => {
  assertEquals(["0s", "5ms", "90s", "2m", "12h", "7d", "1w"].map(parseSpan), [
    0,
    5,
    90_000,
    120_000,
    43_200_000,
    604_800_000,
    604_800_000,
  ]);
  for (const text of ["", "7", "d", "7 d", "-7d", "1.5h", "7y"]) {
    assertThrows(() => parseSpan(text), InvalidValue);
  }
});
