/**
 * The report as data: the sums, divided and rounded, ranked and put in order. It holds no clock, no run id and
 * nothing of this machine, so the same flights always give the same bytes.
 */
import type { Airport } from "./airport.ts";
import type { AirportDelays, DelaySums, RouteDelays, Totals } from "./delays.ts";
import { dateOf, WEEKDAYS } from "./wall_clock.ts";
import type { PlaceWeather } from "./weather.ts";

/** The delays of a group of flights, for people. */
export interface Figures {
  /** How many flights. */
  readonly flights: number;
  /** The average delay on arrival, in minutes; `null` if there are no flights. */
  readonly averageDelayMinutes: number | null;
  /** How many of a hundred were late; `null` if there are no flights. */
  readonly latePercent: number | null;
  /** The longest delay, in minutes; `null` if there are no flights. */
  readonly worstDelayMinutes: number | null;
}

/** The flights that left in one hour of the day. */
export interface HourFigures extends Figures {
  /** The hour, 0 to 23. */
  readonly hour: number;
}

/** The flights that left on one weekday. */
export interface WeekdayFigures extends Figures {
  /** "Monday" … */
  readonly weekday: string;
}

/** The flights that left one airport. */
export interface AirportFigures extends Figures {
  /** Its code. */
  readonly iata: string;
  /** Its name. */
  readonly name: string;
  /** City and state, as "Atlanta, GA"; empty if it is unknown. */
  readonly place: string;
}

/** The flights from one airport to another. */
export interface RouteFigures extends Figures {
  /** The code of where they left. */
  readonly origin: string;
  /** The code of where they arrived. */
  readonly destination: string;
  /** Both cities, or codes where the city is unknown. */
  readonly places: string;
}

/** The weather, or why there is none. */
export type WeatherSection = { readonly places: readonly PlaceWeather[] } | { readonly failure: string };

/** What the tasks upstream found. */
export interface ReportInput {
  /** All flights. */
  readonly totals: Totals;
  /** How many rows were turned away. */
  readonly rejected: number;
  /** By hour. */
  readonly hours: readonly DelaySums[];
  /** By weekday. */
  readonly weekdays: readonly DelaySums[];
  /** By airport. */
  readonly airports: readonly AirportDelays[];
  /** By route. */
  readonly routes: readonly RouteDelays[];
  /** The weather, or why there is none. */
  readonly weather: WeatherSection;
}

/** The report as data. */
export interface FlightReport {
  /** The first and the last day with a flight, as "2001-01-01"; `null` if there are no flights. */
  readonly period: { readonly first: string; readonly last: string } | null;
  /** All flights. */
  readonly overall: Figures;
  /** How many rows were turned away. */
  readonly rejectedRows: number;
  /** Flights of which an airport is not in the list of airports. */
  readonly unknownAirportFlights: number;
  /** 24 hours. */
  readonly hours: readonly HourFigures[];
  /** 7 weekdays, Monday first. */
  readonly weekdays: readonly WeekdayFigures[];
  /** All airports, the busiest first. */
  readonly airports: readonly AirportFigures[];
  /** All routes, the busiest first. */
  readonly routes: readonly RouteFigures[];
  /** The weather, or why there is none. */
  readonly weather: WeatherSection;
}

/** Puts the report together. */
export function buildReport(input: ReportInput): FlightReport {
  const { sums, firstMinute, lastMinute, unknownAirport } = input.totals;
  return {
    period: firstMinute === null || lastMinute === null
      ? null
      : { first: dateOf(firstMinute), last: dateOf(lastMinute) },
    overall: figuresOf(sums),
    rejectedRows: input.rejected,
    unknownAirportFlights: unknownAirport,
    hours: input.hours.map((sums, hour) => ({ hour, ...figuresOf(sums) })),
    weekdays: input.weekdays.map((sums, index) => ({ weekday: WEEKDAYS[index]!, ...figuresOf(sums) })),
    airports: busiestFirst(input.airports.map(({ airport, sums }) => ({
      iata: airport.iata,
      name: airport.name,
      place: placeOf(airport),
      ...figuresOf(sums),
    }))),
    routes: busiestFirst(input.routes.map(({ origin, destination, sums }) => ({
      origin: origin.iata,
      destination: destination.iata,
      places: `${origin.city || origin.iata} – ${destination.city || destination.iata}`,
      ...figuresOf(sums),
    }))),
    weather: input.weather,
  };
}

/** The groups with the largest share of late flights first, without those too small to say anything. */
export function latestFirst<Group extends Figures>(groups: readonly Group[], minFlights: number): Group[] {
  return groups.filter((group) => group.flights >= minFlights)
    .toSorted((a, b) => (b.latePercent ?? 0) - (a.latePercent ?? 0));
}

/** The sort is stable and its input is in the order of the codes, so ties are too. */
function busiestFirst<Group extends Figures>(groups: readonly Group[]): Group[] {
  return groups.toSorted((a, b) => b.flights - a.flights);
}

function figuresOf({ flights, delayMinutes, late, worstMinutes }: DelaySums): Figures {
  if (flights === 0) {
    return { flights, averageDelayMinutes: null, latePercent: null, worstDelayMinutes: null };
  }
  return {
    flights,
    averageDelayMinutes: toTenths(delayMinutes / flights),
    latePercent: toTenths(100 * late / flights),
    worstDelayMinutes: worstMinutes,
  };
}

function placeOf({ city, state }: Airport): string {
  return [city, state].filter((part) => part !== "").join(", ");
}

/** Adding 0 turns -0 into 0. */
function toTenths(value: number): number {
  return Math.round(value * 10) / 10 + 0;
}
