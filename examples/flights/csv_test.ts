import { assert, assertEquals } from "@std/assert";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { csvCell } from "./csv.ts";

Deno.test("csvCell defuses what a spreadsheet would run, and leaves numbers alone", () => {
  assertEquals(csvCell("=1+1"), "'=1+1");
  assertEquals(csvCell("+49"), "'+49");
  assertEquals(csvCell("-2+3"), "'-2+3");
  assertEquals(csvCell("@SUM(A1)"), "'@SUM(A1)");
  assertEquals(csvCell('=HYPERLINK("x",1)'), `"'=HYPERLINK(""x"",1)"`);
  assertEquals(csvCell("-3.5"), "-3.5");
  assertEquals(csvCell("-12"), "-12");
});

Deno.test("csvCell gives back its text through a CSV reader, and never a formula", () => {
  fc.assert(fc.property(fc.array(fc.string(), { minLength: 2, maxLength: 4 }), (texts) => {
    const [cells] = parse(texts.map(csvCell).join(",") + "\r\n", { relax_column_count: true }) as string[][];
    for (const [index, text] of texts.entries()) {
      const cell = cells![index]!;
      assertEquals(cell.startsWith("'") && !text.startsWith("'") ? cell.slice(1) : cell, text);
      assert(!/^[=+@]/.test(cell));
    }
  }));
});
