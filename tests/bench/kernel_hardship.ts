/** The kernel when things go badly: a consumer ten times slower than its producer, and hosts that crash. */
import { createActorSystem } from "../../actors/actor_system.ts";
import { inWorker } from "../../src/actor/placement.ts";
import { benchEvent } from "./bench_event.ts";
import { type Bench, median, type OpenBench } from "./figure.ts";
import { frailProtocol, slowSinkProtocol, sourceProtocol } from "./kernel_actors.ts";

const ALWAYS = { timeoutMs: "none" } as const;
const module = import.meta.resolve("./kernel_actors.ts");

/** Each repetition is a system of its own. */
export function kernelHardship(quick: boolean): Promise<OpenBench> {
  const seconds = quick ? 1 : 5;
  const crashes = quick ? 2 : 10;
  let pressed: { readonly warm: number; readonly end: number } | undefined;
  const pressure: Bench = {
    name: `resident memory, consumer 10 times slower than its producer for ${seconds} s`,
    unit: "MiB",
    subjects: {
      "at the end": async () => (pressed = await underPressure(seconds)).end,
      "after the first tenth": () => Promise.resolve(pressed!.warm),
    },
    compare: [["at the end", "after the first tenth"]],
  };
  let recovered: readonly number[] = [];
  const recovery: Bench = {
    name: "crash of a worker host to its actor's next answer",
    unit: "ms",
    subjects: {
      "p50": async () => median(recovered = await recoveries(crashes)),
      "p99": () => Promise.resolve(recovered.toSorted((a, b) => a - b).at(-1)!),
      "raw: start of a bare worker to its first message": () => medianOf(crashes, startBare),
    },
    compare: [
      ["p50", "raw: start of a bare worker to its first message"],
      ["p99", "raw: start of a bare worker to its first message"],
    ],
  };
  return Promise.resolve({ benches: [pressure, recovery], [Symbol.asyncDispose]: () => Promise.resolve() });
}

/** The producer sends as fast as it may; every message is waited for, none is lost. */
async function underPressure(seconds: number): Promise<{ readonly warm: number; readonly end: number }> {
  await using system = createActorSystem();
  const sink = await system.spawnIn(
    inWorker(module, "slowSink", () => import("./kernel_actors.ts")),
    undefined,
    { name: "slow-sink", protocol: slowSinkProtocol },
  );
  const source = await system.spawnIn(
    inWorker(module, "source", () => import("./kernel_actors.ts")),
    { sink: sink.address },
    { name: "source", protocol: sourceProtocol },
  );
  const press = async (ms: number): Promise<number> => {
    await source.ask("press", ms, ALWAYS);
    return Deno.memoryUsage().rss / 2 ** 20;
  };
  const warm = await press(seconds * 100);
  return { warm, end: await press(seconds * 900) };
}

/** How long it takes from the crash of a host to the next answer of its actor, in ms; so many times. */
async function recoveries(crashes: number): Promise<readonly number[]> {
  await using system = createActorSystem({ log: () => {} });
  const restart = {
    limit: { restarts: crashes + 1, withinMs: 60_000 },
    backoff: { minMs: 0, maxMs: 0, jitter: 0 },
  };
  const host = await system.startHost("frail", { restart });
  const frail = await system.spawnIn(
    inWorker(module, "frail", () => import("./kernel_actors.ts")),
    undefined,
    { name: "frail", host, protocol: frailProtocol },
  );
  const took: number[] = [];
  for (let n = 0; n < crashes; n++) {
    await frail.ask("echo", benchEvent(n), ALWAYS);
    const startedMs = performance.now();
    frail.tell("crash", undefined);
    // The first question may still meet the old host.
    for (let answered = false; !answered;) {
      answered = await frail.ask("echo", benchEvent(n), ALWAYS).then(() => true, () => false);
    }
    took.push(performance.now() - startedMs);
  }
  return took;
}

async function medianOf(count: number, run: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let n = 0; n < count; n++) values.push(await run());
  return median(values);
}

async function startBare(): Promise<number> {
  const startedMs = performance.now();
  const worker = new Worker(new URL("./cold/bare_worker.ts", import.meta.url), { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
  worker.terminate();
  return performance.now() - startedMs;
}
