import { assertEquals, assertThrows } from "@std/assert";
import { indexAirports, joinAirports, parseAirports } from "./airport.ts";

const csv = `iata,name,city,state,country,latitude,longitude
DTW,"Detroit, Metropolitan Wayne",Detroit,MI,USA,42.2,-83.3
LAS,McCarran International,Las Vegas,NV,USA,36.1,-115.2
`;

Deno.test("parseAirports reads names with commas and leaves out what is not needed", () => {
  assertEquals(parseAirports(csv)[0], {
    iata: "DTW",
    name: "Detroit, Metropolitan Wayne",
    city: "Detroit",
    state: "MI",
    known: true,
  });
});

Deno.test("parseAirports refuses a file without the columns it needs", () => {
  assertThrows(() => parseAirports("code,name\nDTW,Detroit\n"), Error, "iata");
});

Deno.test("joinAirports gives each airport once, and keeps flights of unknown ones", () => {
  const joined = joinAirports(
    {
      minute: [1, 2, 3],
      delay: [0, 10, 20],
      distance: [5, 6, 7],
      origin: ["DTW", "LAS", "XXX"],
      destination: ["LAS", "DTW", "LAS"],
    },
    indexAirports(parseAirports(csv)),
  );
  assertEquals(joined.airports.map((airport) => [airport.iata, airport.city, airport.known]), [
    ["DTW", "Detroit", true],
    ["LAS", "Las Vegas", true],
    ["XXX", "", false],
  ]);
  assertEquals(joined.origin, [0, 1, 2]);
  assertEquals(joined.destination, [1, 0, 1]);
  assertEquals(joined.delay, [0, 10, 20]);
});
