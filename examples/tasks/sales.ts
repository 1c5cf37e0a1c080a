/** The tasks of these examples: what a shop sold, cleaned, added up and reported. */
import { collect, defineTask, from, type Task } from "@millrace/millrace";
import { z } from "zod";

const Sale = z.object({ shop: z.string(), amount: z.number() });

export const extractSales = defineTask({
  name: "extract_sales",
  tags: ["extract", "daily"],
  output: Sale,
  stream: true,
  maxRetries: 3,
  *run() {
    yield { shop: "Oslo", amount: 12 };
    yield { shop: "Bergen", amount: -1 };
    yield { shop: "Oslo", amount: 30 };
  },
});

export const extractRates = defineTask({
  name: "extract_rates",
  tags: ["extract", "daily"],
  output: z.object({ eur: z.number() }),
  failSafe: true,
  run: () => ({ eur: 11.4 }),
});

export const cleanSales = defineTask({
  name: "clean_sales",
  tags: ["daily"],
  inputs: { sales: collect(extractSales) },
  output: z.array(Sale),
  run: ({ sales }) => sales.filter((sale) => sale.amount > 0),
});

export const totals = defineTask({
  name: "totals",
  tags: ["daily", "slow"],
  inputs: { sales: cleanSales, rates: extractRates },
  run: ({ sales }) => sales.reduce((sum, sale) => sum + sale.amount, 0),
});

export const report = defineTask({
  name: "report",
  tags: ["publish"],
  inputs: { totals, sales: from("clean_sales", z.array(Sale)) }, // by name: modules need not import each other
  after: ["backup"],
  run: ({ totals, sales }) => `${sales.length} sales, ${totals} in all`,
});

export const backup = defineTask({ name: "backup", tags: ["nightly"], run: () => "kept" });

/** All of them, in no particular order: the planner finds the right one. */
export const sales: readonly Task[] = [report, backup, totals, cleanSales, extractRates, extractSales];
