import { assertEquals, assertThrows } from "@std/assert";
import { readDataText } from "./source.ts";
import { summarizeWeather } from "./weather.ts";

const seattle = `date,precipitation,temp_max,temp_min,wind,weather
2012-01-01,0.0,12.8,5.0,4.7,drizzle
2012-01-02,10.9,10.6,2.8,4.5,rain
2012-02-01,3.5,10.6,2.8,4.5,rain
`;
const both = `location,date,precipitation,temp_max,temp_min,wind,weather
New York,2012-01-01,0.3,12.8,5.0,4.7,rain
Seattle,2012-01-02,10.9,10.6,2.8,4.5,rain
`;

Deno.test("summarizeWeather counts a day that two files have once", () => {
  assertEquals(summarizeWeather([both, seattle]), [
    {
      place: "New York",
      first: "2012-01-01",
      last: "2012-01-01",
      rainyDays: 1,
      dryDays: 0,
      rainyByMonth: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      daysByMonth: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      wettest: { date: "2012-01-01", precipitationMm: 0.3 },
    },
    {
      place: "Seattle",
      first: "2012-01-01",
      last: "2012-02-01",
      rainyDays: 2,
      dryDays: 1,
      rainyByMonth: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      daysByMonth: [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      wettest: { date: "2012-01-02", precipitationMm: 10.9 },
    },
  ]);
});

Deno.test("summarizeWeather refuses rain that is no number", () => {
  assertThrows(() => summarizeWeather([seattle.replace("10.9", "much")]), Error, "precipitation");
});

Deno.test("summarizeWeather reads the real files: four years of two cities", async () => {
  const places = summarizeWeather([
    await readDataText("weather.csv"),
    await readDataText("seattle-weather.csv"),
  ]);
  assertEquals(places.map(({ place, rainyDays, dryDays }) => [place, rainyDays + dryDays]), [
    ["New York", 1461],
    ["Seattle", 1461],
  ]);
});
