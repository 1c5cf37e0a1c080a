/**
 * The report as a page: one file that needs nothing else, no script, no font, no picture from anywhere.
 */
import { type Markup, markup, toText, trustedMarkup } from "./markup.ts";
import {
  countChart,
  delayCharts,
  figuresTable,
  type Group,
  type GroupCharts,
  highestShare,
  lateExtremes,
  ranking,
  weatherPanel,
} from "./page_parts.ts";
import { PAGE_STYLE } from "./page_style.ts";
import { type FlightReport, latestFirst } from "./report.ts";
import { date, minutes, number, percent, shareOfFlights, wholeMinutes } from "./words.ts";

/** Renders the report as HTML. */
export function renderPage(report: FlightReport): string {
  const hasFlights = report.period !== null;
  return toText(markup`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Flight delays</title>
  <style>${trustedMarkup(PAGE_STYLE)}</style>
</head>
<body>
<main>
  ${head(report)}
  ${hasFlights && [byHour(report), byWeekday(report), byAirport(report), byRoute(report)]}
  <section>
    <h2>Meanwhile, the weather</h2>
    <p>Rain and snow, day by day. These records are of other years than the flights, so the two are shown on one
    page and never joined.</p>
    ${weatherPanel(report.weather)}
  </section>
  ${foot(report)}
</main>
</body>
</html>
`);
}

function head({ period, overall, airports }: FlightReport): Markup {
  const busiest = airports[0];
  if (period === null || busiest === undefined) {
    return markup`<header><p class="eyebrow">US domestic flights</p><h1>No flights on record</h1></header>`;
  }
  const late = overall.latePercent ?? 0;
  const onTime = Math.round((100 - late) * 10) / 10;
  const worst = wholeMinutes(overall.worstDelayMinutes);
  return markup`<header>
    <p class="eyebrow">US domestic flights · ${date(period.first)} to ${date(period.last)}</p>
    <h1>${shareOfFlights(late)} arrived late</h1>
    <p class="lede">${
    number(overall.flights)
  } flights, by when and where they left. Late means 15 minutes or more
    after schedule, as the US statistics count it.</p>
    <dl class="key">
      <div><dt>On time</dt><dd>${
    percent(onTime)
  }</dd><dd class="more">early, or under 15 minutes late</dd></div>
      <div><dt>Late</dt><dd class="warm">${percent(late)}</dd><dd class="more">15 minutes or more</dd></div>
      <div><dt>Average delay</dt><dd>${minutes(overall.averageDelayMinutes)}</dd>
        <dd class="more">at worst ${worst}</dd></div>
      <div><dt>Busiest airport</dt><dd>${busiest.iata}</dd>
        <dd class="more">${busiest.place || busiest.name}: ${number(busiest.flights)} departures</dd></div>
    </dl>
  </header>`;
}

function byHour({ hours, overall }: FlightReport): Markup {
  const charts: GroupCharts = {
    id: "hour",
    by: "hour of departure",
    groups: hours.map((figures): Group => {
      const label = String(figures.hour).padStart(2, "0");
      return { ...figures, label, name: `${label}:00–${label}:59` };
    }),
    minFlights: Math.ceil(overall.flights / 200),
    labelEvery: 3,
    notes: "highest",
    size: { width: 720, height: 180 },
  };
  return markup`
  <section>
    <h2>Through the day</h2>
    <p>Share of late flights by the hour in which they left. ${lateExtremes(charts)}</p>
    <p class="soft">The hour is that of the actual departure, on the clock of the origin. Hours with fewer than
    ${
    number(charts.minFlights)
  } flights have no bar: whoever leaves at three in the morning should have left the
    evening before.</p>
    <div class="card">
      ${delayCharts(charts)}
      ${countChart({ ...charts, size: { width: 720, height: 120 } })}
      ${figuresTable("Hour", charts.groups)}
    </div>
  </section>`;
}

function byWeekday({ weekdays }: FlightReport): Markup {
  const charts: GroupCharts = {
    id: "weekday",
    by: "weekday",
    groups: weekdays.map((day): Group => ({ ...day, label: day.weekday.slice(0, 3), name: day.weekday })),
    minFlights: 1,
    labelEvery: 1,
    notes: "all",
    size: { width: 460, height: 190 },
  };
  return markup`
  <section>
    <h2>Through the week</h2>
    <p>Share of late flights by the weekday of departure. ${lateExtremes(charts)}</p>
    <div class="card">
      <div class="pair">${delayCharts(charts)}</div>
      ${figuresTable("Weekday", charts.groups)}
    </div>
  </section>`;
}

function byAirport({ airports, overall }: FlightReport): Markup {
  const minFlights = Math.max(10, Math.ceil(overall.flights / 250));
  const busiest = airports.slice(0, 10);
  const ranked = latestFirst(airports, minFlights);
  const scale = highestShare([...busiest, ...ranked]);
  const aside = `by share late, of those with at least ${number(minFlights)} flights`;
  return markup`
  <section>
    <h2>Airports</h2>
    <p>By airport of departure, ${number(airports.length)} in all.</p>
    <div class="card">${ranking("The ten busiest", "by departures", busiest, scale)}</div>
    <div class="pair">
      <div class="card">${ranking("Most often late", aside, ranked.slice(0, 6), scale)}</div>
      <div class="card">${ranking("Most punctual", aside, ranked.toReversed().slice(0, 6), scale)}</div>
    </div>
  </section>`;
}

function byRoute({ routes, overall }: FlightReport): Markup {
  const minFlights = Math.max(5, Math.ceil(overall.flights / 1000));
  const aside = `by share late, of those with at least ${number(minFlights)} flights`;
  const busiest = routes.slice(0, 8);
  const latest = latestFirst(routes, minFlights).slice(0, 8);
  const scale = highestShare([...busiest, ...latest]);
  return markup`
  <section>
    <h2>Routes</h2>
    <p>From one airport to another, ${number(routes.length)} pairs in all.</p>
    <div class="pair">
      <div class="card">${ranking("The busiest", "by flights", busiest, scale)}</div>
      <div class="card">${ranking("Most often late", aside, latest, scale)}</div>
    </div>
  </section>`;
}

function foot({ overall, rejectedRows, unknownAirportFlights }: FlightReport): Markup {
  return markup`<footer>
    <p><b>How sound are these figures?</b> ${number(overall.flights + rejectedRows)} rows were read;
    ${
    number(rejectedRows)
  } were turned away, each with its reason in the result of <code>rejected_flights</code>;
    ${
    number(unknownAirportFlights)
  } flights have an airport that is not in the list. Cancelled flights are not in
    the data.</p>
    <p>Data: on-time performance records of the U.S. Bureau of Transportation Statistics, and weather records of
    NOAA, as packaged by vega-datasets. Made by the Millrace pipelines <code>flights_ingest</code> and
    <code>flights_report</code>.</p>
  </footer>`;
}
