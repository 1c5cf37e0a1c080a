import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { dateOf, formatWallMinute, hourOf, parseWallMinute, weekdayOf, WEEKDAYS } from "./wall_clock.ts";

/** Zeller's congruence: a weekday without any Date, Monday = 0. */
function zeller(year: number, month: number, day: number): number {
  const [y, m] = month < 3 ? [year - 1, month + 12] : [year, month];
  const h = day + Math.floor(13 * (m + 1) / 5) + y + Math.floor(y / 4) - Math.floor(y / 100) +
    Math.floor(y / 400);
  return (h + 5) % 7;
}

const moments = fc.record({
  year: fc.integer({ min: 1900, max: 2100 }),
  month: fc.integer({ min: 1, max: 12 }),
  day: fc.integer({ min: 1, max: 28 }),
  hour: fc.integer({ min: 0, max: 23 }),
  minute: fc.integer({ min: 0, max: 59 }),
});

function two(value: number): string {
  return String(value).padStart(2, "0");
}

Deno.test("parseWallMinute gives the hour, weekday and date that the text says, by independent calculation", () => {
  fc.assert(fc.property(moments, ({ year, month, day, hour, minute }) => {
    const text = `${year}/${two(month)}/${two(day)} ${two(hour)}:${two(minute)}`;
    const at = parseWallMinute(text)!;
    assertEquals(hourOf(at), hour);
    assertEquals(weekdayOf(at), zeller(year, month, day));
    assertEquals(dateOf(at), text.slice(0, 10).replaceAll("/", "-"));
    assertEquals(formatWallMinute(at), text);
  }));
});

Deno.test("parseWallMinute knows leap years", () => {
  assertEquals(formatWallMinute(parseWallMinute("2000/02/29 23:59")!), "2000/02/29 23:59");
  assertEquals(parseWallMinute("2001/02/29 23:59"), undefined);
  assertEquals(parseWallMinute("1900/02/29 23:59"), undefined);
});

Deno.test("parseWallMinute refuses what is no moment", () => {
  const wrong = [
    "",
    "2001/01/01",
    "2001-01-01 00:47",
    "2001/13/01 00:00",
    "2001/04/31 00:00",
    "2001/01/00 00:00",
    "2001/01/01 24:00",
    "2001/01/01 00:60",
    " 2001/01/01 00:47",
    "2001/01/01 00:47Z",
  ];
  for (const text of wrong) assertEquals(parseWallMinute(text), undefined, text);
});

Deno.test("weekdayOf names 1 January 2001 a Monday", () => {
  assertEquals(WEEKDAYS[weekdayOf(parseWallMinute("2001/01/01 00:00")!)], "Monday");
});
