/**
 * The report as CSV: one long table, easy to filter in any spreadsheet.
 */
import type { Figures, FlightReport } from "./report.ts";

const HEADER = ["group", "key", "name", "flights", "average_delay_min", "late_percent", "worst_delay_min"];

/** Writes the report as CSV (RFC 4180). */
export function toCsv(report: FlightReport): string {
  const rows = [
    HEADER,
    row("all", "all", "All flights", report.overall),
    ...report.hours.map((hour) => row("hour", String(hour.hour), `${hour.hour}:00 to ${hour.hour}:59`, hour)),
    ...report.weekdays.map((day, index) => row("weekday", String(index + 1), day.weekday, day)),
    ...report.airports.map((airport) => row("airport", airport.iata, airport.name, airport)),
    ...report.routes.map((route) =>
      row("route", `${route.origin}-${route.destination}`, route.places, route)
    ),
  ];
  return rows.map((cells) => cells.map(csvCell).join(",") + "\r\n").join("");
}

function row(group: string, key: string, name: string, figures: Figures): string[] {
  const { flights, averageDelayMinutes, latePercent, worstDelayMinutes } = figures;
  const numbers = [flights, averageDelayMinutes, latePercent, worstDelayMinutes];
  return [group, key, name, ...numbers.map((value) => value === null ? "" : String(value))];
}

/**
 * One cell. A spreadsheet would run text that starts with `=`, `+`, `-` or `@` as a formula, and these texts
 * come from data: an apostrophe in front makes them text. Plain numbers stay numbers.
 */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
