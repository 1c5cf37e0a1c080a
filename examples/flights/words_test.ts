import { assertEquals } from "@std/assert";
import { date, minutes, number, percent, shareOfFlights, wholeMinutes } from "./words.ts";

Deno.test("number groups thousands and writes a real minus sign", () => {
  assertEquals([0, 999, 1000, 1234567.8, -3.5].map(number), ["0", "999", "1,000", "1,234,567.8", "−3.5"]);
});

Deno.test("minutes and percent have one decimal, or a dash for nothing", () => {
  assertEquals([minutes(7), minutes(null), percent(22), wholeMinutes(522)], [
    "7.0 min",
    "–",
    "22.0 %",
    "522 min",
  ]);
});

Deno.test("date writes the month out", () => {
  assertEquals(date("2001-03-31"), "31 March 2001");
});

Deno.test("shareOfFlights says shares as people do, where they do", () => {
  assertEquals(shareOfFlights(22.8), "About one in four flights");
  assertEquals(shareOfFlights(2), "2.0 % of flights");
  assertEquals(shareOfFlights(0), "0.0 % of flights");
  assertEquals(shareOfFlights(90), "90.0 % of flights");
});
