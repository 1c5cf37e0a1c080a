import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { indexAirports, joinAirports, type JoinedChunk, parseAirports } from "./airport.ts";
import { addTotals, delaysByAirport, delaysByHour, delaysByRoute, delaysByWeekday } from "./delays.ts";
import { parseChunk } from "./flight.ts";
import { readDataText, readFlights } from "./source.ts";

const codes = ["AAA", "BBB", "CCC"];
const flight = fc.record({
  minute: fc.integer({ min: 16_000_000, max: 17_000_000 }),
  delay: fc.integer({ min: -60, max: 600 }),
  origin: fc.constantFrom(...codes),
  destination: fc.constantFrom(...codes),
});
type Flight = typeof flight extends fc.Arbitrary<infer T> ? T : never;

function joined(flights: readonly Flight[]): JoinedChunk {
  const known = parseAirports("iata,name,city,state\nAAA,A,Aville,AA\nBBB,B,Bville,BB\n");
  return joinAirports({
    minute: flights.map((one) => one.minute),
    delay: flights.map((one) => one.delay),
    distance: flights.map(() => 100),
    origin: flights.map((one) => one.origin),
    destination: flights.map((one) => one.destination),
  }, indexAirports(known));
}

Deno.test("delays are the same in whatever chunks and order the flights come", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(flight), fc.nat(20), async (flights, cut) => {
      const whole = [joined(flights)];
      const parts = [joined(flights.slice(cut).reverse()), joined(flights.slice(0, cut))];
      for (const sum of [addTotals, delaysByAirport, delaysByRoute, delaysByHour, delaysByWeekday]) {
        assertEquals<unknown>(await sum(parts), await sum(whole));
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("addTotals counts a flight as late from 15 minutes on, and unknown airports", async () => {
  const totals = await addTotals([joined([
    { minute: 16_305_121, delay: 14, origin: "AAA", destination: "BBB" },
    { minute: 16_305_120, delay: 15, origin: "AAA", destination: "CCC" },
    { minute: 16_305_122, delay: -30, origin: "CCC", destination: "CCC" },
  ])]);
  assertEquals(totals, {
    sums: { flights: 3, delayMinutes: -1, late: 1, worstMinutes: 15 },
    firstMinute: 16_305_120,
    lastMinute: 16_305_122,
    unknownAirport: 2,
  });
});

Deno.test("addTotals of nothing is nothing", async () => {
  const sums = { flights: 0, delayMinutes: 0, late: 0, worstMinutes: 0 };
  assertEquals(await addTotals([]), { sums, firstMinute: null, lastMinute: null, unknownAirport: 0 });
});

Deno.test("delays of the 20,000 agree with the file's own texts, counted another way", async () => {
  const byCode = indexAirports(parseAirports(await readDataText("airports.csv")));
  const chunks: JoinedChunk[] = [];
  for await (const chunk of readFlights("20k")) chunks.push(joinAirports(parseChunk(chunk).flights, byCode));

  const records: { date: string; delay: number; origin: string; destination: string }[] = JSON.parse(
    await readDataText("flights-20k.json"),
  );
  const sumOf = (delays: readonly { delay: number }[]): number =>
    delays.reduce((sum, one) => sum + one.delay, 0);

  const byHour = Map.groupBy(records, (record) => Number(record.date.slice(11, 13)));
  for (const [hour, sums] of (await delaysByHour(chunks)).entries()) {
    const expected = byHour.get(hour) ?? [];
    assertEquals([sums.flights, sums.delayMinutes], [expected.length, sumOf(expected)], `hour ${hour}`);
  }
  // The calendar of 2001: 1 January was a Monday, so the day of the year tells the weekday.
  const daysBefore = [0, 31, 59];
  const byWeekday = Map.groupBy(
    records,
    ({ date }) => (daysBefore[Number(date.slice(5, 7)) - 1]! + Number(date.slice(8, 10)) - 1) % 7,
  );
  for (const [weekday, sums] of (await delaysByWeekday(chunks)).entries()) {
    const expected = byWeekday.get(weekday)!;
    assertEquals([sums.flights, sums.delayMinutes], [expected.length, sumOf(expected)], `weekday ${weekday}`);
  }
  const byRoute = Map.groupBy(records, (record) => `${record.origin} ${record.destination}`);
  const routes = await delaysByRoute(chunks);
  assertEquals(routes.length, byRoute.size);
  for (const { origin, destination, sums } of routes) {
    assertEquals(sums.delayMinutes, sumOf(byRoute.get(`${origin.iata} ${destination.iata}`)!));
  }
  const airports = await delaysByAirport(chunks);
  const byAirport = Map.groupBy(records, (record) => record.origin);
  assertEquals(airports.length, byAirport.size);
  for (const { airport, sums } of airports) {
    assertEquals(sums.late, byAirport.get(airport.iata)!.filter((record) => record.delay >= 15).length);
    assert(airport.known);
  }
});
