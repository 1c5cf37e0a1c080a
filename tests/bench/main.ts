/**
 * `deno task bench`: what the platform does on this machine, beside the raw limit of the same machine in the
 * same minute. Figures of different runs are not comparable; ratios are (PERFORMANCE, "Method and noise").
 *
 * - `--json` prints one object a line: `{ bench, subject, value, unit, min, max, ratio?, against? }`
 * - `--quick` does each in small: to see that it works, not how fast it is
 * - names of groups (`kernel`, `events` …) run only those
 */
import { coldStart } from "./cold_start.ts";
import { durable } from "./durable.ts";
import { events } from "./events.ts";
import { graphs } from "./graphs.ts";
import { fanout } from "./fanout.ts";
import { io } from "./io.ts";
import { httpEvents } from "./http_events.ts";
import { kernelHardship } from "./kernel_hardship.ts";
import { isolation } from "./isolation.ts";
import { measure, type OpenBench, table } from "./figure.ts";
import { kernel } from "./kernel.ts";
import { plans } from "./plans.ts";
import { pool } from "./pool.ts";
import { registry } from "./registry.ts";
import { schemaEdges } from "./schema_edges.ts";
import { streams } from "./streams.ts";
import { tasks } from "./tasks.ts";
import { timeout } from "./timeout.ts";
import { topics } from "./topics.ts";

const GROUPS: Readonly<Record<string, (quick: boolean) => Promise<OpenBench>>> = {
  kernel,
  "kernel-hardship": kernelHardship,
  events,
  fanout,
  durable,
  "http-events": httpEvents,
  topics,
  tasks,
  isolation,
  graphs,
  pool,
  timeout,
  streams,
  io,
  plans,
  registry,
  "schema-edges": schemaEdges,
  "cold-start": coldStart,
};

const options = Deno.args.filter((arg) => arg.startsWith("--"));
const names = Deno.args.filter((arg) => !arg.startsWith("--"));
const unknown = [
  ...options.filter((option) => option !== "--json" && option !== "--quick").map((option) =>
    `option ${option}`
  ),
  ...names.filter((name) => !Object.hasOwn(GROUPS, name)).map((name) => `group ${name}`),
];
if (unknown.length > 0) throw new TypeError(`Cannot run the benchmarks as there is no ${unknown.join(", ")}`);
const [json, quick] = [Deno.args.includes("--json"), Deno.args.includes("--quick")];

const figures = [];
for (const [name, open] of Object.entries(GROUPS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  await using opened = await open(quick);
  for (const bench of opened.benches) {
    const measured = await measure(bench, quick ? 1 : 7);
    figures.push(...measured);
    if (json) { for (const figure of measured) print(JSON.stringify(figure)); }
  }
}
if (!json) print(table(figures));

function print(line: string): void {
  // deno-lint-ignore no-console -- this is a program, and this is its answer
  console.log(line);
}
