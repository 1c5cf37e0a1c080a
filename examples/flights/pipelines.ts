/**
 * The example of Millrace: from flight records to a report with charts, in two pipelines.
 *
 * This module only says what there is: tasks, the pipelines they form, and the triggers that start them. The
 * work itself is in the plain functions of the modules beside it, which know nothing of Millrace.
 */
import {
  defineApiTrigger,
  defineCronTrigger,
  defineEventTrigger,
  defineManualTrigger,
  definePipeline,
  defineTask,
  isFailure,
} from "@millrace/millrace";
import { z } from "zod";
import { Airport, indexAirports, joinAirports, JoinedChunk, parseAirports } from "./airport.ts";
import { toCsv } from "./csv.ts";
import * as delays from "./delays.ts";
import { parseChunk, ParsedChunk, RejectedRow } from "./flight.ts";
import { renderPage } from "./page.ts";
import { publishFiles } from "./publish.ts";
import { buildReport } from "./report.ts";
import { datasetFromEnv, readDataText, readFlights } from "./source.ts";
import { PlaceWeather, summarizeWeather } from "./weather.ts";

/** What a run can be told; nothing has to be. */
const Params = z.object({
  /** Which records: twenty thousand, or three million. What the variable `FLIGHTS` says by default. */
  dataset: z.enum(["20k", "3m"]).optional(),
  /** For tests and demonstrations: so many attempts of `read_flights` and `publish_report` fail at first. */
  failFirst: z.int().min(0).default(0),
  /** For tests and demonstrations: the weather fails, and the report must do without it. */
  failWeather: z.boolean().default(false),
});

/** A file or a disk may be away for a moment: three more tries, after about 50, 100 and 200 ms. */
const RETRIES = { maxRetries: 3, backoff: { baseMs: 50, factor: 2, maxMs: 1_000, jitter: true } };

// Ingest: read → parse → join ------------------------------------------------------------------------------

/** Reads the raw rows, a chunk at a time: no task ever holds them all. */
export const read_flights = defineTask({
  name: "read_flights",
  tags: ["ingest"],
  params: Params,
  output: z.object({ firstRow: z.int(), rows: z.array(z.array(z.unknown())) }),
  stream: true,
  ...RETRIES,
  async *run(_inputs, { params, attempt, signal }) {
    for await (const chunk of readFlights(params.dataset ?? datasetFromEnv())) {
      signal.throwIfAborted();
      yield { firstRow: chunk.firstRow, rows: chunk.rows.map((row) => [...row]) };
      // After the first chunk, so that a retry has something to make good.
      if (attempt <= params.failFirst) throw new Error(`attempt ${attempt} was told to fail`);
    }
  },
});

/** Checks every row: good ones become columns of flights, bad ones are set aside with a reason. */
export const parse_flights = defineTask({
  name: "parse_flights",
  tags: ["ingest"],
  inputs: { chunks: read_flights },
  output: ParsedChunk,
  stream: true,
  async *run({ chunks }) {
    for await (const chunk of chunks) yield parseChunk(chunk);
  },
});

/** The rows that were turned away, as a result of their own. */
export const rejected_flights = defineTask({
  name: "rejected_flights",
  tags: ["ingest"],
  inputs: { parsed: parse_flights },
  output: z.object({ rows: z.array(RejectedRow) }),
  async run({ parsed }) {
    const rows: RejectedRow[] = [];
    for await (const { rejected } of parsed) rows.push(...rejected);
    return { rows };
  },
});

/** Reads the list of airports. */
export const read_airports = defineTask({
  name: "read_airports",
  tags: ["ingest"],
  output: z.array(Airport),
  run: async () => parseAirports(await readDataText("airports.csv")),
});

/** Gives every flight the names of its airports. */
export const join_airports = defineTask({
  name: "join_airports",
  tags: ["ingest"],
  inputs: { parsed: parse_flights, airports: read_airports },
  output: JoinedChunk,
  stream: true,
  async *run({ parsed, airports }) {
    const byCode = indexAirports(airports);
    for await (const { flights } of parsed) yield joinAirports(flights, byCode);
  },
});

/** From the file to flights with airports. A second request waits until the first is done. */
export const flights_ingest = definePipeline({
  name: "flights_ingest",
  tasks: [read_flights, parse_flights, rejected_flights, read_airports, join_airports],
  on: ["flights.ingest.requested"],
  params: Params,
  overlap: "queue",
});

// Report: five sums in parallel, and the weather → report → files ---------------------------------------------

/** All flights, and the period they cover. */
export const totals = defineTask({
  name: "totals",
  tags: ["report"],
  inputs: { flights: join_airports },
  output: delays.Totals,
  run: ({ flights }) => delays.addTotals(flights),
});

/** Delays by airport of departure. */
export const delays_by_airport = defineTask({
  name: "delays_by_airport",
  tags: ["report"],
  inputs: { flights: join_airports },
  output: z.array(delays.AirportDelays),
  run: ({ flights }) => delays.delaysByAirport(flights),
});

/** Delays by origin and destination. */
export const delays_by_route = defineTask({
  name: "delays_by_route",
  tags: ["report"],
  inputs: { flights: join_airports },
  output: z.array(delays.RouteDelays),
  run: ({ flights }) => delays.delaysByRoute(flights),
});

/** Delays by hour of departure. */
export const delays_by_hour = defineTask({
  name: "delays_by_hour",
  tags: ["report"],
  inputs: { flights: join_airports },
  output: z.array(delays.DelaySums).length(24),
  run: ({ flights }) => delays.delaysByHour(flights),
});

/** Delays by weekday of departure. */
export const delays_by_weekday = defineTask({
  name: "delays_by_weekday",
  tags: ["report"],
  inputs: { flights: join_airports },
  output: z.array(delays.DelaySums).length(7),
  run: ({ flights }) => delays.delaysByWeekday(flights),
});

/** Wet and dry days. Nice to have: the report does without it if it fails. */
export const weather = defineTask({
  name: "weather",
  tags: ["report"],
  params: Params,
  output: z.array(PlaceWeather),
  failSafe: true,
  async run(_inputs, { params }) {
    if (params.failWeather) throw new Error("the weather was told to fail");
    return summarizeWeather([await readDataText("weather.csv"), await readDataText("seattle-weather.csv")]);
  },
});

/** The report in three forms. The same flights give the same bytes. */
export const report = defineTask({
  name: "report",
  tags: ["report"],
  inputs: {
    totals,
    rejected: rejected_flights,
    hours: delays_by_hour,
    weekdays: delays_by_weekday,
    airports: delays_by_airport,
    routes: delays_by_route,
    weather,
  },
  output: z.object({ json: z.string(), csv: z.string(), html: z.string() }),
  run({ rejected, weather, ...sums }) {
    const built = buildReport({
      ...sums,
      rejected: rejected.rows.length,
      weather: isFailure(weather) ? { failure: weather.error.message } : { places: weather },
    });
    return { json: JSON.stringify(built, null, 2) + "\n", csv: toCsv(built), html: renderPage(built) };
  },
});

/** Puts the report where people find it, each file whole or not at all. */
export const publish_report = defineTask({
  name: "publish_report",
  tags: ["report"],
  inputs: { report },
  params: Params,
  output: z.object({ paths: z.array(z.string()) }),
  ...RETRIES,
  async run({ report }, { params, attempt, runId }) {
    if (attempt <= params.failFirst) throw new Error(`attempt ${attempt} was told to fail`);
    const dir = `${Deno.env.get("MILLRACE_DATA_DIR") ?? ".millrace"}/flights`;
    const files = { "report.json": report.json, "report.csv": report.csv, "report.html": report.html };
    return { paths: await publishFiles({ dir, files, runId }) };
  },
});

/** From flights to a report. What it needs of the ingest is loaded from the latest run that succeeded. */
export const flights_report = definePipeline({
  name: "flights_report",
  tasks: [
    totals,
    delays_by_airport,
    delays_by_route,
    delays_by_hour,
    delays_by_weekday,
    weather,
    report,
    publish_report,
  ],
  on: ["flights.report.requested"],
  params: Params,
  overlap: "queue",
});

// What starts them ------------------------------------------------------------------------------------------

/** A finished ingest asks for a report, with the same parameters. */
export const report_after_ingest = defineEventTrigger({
  name: "report_after_ingest",
  source: "run.flights_ingest.succeeded",
  data: z.object({ params: Params }),
  map: ({ data }) => data.params,
  topic: "flights.report.requested",
});

/** Every night at two, New York time; a night that was missed is made up for once. */
export const flights_nightly = defineCronTrigger({
  name: "flights_nightly",
  cron: "0 2 * * *",
  timezone: "America/New_York",
  topic: "flights.ingest.requested",
  event: () => ({}),
  catchUp: "one",
});

/** `POST /api/triggers/flights_hook/trigger`. */
export const flights_hook = defineApiTrigger({
  name: "flights_hook",
  topic: "flights.ingest.requested",
  body: Params,
});

/** Any event such as `files.flights.arrived`. */
export const flights_on_file = defineEventTrigger({
  name: "flights_on_file",
  source: "files.flights.*",
  data: Params,
  topic: "flights.ingest.requested",
});

/** By hand. */
export const flights_now = defineManualTrigger({
  name: "flights_now",
  topic: "flights.ingest.requested",
  event: (data) => data ?? {},
});
