/** Runs that come and go leave nothing in memory. */
import { assert, assertEquals } from "@std/assert";

const [BATCHES, RUNS] = [100, 100];
/** What may be left of a run, in bytes: less than the smallest object that could be forgotten there. */
const BYTES_A_RUN = 100;

interface Sample {
  readonly tasks: number;
  readonly heap: number;
}

Deno.test("Engine 100,000 finished tasks leave memory flat", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--v8-flags=--expose-gc",
      new URL("./fixtures/engine_heap.ts", import.meta.url).href,
      String(BATCHES),
      String(RUNS),
    ],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const samples: Sample[] = new TextDecoder().decode(stdout).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  // The first ones warm up: code is compiled, caches are filled.
  const [warm, last] = [samples[BATCHES / 10]!, samples.at(-1)!];
  assert(last.tasks > 100_000);
  const left = (last.heap - warm.heap) / (RUNS * BATCHES * 0.9);
  assert(left < BYTES_A_RUN, `${left.toFixed(0)} bytes are left of each run`);
});
