/** Random worlds that crash at random moments: a few; `deno task simulate` lives as many as there is time for. */
import { assertGreater } from "@std/assert";
import { Simulation } from "./simulation.ts";

/** How many worlds; each has its own seed. */
const WORLDS = 1_000;

Deno.test("Engine whatever the moments of crashes: all runs end as they would have, and nothing is done twice", async () => {
  let earlyStarts = 0;
  for (let seed = 1; seed <= WORLDS; seed++) {
    try {
      const simulation = new Simulation(seed);
      await simulation.run();
      earlyStarts += simulation.earlyStarts;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  assertGreater(earlyStarts, WORLDS / 10, "streams are read while they are written");
});
