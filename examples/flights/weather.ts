/**
 * Wet and dry days of two cities. The records are of 2012 to 2015, the flights of 2001: shown side by side,
 * never joined.
 */
import { parse } from "csv-parse/sync";
import { z } from "zod";

/** The weather of one place. */
export const PlaceWeather = z.object({
  /** Where. */
  place: z.string(),
  /** The first day on record, as "2012-01-01". */
  first: z.string(),
  /** The last day on record. */
  last: z.string(),
  /** Days with any rain or snow. */
  rainyDays: z.int(),
  /** Days without. */
  dryDays: z.int(),
  /** Rainy days of each month, January first. */
  rainyByMonth: z.array(z.int()).length(12),
  /** Days on record of each month. */
  daysByMonth: z.array(z.int()).length(12),
  /** The day with the most rain. */
  wettest: z.object({ date: z.string(), precipitationMm: z.number() }),
});

/** The weather of one place. */
export type PlaceWeather = z.infer<typeof PlaceWeather>;

const Day = z.object({
  location: z.string().min(1).default("Seattle"), // seattle-weather.csv has no such column
  date: z.iso.date(),
  precipitation: z.string().min(1).transform(Number).pipe(z.number().min(0)),
});
type Day = z.output<typeof Day>;

/** Reads weather files and sums up each place, sorted by name. A day that two files have counts once. */
export function summarizeWeather(csvs: readonly string[]): PlaceWeather[] {
  const places = new Map<string, Map<string, Day>>();
  for (const csv of csvs) {
    for (const day of z.array(Day).parse(parse(csv, { columns: true, bom: true, skip_empty_lines: true }))) {
      const days = places.get(day.location) ?? new Map<string, Day>();
      places.set(day.location, days);
      if (!days.has(day.date)) days.set(day.date, day);
    }
  }
  return [...places.keys()].sort().map((place) => summarize(place, [...places.get(place)!.values()]));
}

function summarize(place: string, days: readonly Day[]): PlaceWeather {
  const rainyByMonth = new Array<number>(12).fill(0);
  const daysByMonth = new Array<number>(12).fill(0);
  const dates = days.map((day) => day.date).sort();
  let wettest = days[0]!;
  for (const day of days) {
    const month = Number(day.date.slice(5, 7)) - 1;
    daysByMonth[month]! += 1;
    if (day.precipitation > 0) rainyByMonth[month]! += 1;
    if (day.precipitation > wettest.precipitation) wettest = day;
  }
  const rainyDays = rainyByMonth.reduce((sum, count) => sum + count, 0);
  return {
    place,
    first: dates[0]!,
    last: dates.at(-1)!,
    rainyDays,
    dryDays: days.length - rainyDays,
    rainyByMonth,
    daysByMonth,
    wettest: { date: wettest.date, precipitationMm: wettest.precipitation },
  };
}
