/**
 * Adding up delays. Only whole numbers are added, so the sums are the same in whatever order chunks arrive.
 */
import { z } from "zod";
import { Airport, type JoinedChunk } from "./airport.ts";
import { hourOf, weekdayOf } from "./wall_clock.ts";

/** A flight is late if it arrives 15 minutes or more after schedule: the rule of the US statistics. */
export const LATE_FROM_MINUTES = 15;

/** The delays of a group of flights, not yet divided or rounded. */
export const DelaySums = z.object({
  /** How many flights. */
  flights: z.int(),
  /** The sum of their delays, in minutes. */
  delayMinutes: z.int(),
  /** How many were late. */
  late: z.int(),
  /** The longest delay, in minutes. */
  worstMinutes: z.int(),
});

/** Flights and the period that they cover. */
export const Totals = z.object({
  /** All flights. */
  sums: DelaySums,
  /** The first departure, as minutes of the wall clock; `null` if there are no flights. */
  firstMinute: z.int().nullable(),
  /** The last departure. */
  lastMinute: z.int().nullable(),
  /** The flights of which an airport is not in `airports.csv`. */
  unknownAirport: z.int(),
});

/** The flights that left an airport. */
export const AirportDelays = z.object({ airport: Airport, sums: DelaySums });

/** The flights from one airport to another. */
export const RouteDelays = z.object({ origin: Airport, destination: Airport, sums: DelaySums });

/** The delays of a group of flights. */
export type DelaySums = z.infer<typeof DelaySums>;
/** Flights and the period that they cover. */
export type Totals = z.infer<typeof Totals>;
/** The flights that left an airport. */
export type AirportDelays = z.infer<typeof AirportDelays>;
/** The flights from one airport to another. */
export type RouteDelays = z.infer<typeof RouteDelays>;

/** Joined flights as they come, a chunk at a time. */
export type JoinedFlights = AsyncIterable<JoinedChunk> | Iterable<JoinedChunk>;

/** All flights, and from when to when. */
export async function addTotals(flights: JoinedFlights): Promise<Totals> {
  const sums = noFlights();
  let firstMinute: number | null = null;
  let lastMinute: number | null = null;
  let unknownAirport = 0;
  for await (const { airports, minute, delay, origin, destination } of flights) {
    for (const [index, at] of minute.entries()) {
      add(sums, delay[index]!);
      if (firstMinute === null || at < firstMinute) firstMinute = at;
      if (lastMinute === null || at > lastMinute) lastMinute = at;
      if (!airports[origin[index]!]!.known || !airports[destination[index]!]!.known) unknownAirport++;
    }
  }
  return { sums, firstMinute, lastMinute, unknownAirport };
}

/** By hour of departure: 24 items. */
export async function delaysByHour(flights: JoinedFlights): Promise<DelaySums[]> {
  return await addByMinute(flights, 24, hourOf);
}

/** By weekday of departure: 7 items, Monday first. */
export async function delaysByWeekday(flights: JoinedFlights): Promise<DelaySums[]> {
  return await addByMinute(flights, 7, weekdayOf);
}

/** By airport of departure, sorted by code. */
export async function delaysByAirport(flights: JoinedFlights): Promise<AirportDelays[]> {
  const groups = new Map<string, AirportDelays>();
  for await (const { airports, origin, delay } of flights) {
    const ofChunk = airports.map((airport) => groups.get(airport.iata) ?? { airport, sums: noFlights() });
    for (const [index, place] of origin.entries()) {
      const group = ofChunk[place]!;
      groups.set(group.airport.iata, group);
      add(group.sums, delay[index]!);
    }
  }
  return sortedByKey(groups);
}

/** By origin and destination, sorted by their codes. */
export async function delaysByRoute(flights: JoinedFlights): Promise<RouteDelays[]> {
  const groups = new Map<string, RouteDelays>();
  for await (const { airports, origin, destination, delay } of flights) {
    const ofChunk = new Map<number, RouteDelays>(); // by number, since making a text for each flight is slow
    for (const [index, minutes] of delay.entries()) {
      const places = origin[index]! * airports.length + destination[index]!;
      let group = ofChunk.get(places);
      if (group === undefined) {
        const ends = { origin: airports[origin[index]!]!, destination: airports[destination[index]!]! };
        const key = `${ends.origin.iata} ${ends.destination.iata}`;
        group = groups.get(key) ?? { ...ends, sums: noFlights() };
        groups.set(key, group);
        ofChunk.set(places, group);
      }
      add(group.sums, minutes);
    }
  }
  return sortedByKey(groups);
}

async function addByMinute(
  flights: JoinedFlights,
  length: number,
  groupOf: (minute: number) => number,
): Promise<DelaySums[]> {
  const groups = Array.from({ length }, noFlights);
  for await (const { minute, delay } of flights) {
    for (const [index, at] of minute.entries()) add(groups[groupOf(at)]!, delay[index]!);
  }
  return groups;
}

function noFlights(): DelaySums {
  return { flights: 0, delayMinutes: 0, late: 0, worstMinutes: 0 };
}

function add(sums: DelaySums, delay: number): void {
  sums.worstMinutes = sums.flights === 0 ? delay : Math.max(sums.worstMinutes, delay);
  sums.flights++;
  sums.delayMinutes += delay;
  if (delay >= LATE_FROM_MINUTES) sums.late++;
}

/** By code unit, not by locale: the same order on every machine. */
function sortedByKey<Group>(groups: ReadonlyMap<string, Group>): Group[] {
  return [...groups].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, group]) => group);
}
