import { explore } from "../../src/testing/mod.ts";
import { SCENARIOS } from "./explore/scenarios.ts";

/** As many as a test may take; `deno task explore` goes on for as long as it is told. */
const SEEDS = 100;

for (const { name, run, faults, supervision } of SCENARIOS) {
  Deno.test(`kernel in ${SEEDS} orders of events: ${name}`, async () => {
    await explore(run, {
      seeds: SEEDS,
      ...(faults === undefined ? {} : { faults }),
      ...(supervision === undefined ? {} : { supervision }),
    });
  });
}
