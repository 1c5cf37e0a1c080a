// A user's module, as the documentation shows it.
import { z } from "zod";
import {
  collect,
  defineApiTrigger,
  defineCronTrigger,
  definePipeline,
  defineTask,
  from,
  isFailure,
} from "@millrace/millrace";

const Sale = z.object({ id: z.string(), amount: z.number(), at: z.date() });
const Day = z.object({ day: z.iso.date() });

export const nightly = defineCronTrigger({
  name: "nightly",
  cron: "0 2 * * *",
  timezone: "Europe/Oslo",
  topic: "sales.day.closed",
  catchUp: "one",
  event: ({ scheduledMs }) => ({ day: new Date(scheduledMs).toISOString().slice(0, 10) }),
});
export const hook = defineApiTrigger({ name: "hook", topic: "sales.day.closed", body: Day });
export const extractSales = defineTask({
  name: "extractSales",
  params: Day,
  output: Sale,
  stream: true,
  permissions: { net: ["api.example.com"] },
  maxRetries: 3,
  timeoutMs: 30_000,
  async *run(_inputs, { params, signal }) {
    const response = await fetch(`https://api.example.com/sales/${params.day}`, { signal });
    for (const row of z.array(Sale).parse(await response.json())) yield row;
  },
});
export const exchangeRate = defineTask({ name: "exchangeRate", failSafe: true, run: () => ({ eur: 11.4 }) });
export const total = defineTask({
  name: "total",
  inputs: { sales: extractSales, rate: exchangeRate },
  output: z.object({ eur: z.number(), rated: z.boolean() }),
  async run({ sales, rate }) {
    let sum = 0;
    for await (const sale of sales) sum += sale.amount;
    return isFailure(rate) ? { eur: sum, rated: false } : { eur: sum / rate.eur, rated: true };
  },
});
export const report = defineTask({
  name: "report",
  inputs: { rows: collect(extractSales), total, note: from("writeNote", z.string()) },
  after: ["backup"],
  run: ({ rows, total, note }) => `${rows.length} sales, ${total.eur} EUR. ${note}`,
});
export const daily = definePipeline({
  name: "daily",
  on: ["sales.day.closed"],
  params: Day,
  tasks: [extractSales, exchangeRate, total, report],
  overlap: "queue",
});
