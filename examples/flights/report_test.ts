import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { indexAirports, joinAirports, parseAirports } from "./airport.ts";
import { toCsv } from "./csv.ts";
import { addTotals, delaysByAirport, delaysByHour, delaysByRoute, delaysByWeekday } from "./delays.ts";
import { parseChunk } from "./flight.ts";
import { renderPage } from "./page.ts";
import { buildReport, type FlightReport, latestFirst } from "./report.ts";
import type { WeatherSection } from "./report.ts";
import { readDataText } from "./source.ts";
import { summarizeWeather } from "./weather.ts";

const csv = `iata,name,city,state
DTW,Detroit Metropolitan,Detroit,MI
LAS,"=cmd|' /C calc'!A0",<b>Las Vegas</b>,NV
`;

async function reportOf(
  rows: unknown[][],
  weather: WeatherSection = { failure: "no such file" },
): Promise<FlightReport> {
  const { flights, rejected } = parseChunk({ firstRow: 0, rows });
  const joined = [joinAirports(flights, indexAirports(parseAirports(csv)))];
  return buildReport({
    totals: await addTotals(joined),
    rejected: rejected.length,
    hours: await delaysByHour(joined),
    weekdays: await delaysByWeekday(joined),
    airports: await delaysByAirport(joined),
    routes: await delaysByRoute(joined),
    weather,
  });
}

const rows = [
  ["2001/01/01 00:47", 66, 1750, "DTW", "LAS"],
  ["2001/01/01 00:59", -5, 1750, "LAS", "DTW"],
  ["2001/01/02 13:10", 16, 1750, "LAS", "DTW"],
  ["2001/01/07 13:20", 0, 99, "XXX", "DTW"],
  ["not a date", 0, 99, "XXX", "DTW"],
];

Deno.test("buildReport divides, rounds and ranks", async () => {
  const report = await reportOf(rows);
  assertEquals(report.period, { first: "2001-01-01", last: "2001-01-07" });
  const overall = { flights: 4, averageDelayMinutes: 19.3, latePercent: 50, worstDelayMinutes: 66 };
  assertEquals(report.overall, overall);
  assertEquals([report.rejectedRows, report.unknownAirportFlights], [1, 1]);
  assertEquals(report.airports.map(({ iata, flights }) => [iata, flights]), [["LAS", 2], ["DTW", 1], [
    "XXX",
    1,
  ]]);
  assertEquals(report.routes.map(({ places }) => places), [
    "<b>Las Vegas</b> – Detroit",
    "Detroit – <b>Las Vegas</b>",
    "XXX – Detroit",
  ]);
  assertEquals(report.hours[13], {
    hour: 13,
    flights: 2,
    averageDelayMinutes: 8,
    latePercent: 50,
    worstDelayMinutes: 16,
  });
  assertEquals(report.hours[3]!.averageDelayMinutes, null);
  assertEquals(report.weekdays.map(({ flights }) => flights), [2, 1, 0, 0, 0, 0, 1]);
});

Deno.test("latestFirst leaves out groups too small to say anything", async () => {
  const { airports } = await reportOf(rows);
  assertEquals(latestFirst(airports, 2).map(({ iata }) => iata), ["LAS"]);
  assertEquals(latestFirst(airports, 1).map(({ iata }) => iata), ["DTW", "LAS", "XXX"]);
});

Deno.test("renderPage escapes what comes from data, and asks for nothing from anywhere", async () => {
  const page = renderPage(await reportOf(rows, { failure: "<img src=x onerror=alert(1)>" }));
  assertStringIncludes(page, "&lt;b&gt;Las Vegas&lt;/b&gt;");
  assertStringIncludes(page, "&lt;img src=x");
  assert(
    !/<b>Las|<img|<script|<link|src=|href=|url\(|@import|https?:/.test(page.replaceAll("&lt;img src=x", "")),
  );
});

Deno.test("renderPage says that the weather is missing, and still shows the rest", async () => {
  const page = renderPage(await reportOf(rows));
  assertStringIncludes(page, "The weather is missing from this report.");
  assertStringIncludes(page, "no such file");
  assertStringIncludes(page, "Through the day");
});

Deno.test("renderPage shows the weather if it is there", async () => {
  const places = summarizeWeather([await readDataText("weather.csv")]);
  const page = renderPage(await reportOf(rows, { places }));
  assertStringIncludes(page, "Share of wet days in Seattle by month");
  assert(!page.includes("missing"));
});

Deno.test("renderPage of no flights says so", async () => {
  assertStringIncludes(renderPage(await reportOf([])), "No flights on record");
});

Deno.test("renderPage gives each chart a title and a description with an id of its own", async () => {
  const page = renderPage(await reportOf(rows));
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!);
  assertEquals(new Set(ids).size, ids.length);
  for (const [, labels] of page.matchAll(/aria-labelledby="([^"]+)"/g)) {
    for (const id of labels!.split(" ")) assert(ids.includes(id), id);
  }
  assertEquals(page.match(/<svg/g)?.length, 5);
});

Deno.test("toCsv has a row for every group, and no cell that runs", async () => {
  const lines = toCsv(await reportOf(rows)).trimEnd().split("\r\n");
  assertEquals(lines.length, 1 + 1 + 24 + 7 + 3 + 3);
  assertEquals(lines[0], "group,key,name,flights,average_delay_min,late_percent,worst_delay_min");
  assertEquals(lines[1], "all,all,All flights,4,19.3,50,66");
  assertEquals(
    lines.find((line) => line.startsWith("airport,LAS")),
    "airport,LAS,'=cmd|' /C calc'!A0,2,5.5,50,16",
  );
  assertEquals(lines[5], "hour,3,3:00 to 3:59,0,,,");
});
