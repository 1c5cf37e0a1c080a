/**
 * What a flight is, and how a raw row becomes one or is turned away with a reason.
 */
import { z } from "zod";
import { COLUMNS, type RawChunk } from "./source.ts";
import { parseWallMinute } from "./wall_clock.ts";

const Departure = z.string().transform((text, context) => {
  const at = parseWallMinute(text);
  if (at !== undefined) return at;
  context.addIssue({ code: "custom", message: `must be a moment as "YYYY/MM/DD hh:mm"` });
  return z.NEVER;
});
/** The three million hold a few flights "18 hours early": a slip of a date, which would bend every average. */
const Delay = z.int().min(-180, "must not be over 3 hours early").max(
  7 * 24 * 60,
  "must not be over a week late",
);
const Iata = z.string().regex(/^[A-Z0-9]{3,4}$/, "must be an airport code");

/** A row that is fit for use; its items in the order of `COLUMNS`. */
const FlightRow = z.tuple([Departure, Delay, z.int().positive(), Iata, Iata]);

/** Flights as columns: compact to store, quick to add up. Item `i` of each column belongs to flight `i`. */
export const FlightColumns = z.object({
  /** When it left, by the wall clock of its origin: minutes since 1970-01-01 00:00. */
  minute: z.array(z.int()),
  /** How late it arrived, in minutes; negative means early. */
  delay: z.array(z.int()),
  /** How far it went, in miles. */
  distance: z.array(z.int()),
  /** The IATA code of where it left. */
  origin: z.array(z.string()),
  /** The IATA code of where it arrived. */
  destination: z.array(z.string()),
});

/** A row that was turned away. */
export const RejectedRow = z.object({
  /** Its number in the file, counted from 0. */
  row: z.int(),
  /** What is wrong with it. */
  reason: z.string(),
  /** The row as it was read. */
  raw: z.array(z.unknown()),
});

/** One chunk of raw rows, sorted into good and bad. */
export const ParsedChunk = z.object({ flights: FlightColumns, rejected: z.array(RejectedRow) });

/** Flights as columns. */
export type FlightColumns = z.infer<typeof FlightColumns>;
/** A row that was turned away. */
export type RejectedRow = z.infer<typeof RejectedRow>;
/** One chunk of raw rows, sorted into good and bad. */
export type ParsedChunk = z.infer<typeof ParsedChunk>;

/** Sorts the rows of a chunk into flights and rejected rows. Every row ends up in exactly one of the two. */
export function parseChunk(chunk: RawChunk): ParsedChunk {
  const flights: FlightColumns = { minute: [], delay: [], distance: [], origin: [], destination: [] };
  const rejected: RejectedRow[] = [];
  for (const [index, raw] of chunk.rows.entries()) {
    const parsed = FlightRow.safeParse(raw);
    if (!parsed.success) {
      rejected.push({ row: chunk.firstRow + index, reason: reasonOf(raw, parsed.error), raw: [...raw] });
      continue;
    }
    const [minute, delay, distance, origin, destination] = parsed.data;
    flights.minute.push(minute);
    flights.delay.push(delay);
    flights.distance.push(distance);
    flights.origin.push(origin);
    flights.destination.push(destination);
  }
  return { flights, rejected };
}

function reasonOf(raw: readonly unknown[], error: z.ZodError): string {
  if (raw.length !== COLUMNS.length) return `must be a record of ${COLUMNS.join(", ")}`;
  return error.issues.map(({ path, message }) => `${COLUMNS[Number(path[0])]}: ${message}`).join("; ");
}
