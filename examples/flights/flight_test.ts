import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { parseChunk } from "./flight.ts";

const good = ["2001/01/01 00:47", 66, 1750, "DTW", "LAS"];

Deno.test("parseChunk turns good rows into columns", () => {
  const { flights, rejected } = parseChunk({
    firstRow: 0,
    rows: [good, ["2001/01/01 01:24", -5, 407, "LAS", "OAK"]],
  });
  assertEquals(rejected, []);
  assertEquals(flights, {
    minute: [16305167, 16305204],
    delay: [66, -5],
    distance: [1750, 407],
    origin: ["DTW", "LAS"],
    destination: ["LAS", "OAK"],
  });
});

Deno.test("parseChunk sets a bad row aside with its number, its reason and itself", () => {
  const bad: [row: unknown[], reason: string][] = [
    [["2001/02/30 00:47", 66, 1750, "DTW", "LAS"], 'date: must be a moment as "YYYY/MM/DD hh:mm"'],
    [
      ["2001/01/01 00:47", "66", 1750, "DTW", "LAS"],
      "delay: Invalid input: expected number, received string",
    ],
    [["2001/01/01 00:47", null, 1750, "DTW", "LAS"], "delay: Invalid input: expected number, received null"],
    [["2001/01/01 00:47", -1116, 1068, "MIA", "STL"], "delay: must not be over 3 hours early"],
    [["2001/01/01 00:47", 20_000, 1068, "MIA", "STL"], "delay: must not be over a week late"],
    [["2001/01/01 00:47", 66, 0, "DTW", "LAS"], "distance: Too small: expected number to be >0"],
    [["2001/01/01 00:47", 66, 1750, "<b>", "LAS"], "origin: must be an airport code"],
    [[42], "must be a record of date, delay, distance, origin, destination"],
  ];
  const { flights, rejected } = parseChunk({
    firstRow: 2_000,
    rows: [good, ...bad.map(([row]) => row), good],
  });
  assertEquals(flights.minute.length, 2);
  assertEquals(rejected, bad.map(([raw, reason], index) => ({ row: 2_001 + index, reason, raw })));
});

Deno.test("parseChunk gives every reason of a row", () => {
  const { rejected } = parseChunk({ firstRow: 0, rows: [["soon", 1.5, 1750, "DTW", "LAS"]] });
  assertStringIncludes(rejected[0]!.reason, "date: ");
  assertStringIncludes(rejected[0]!.reason, "delay: ");
});

Deno.test("parseChunk loses no row, whatever it holds", () => {
  const row = fc.oneof(fc.constant(good), fc.array(fc.jsonValue(), { maxLength: 6 }));
  fc.assert(fc.property(fc.array(row), fc.nat(), (rows, firstRow) => {
    const { flights, rejected } = parseChunk({ firstRow, rows });
    for (const column of Object.values(flights)) assertEquals(column.length, rows.length - rejected.length);
    for (const { row, raw } of rejected) assertEquals(raw, rows[row - firstRow]);
  }));
});
