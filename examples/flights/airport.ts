/**
 * Airports, and the join that gives every flight the names of its two.
 */
import { parse } from "csv-parse/sync";
import { z } from "zod";
import type { FlightColumns } from "./flight.ts";

/** An airport. */
export const Airport = z.object({
  /** Its code. */
  iata: z.string(),
  /** Its name; its code, if it is unknown. */
  name: z.string(),
  /** Where it is; empty if it is unknown. */
  city: z.string(),
  /** The state's two letters; empty if it is unknown. */
  state: z.string(),
  /** Whether `airports.csv` lists it. */
  known: z.boolean(),
});

/** Flights with their airports: `origin` and `destination` are places in `airports`. */
export const JoinedChunk = z.object({
  /** The airports of this chunk, each once. */
  airports: z.array(Airport),
  /** As in `FlightColumns`. */
  minute: z.array(z.int()),
  /** As in `FlightColumns`. */
  delay: z.array(z.int()),
  /** As in `FlightColumns`. */
  distance: z.array(z.int()),
  /** Where each flight left, as an index into `airports`. */
  origin: z.array(z.int()),
  /** Where each flight arrived, as an index into `airports`. */
  destination: z.array(z.int()),
});

/** An airport. */
export type Airport = z.infer<typeof Airport>;
/** Flights with their airports. */
export type JoinedChunk = z.infer<typeof JoinedChunk>;

const AirportRecords = z.array(
  z.object({ iata: z.string().min(1), name: z.string(), city: z.string(), state: z.string() }),
);

/** Reads `airports.csv`: the airports in the order of the file. */
export function parseAirports(csv: string): Airport[] {
  const records = AirportRecords.parse(parse(csv, { columns: true, bom: true, skip_empty_lines: true }));
  return records.map((record) => ({ ...record, known: true }));
}

/** The airports by code, to look them up in {@linkcode joinAirports}. */
export function indexAirports(airports: readonly Airport[]): ReadonlyMap<string, Airport> {
  return new Map(airports.map((airport) => [airport.iata, airport]));
}

/** Adds the airports to a chunk of flights. A flight of an airport that is not listed stays, marked so. */
export function joinAirports(flights: FlightColumns, byCode: ReadonlyMap<string, Airport>): JoinedChunk {
  const airports: Airport[] = [];
  const places = new Map<string, number>();
  const { minute, delay, distance } = flights;
  return {
    airports,
    minute,
    delay,
    distance,
    origin: place(flights.origin),
    destination: place(flights.destination),
  };

  function place(codes: readonly string[]): number[] {
    return codes.map((iata) => {
      const known = places.get(iata);
      if (known !== undefined) return known;
      places.set(iata, airports.length);
      return airports.push(byCode.get(iata) ?? { iata, name: iata, city: "", state: "", known: false }) - 1;
    });
  }
}
