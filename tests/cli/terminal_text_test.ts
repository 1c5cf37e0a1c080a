import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { clip, oneLine, shortId, table, wrap } from "../../src/cli/terminal_text.ts";

Deno.test("oneLine() takes away whatever could steer a terminal", () => {
  assertEquals(oneLine("a\nb\r\n\tc"), "a b c");
  assertEquals(oneLine("\x1b[31mred\x1b[0m \x07"), "[31mred [0m");
  assertEquals(oneLine("left\u202eright"), "left right");
});

Deno.test("oneLine() leaves no control character of any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assert(!/\p{Cc}/u.test(oneLine(text)))));
});

Deno.test("clip() counts code points and marks what is missing", () => {
  assertEquals(clip("abc", 3), "abc");
  assertEquals(clip("abcd", 3), "ab…");
  assertEquals(clip("😀😀😀", 3), "😀😀😀");
  assertEquals(clip("abc", 0), "");
});

Deno.test("wrap() breaks at spaces and keeps long words whole", () => {
  assertEquals(wrap("one two three", 7), ["one two", "three"]);
  assertEquals(wrap("a http://127.0.0.1:8000/ b", 8), ["a", "http://127.0.0.1:8000/", "b"]);
});

Deno.test("wrap() loses no word", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 });
  fc.assert(fc.property(words, fc.integer({ min: 1, max: 40 }), (parts, columns) => {
    assertEquals(wrap(parts.join(" "), columns).join(" "), parts.join(" "));
  }));
});

Deno.test("shortId() takes the tail: ids made within a minute begin alike", () => {
  assertEquals(shortId("019aa000-0000-7000-8000-0000a41b09cc"), "a41b09cc");
});

Deno.test("table() aligns columns and clips the flexible one", () => {
  const rows = [["ID", "PIPELINE", "TOOK"], ["1", "a_pipeline_of_a_long_name", "0.8s"]];
  assertEquals(table(rows, 80, 1), [
    "ID  PIPELINE                   TOOK",
    "1   a_pipeline_of_a_long_name  0.8s",
  ]);
  assertEquals(table(rows, 20, 1), ["ID  PIPELINE    TOOK", "1   a_pipelin…  0.8s"]);
});
