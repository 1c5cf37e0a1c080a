/**
 * The parts that the page is put together from: charts with their figures, rankings, the weather.
 */
import { type Bar, barChart } from "./bar_chart.ts";
import { type Markup, markup } from "./markup.ts";
import type { AirportFigures, Figures, RouteFigures, WeatherSection } from "./report.ts";
import type { PlaceWeather } from "./weather.ts";
import { date, minutes, MONTHS, number, percent, tenths, wholeMinutes } from "./words.ts";

/** A group of flights with a label: an hour or a weekday. */
export interface Group extends Figures {
  /** What stands below its bar. */
  readonly label: string;
  /** What it is called in full. */
  readonly name: string;
}

/** How charts of groups are drawn. */
export interface GroupCharts {
  /** Unique on the page. */
  readonly id: string;
  /** "hour of departure", "weekday". */
  readonly by: string;
  /** From left to right. */
  readonly groups: readonly Group[];
  /** Groups with fewer flights get no bar: their averages would say nothing. */
  readonly minFlights: number;
  /** Every how many labels stay on a small screen. */
  readonly labelEvery: number;
  /** Whether each bar or only the highest carries its value. */
  readonly notes: "all" | "highest";
  /** The size of each chart. */
  readonly size: { readonly width: number; readonly height: number };
}

/** Average delay and share late, one below or beside the other. */
export function delayCharts(charts: GroupCharts): readonly [Markup, Markup] {
  const delay = bars(charts, (group) => group.averageDelayMinutes, minutes);
  const late = bars(charts, (group) => group.latePercent, percent);
  return [
    markup`<figure><figcaption><b>Average delay on arrival</b>, minutes</figcaption>
${
      barChart({
        ...charts,
        id: `${charts.id}-delay`,
        title: `Average delay by ${charts.by}`,
        description: extremes(charts, delay, minutes),
        tone: "calm",
        format: number,
        bars: delay,
      })
    }</figure>`,
    markup`<figure><figcaption><b>Late flights</b>, of a hundred</figcaption>
${
      barChart({
        ...charts,
        id: `${charts.id}-late`,
        title: `Share of late flights by ${charts.by}`,
        description: extremes(charts, late, percent),
        tone: "warm",
        format: (value) => `${number(value)} %`,
        bars: late,
      })
    }</figure>`,
  ];
}

/** Where flights are least and most often late, as a sentence. */
export function lateExtremes(charts: GroupCharts): string {
  return extremes(charts, bars(charts, (group) => group.latePercent, percent), percent);
}

/** How many flights each group has. */
export function countChart(charts: GroupCharts): Markup {
  const counts = bars({ ...charts, minFlights: 0 }, (group) => group.flights, (value) => number(value ?? 0));
  return markup`<figure><figcaption><b>Flights</b></figcaption>
${
    barChart({
      ...charts,
      id: `${charts.id}-flights`,
      title: `Flights by ${charts.by}`,
      description: extremes(charts, counts, (value) => number(value ?? 0)),
      tone: "quiet",
      format: number,
      bars: counts.map(({ label, value, hint }) => ({ label, value, hint })),
    })
  }</figure>`;
}

/** The same figures as a table, for those who cannot see or do not trust a chart. */
export function figuresTable(by: string, groups: readonly Group[]): Markup {
  return markup`
    <details>
      <summary>The figures as a table</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">${by}</th>
            <th scope="col" class="n">Flights</th>
            <th scope="col" class="n">Average delay</th>
            <th scope="col" class="n">Late</th>
            <th scope="col" class="n">Worst</th>
          </tr>
        </thead>
        <tbody>${
    groups.map((group) =>
      markup`
            <tr>
              <th scope="row">${group.name}</th>
              <td>${number(group.flights)}</td>
              <td>${minutes(group.averageDelayMinutes)}</td>
              <td>${percent(group.latePercent)}</td>
              <td>${wholeMinutes(group.worstDelayMinutes)}</td>
            </tr>
          `
    )
  }</tbody>
      </table>
    </details>
  `;
}

/** The largest share of late flights: the full length of the bars of rankings that belong together. */
export function highestShare(groups: readonly Figures[]): number {
  return Math.max(1, ...groups.map((group) => group.latePercent ?? 0));
}

/** A ranking of airports or routes, with a bar for the share that was late; `scale` fills the whole width. */
export function ranking(
  title: string,
  aside: string,
  groups: readonly (AirportFigures | RouteFigures)[],
  scale: number,
): Markup {
  return markup`
    <table>
      <caption>${title} <span>${aside}</span></caption>
      <thead>
        <tr>
          <th scope="col">${groups.some((group) => "origin" in group) ? "Route" : "Airport"}</th>
          <th scope="col" class="n">Flights</th>
          <th scope="col" class="n wide">Average</th>
          <th scope="col" class="late">Late</th>
        </tr>
      </thead>
      <tbody>${groups.map((group) => rankingRow(group, scale))}</tbody>
    </table>`;
}

function rankingRow(group: AirportFigures | RouteFigures, scale: number): Markup {
  const width = Math.round(100 * (group.latePercent ?? 0) / scale);
  return markup`
        <tr>
          <th scope="row">${nameOf(group)}</th>
          <td>${number(group.flights)}</td>
          <td class="wide">${minutes(group.averageDelayMinutes)}</td>
          <td class="late"><span class="share">
            <span>${percent(group.latePercent)}</span><i style="width: ${width}%"></i>
          </span></td>
        </tr>`;
}

/** The weather, or a note that says why it is missing. */
export function weatherPanel(weather: WeatherSection): Markup {
  if ("failure" in weather) {
    return markup`
    <div class="notice" role="note">
      <p><b>The weather is missing from this report.</b>
      Its task failed, and everything else went on without it: ${weather.failure}</p>
    </div>`;
  }
  return markup`
    <div class="pair">${weather.places.map((place, index) => placeCard(place, `weather-${index}`))}</div>`;
}

function placeCard(weather: PlaceWeather, id: string): Markup {
  const { place, first, last, rainyDays, dryDays, wettest } = weather;
  const share = Math.round(100 * rainyDays / (rainyDays + dryDays));
  return markup`
    <div class="card">
      <h3>${place}</h3>
      <p class="soft">From ${date(first)} to ${date(last)} it rained or snowed on ${number(rainyDays)} of
      ${number(rainyDays + dryDays)} days, ${share} %. The wettest was ${date(wettest.date)}, with
      ${number(wettest.precipitationMm)} mm.</p>
      <figure>
        <figcaption><b>Wet days</b>, of a hundred in each month</figcaption>
        ${monthChart(weather, id)}
      </figure>
    </div>`;
}

function monthChart({ place, rainyByMonth, daysByMonth }: PlaceWeather, id: string): Markup {
  const shares = rainyByMonth.map((rainy, month) => {
    const days = daysByMonth[month]!;
    return days === 0 ? null : Math.round(1000 * rainy / days) / 10;
  });
  const wettest = shares.indexOf(Math.max(...shares.map((share) => share ?? 0)));
  return barChart({
    id,
    title: `Share of wet days in ${place} by month`,
    description: `Highest in ${MONTHS[wettest]}, with ${percent(shares[wettest] ?? null)}.`,
    format: (value) => `${number(value)} %`,
    tone: "calm",
    size: { width: 440, height: 170 },
    upTo: 80, // places side by side share a scale
    bars: shares.map((value, month) => ({
      label: MONTHS[month]!.slice(0, 1),
      value,
      hint: `${MONTHS[month]}: ${percent(value)} of days`,
      ...(month === wettest && value !== null ? { note: tenths(value) } : {}),
    })),
  });
}

function nameOf(group: AirportFigures | RouteFigures): Markup {
  if ("iata" in group) return markup`<b>${group.iata}</b> <small>${group.place || group.name}</small>`;
  return markup`<b>${group.origin} → ${group.destination}</b> <small>${group.places}</small>`;
}

function bars(
  { groups, minFlights, notes }: GroupCharts,
  valueOf: (group: Group) => number | null,
  say: (value: number | null) => string,
): Bar[] {
  const values = groups.map((group) => group.flights < minFlights ? null : valueOf(group));
  const highest = Math.max(...values.map((value) => value ?? -Infinity));
  return groups.map((group, index) => {
    const value = values[index]!;
    const hint = value === null
      ? `${group.name}: only ${number(group.flights)} flights`
      : `${group.name}: ${say(value)}`;
    const noted = value !== null && (notes === "all" || value === highest);
    return { label: group.label, value, hint, ...(noted ? { note: tenths(value) } : {}) };
  });
}

/** What there is to see in a chart, in words. */
function extremes(
  { groups }: GroupCharts,
  bars: readonly Bar[],
  say: (value: number | null) => string,
): string {
  const drawn = bars.flatMap(({ value }, index) =>
    value === null ? [] : [{ value, name: groups[index]!.name }]
  );
  if (drawn.length === 0) return "There is nothing to show.";
  const highest = drawn.reduce((a, b) => b.value > a.value ? b : a);
  const lowest = drawn.reduce((a, b) => b.value < a.value ? b : a);
  return `Lowest: ${lowest.name}, ${say(lowest.value)}. Highest: ${highest.name}, ${say(highest.value)}.`;
}
