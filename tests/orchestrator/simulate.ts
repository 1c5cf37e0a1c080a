/**
 * `deno task simulate`: lives one random world of runs after the other, with crashes at every write to the
 * journal, and says how many there were. What fails is repeated with `--first SEED --seconds 1`.
 *
 * - `--seconds N` goes on for so long (60)
 * - `--worlds N` ends after so many, whatever the time
 * - `--first N` starts at this seed (1)
 */
import { parseArgs } from "node:util";
import { Simulation } from "./simulation.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: "string", default: "60" },
    worlds: { type: "string", default: "Infinity" },
    first: { type: "string", default: "1" },
  },
});
const untilMs = performance.now() + numberOf("seconds") * 1_000;
const first = numberOf("first");
const end = first + numberOf("worlds");
let seed = first;
let crashes = 0;
for (; seed < end && performance.now() < untilMs; seed++) {
  const simulation = new Simulation(seed);
  await simulation.run().catch((error) => {
    throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
  });
  crashes += simulation.crashes;
}
// deno-lint-ignore no-console -- this is a program, and this is its answer
console.log(`${seed - first} worlds, ${crashes} crashes: every run ended as it would have without them`);

function numberOf(name: "seconds" | "worlds" | "first"): number {
  const value = Number(values[name]);
  if (value > 0) return value;
  throw new TypeError(`Cannot simulate as --${name} must be a number > 0: current value is ${values[name]}`);
}
