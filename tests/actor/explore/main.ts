/**
 * `deno task explore`: runs the kernel's scenarios in one order of events after the other, audits each, and
 * says how many there were.
 *
 * - `--seconds N` goes on for so long (60)
 * - `--first N` starts at this seed (1)
 */
import { explore } from "../../../src/testing/mod.ts";
import { SCENARIOS } from "./scenarios.ts";

/** How many orders of one scenario are run before the next one has its turn. */
const BATCH = 50;

const seconds = numberAfter("--seconds", 60);
let first = numberAfter("--first", 1);
const untilMs = performance.now() + seconds * 1_000;
let histories = 0;
let steps = 0;
while (performance.now() < untilMs) {
  for (const { name, run, faults, supervision } of SCENARIOS) {
    const options = {
      seeds: BATCH,
      first,
      ...(faults === undefined ? {} : { faults }),
      ...(supervision === undefined ? {} : { supervision }),
    };
    const explored = await explore(run, options).catch((error) => {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    });
    histories += explored.seeds;
    steps += explored.steps;
  }
  first += BATCH;
}
// deno-lint-ignore no-console -- this is a program, and this is its answer
console.log(
  `${histories} orders of events of ${SCENARIOS.length} scenarios, ${steps} steps: the law held in each`,
);

function numberAfter(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(name);
  if (at < 0) return otherwise;
  const value = Number(Deno.args[at + 1]);
  if (Number.isFinite(value) && value > 0) return value;
  throw new TypeError(
    `Cannot explore as ${name} must be a number > 0: current value is ${Deno.args[at + 1]}`,
  );
}
