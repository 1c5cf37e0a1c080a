/**
 * Numbers and dates as people read them. Written out here and not left to the locale of the machine: the page
 * must be the same everywhere.
 */

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

/** The months' names, January first. */
export { MONTHS };

const SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** 1234567.8 as "1,234,567.8"; a negative number with a real minus sign. */
export function number(value: number): string {
  const [whole, fraction] = String(Math.abs(value)).split(".") as [string, string?];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0 ? "−" : ""}${grouped}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** 7 as "7.0": figures in a column line up. */
export function tenths(value: number): string {
  const text = number(value);
  return text.includes(".") ? text : `${text}.0`;
}

/** 7.7 as "7.7 min"; "–" if there is nothing to tell. */
export function minutes(value: number | null): string {
  return value === null ? "–" : `${tenths(value)} min`;
}

/** 22.8 as "22.8 %"; "–" if there is nothing to tell. */
export function percent(value: number | null): string {
  return value === null ? "–" : `${tenths(value)} %`;
}

/** 522 as "522 min"; "–" if there is nothing to tell. */
export function wholeMinutes(value: number | null): string {
  return value === null ? "–" : `${number(value)} min`;
}

/** "2001-03-31" as "31 March 2001". */
export function date(iso: string): string {
  const [year, month, day] = iso.split("-").map(Number) as [number, number, number];
  return `${day} ${MONTHS[month - 1]} ${year}`;
}

/** 22.8 % as "About one in four flights"; shares too small or too large for that as percent. */
export function shareOfFlights(percentage: number): string {
  const of = Math.round(100 / percentage);
  return of >= 2 && of <= 10 ? `About one in ${SMALL[of]} flights` : `${percent(percentage)} of flights`;
}
