/**
 * A whole actor system in a simulation: the user's actors as they are, without threads and without waiting.
 *
 * @module
 */
import type { Protocol } from "../actor/protocol.ts";
import { type ActorSystem, createSystem } from "../actor/system.ts";
import type { Supervision } from "../actor/supervision.ts";
import type { MillraceError } from "../base/errors.ts";
import { createLogger, type LogRecord } from "../base/log.ts";
import { findings } from "./audit.ts";
import type { FaultPlan } from "./faults.ts";
import { createProbe, type Probe } from "./probe.ts";
import { Simulation } from "./simulation.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** How to simulate. */
export interface TestSystemOptions {
  /** Decides the order of everything that could happen in more than one. @default {1} */
  readonly seed?: number;
  /** What goes wrong. @default {nothing} */
  readonly faults?: FaultPlan;
  /** How the actors that the test itself spawns are supervised. @default {one-for-one, 3 restarts in 30 s} */
  readonly supervision?: Supervision;
  /** Hears of a failure that is too much for `supervision`: the system stops then. */
  readonly onFailure?: (error: MillraceError) => void;
}

/** An actor system in a simulation. Disposing of it stops it, and fails if something was left behind. */
export interface TestSystem extends AsyncDisposable {
  /** The system: `spawn`, `startHost`, `spawnIn` … as ever. */
  readonly system: ActorSystem;
  /** The time. */
  readonly clock: VirtualClock;
  /** The seed, for a replay. */
  readonly seed: number;
  /** What was logged. */
  readonly logged: readonly LogRecord[];
  /** How many steps there were. */
  readonly steps: number;
  /** Gives a number from 0 to below 1, the same for the same seed: for what the test itself leaves to chance. */
  random(): number;
  /** An actor that the test sees through. */
  probe<P extends Protocol>(protocol: P): Promise<Probe<P>>;
  /** Lets time pass, and everything that happens meanwhile happen. */
  advance(byMs: number): Promise<void>;
  /** Resolves once nothing can happen any more but by the passing of time. */
  runUntilIdle(): Promise<void>;
  /** Ends a host where it stands; unless `announced`, without a word. @default announced {true} */
  crashHost(host: number, announced?: boolean): void;
  /**
   * Checks what must always hold.
   *
   * @throws {Error} If the accounting law is broken: accepted = handled + failed + dead-lettered + queued + in hand.
   */
  audit(): Promise<void>;
  /** The latest steps, oldest first. */
  trace(): readonly string[];
}

/** How long a simulated system may take to stop, in ms of its own time. */
const STOP_MS = 60_000;

/**
 * Makes an actor system in a simulation.
 *
 * Its hosts live in this thread, messages between them are cloned as between threads, its clock is moved by
 * the test, and the seed decides what happens next wherever more than one thing could. Files, sockets and
 * real timers of the actors under test are not simulated.
 *
 * @example A test of an actor that asks another one, with time
 * ```ts
 * import { z } from "zod";
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { type ActorRef, defineActor, isActorRef, MillraceError, protocol } from "@millrace/millrace";
 * import { testSystem } from "@millrace/millrace/testing";
 *
 * const rates = protocol("rates", { rate: { in: z.string(), out: z.number() } });
 * const shop = protocol("shop", { price: { in: z.number(), out: z.number() } });
 * const shopActor = defineActor(shop, (_ctx, options: { rates: ActorRef<typeof rates> }) => ({
 *   price: async (nok, turn) => nok / await options.rates.ask("rate", "EUR", { timeoutMs: 500, turn }),
 * }));
 *
 * await using test = await testSystem({ seed: 7 });
 * const bank = await test.probe(rates);
 * const ref = await test.system.spawn(shopActor, { rates: bank.ref }, { name: "shop" });
 *
 * bank.answer("rate", () => 11.5);
 * assertEquals(await ref.ask("price", 23, { timeoutMs: 1_000 }), 2);
 *
 * bank.answer("rate", () => new Promise(() => {}));
 * const late = assertRejects(() => ref.ask("price", 23, { timeoutMs: 1_000 }), MillraceError);
 * await test.advance(1_000);
 * assertEquals((await late).code, "actor/ask-timeout");
 * await test.audit();
 * ```
 */
export function testSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  const { seed = 1, faults, supervision, onFailure } = options;
  const world = new Simulation(seed, faults);
  const logged: LogRecord[] = [];
  const system = createSystem({
    clock: world.clock,
    random: world.random,
    log: createLogger((record) => logged.push(record), world.clock.now),
    transports: [world.transport],
    soon: (fn) => world.soon(0, fn),
    later: (fn) => world.later(0, fn),
    clones: true,
    ...(supervision === undefined ? {} : { supervision }),
    ...(onFailure === undefined ? {} : { onFailure }),
  });
  let probes = 0;
  const stop = async (): Promise<void> => {
    const stopping = system.stop({ mode: "now", deadlineMs: STOP_MS });
    let stopped = false;
    void stopping.then(() => stopped = true);
    await world.runUntilIdle();
    // What does not stop by itself is given up when its time is up.
    for (let waited = 0; !stopped && waited <= STOP_MS; waited += 1_000) await world.clock.advance(1_000);
    await stopping;
    await world.runUntilIdle();
    const { pending } = world.clock;
    if (pending > 0) throw new Error(`Cannot end the test as ${pending} alarms are still set (seed ${seed})`);
  };
  const test: TestSystem = {
    system,
    clock: world.clock,
    seed,
    logged,
    get steps() {
      return world.steps;
    },
    random: world.random,
    probe: (protocol) =>
      createProbe(protocol, {
        spawn: (definition) => system.spawn(definition, undefined, { name: `probe-${++probes}` }),
        settle: () => world.runUntilIdle(),
        advance: (byMs) => world.clock.advance(byMs),
      }),
    advance: (byMs) => world.clock.advance(byMs),
    runUntilIdle: () => world.runUntilIdle(),
    crashHost: (host, announced = true) => world.crash(host, announced),
    audit: async () => {
      const found = findings(await snapshot());
      if (found.length > 0) throw new Error(`${found.join("; ")} (seed ${seed})`);
    },
    trace: () => world.trace,
    [Symbol.asyncDispose]: stop,
  };
  /** A host that is gone without a word answers nothing before time has passed. */
  async function snapshot() {
    const asked = system.snapshot();
    await world.runUntilIdle();
    let answered = false;
    void asked.then(() => answered = true);
    await world.runUntilIdle();
    if (!answered) await world.clock.advance(1_000);
    return await asked;
  }
  return Promise.resolve(test);
}

/** How to explore. */
export interface ExploreOptions {
  /** How many seeds. */
  readonly seeds: number;
  /** The first one. @default {1} */
  readonly first?: number;
  /** What goes wrong, by seed. @default {nothing} */
  readonly faults?: (seed: number) => FaultPlan;
  /** How the actors that `fn` spawns are supervised. @default {one-for-one, 3 restarts in 30 s} */
  readonly supervision?: Supervision;
}

/** What was explored. */
export interface Explored {
  /** How many histories. */
  readonly seeds: number;
  /** How many steps they had together. */
  readonly steps: number;
}

/**
 * Runs `fn` once for each seed, each time in a system of its own, and audits it at the end.
 *
 * @throws {Error} At the first seed that fails, with its number, the latest steps, and the failure as its cause:
 * `testSystem({ seed })` shows it again.
 * @example Whatever the order, nothing is lost
 * ```ts
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 * import { defineActor, protocol } from "@millrace/millrace";
 * import { explore } from "@millrace/millrace/testing";
 *
 * const counting = protocol("counter", { add: { in: z.number() }, total: { in: z.void(), out: z.number() } });
 * const counter = defineActor(counting, () => {
 *   let total = 0;
 *   return { add: (n) => void (total += n), total: () => total };
 * });
 *
 * await explore(async ({ system }) => {
 *   const ref = await system.spawn(counter, undefined, { name: "counter" });
 *   for (const n of [1, 2, 3]) await ref.offer("add", n);
 *   assertEquals(await ref.ask("total", undefined, { timeoutMs: 1_000 }), 6);
 * }, { seeds: 20 });
 * ```
 */
export async function explore(
  fn: (test: TestSystem) => Promise<void>,
  { seeds, first = 1, faults, supervision }: ExploreOptions,
): Promise<Explored> {
  let steps = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const test = await testSystem({
      seed,
      ...(faults === undefined ? {} : { faults: faults(seed) }),
      ...(supervision === undefined ? {} : { supervision }),
    });
    try {
      await fn(test);
      await test.audit();
      await test[Symbol.asyncDispose]();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Seed ${seed} fails: ${message}\nThe latest steps:\n${test.trace().join("\n")}`, {
        cause,
      });
    }
    steps += test.steps;
  }
  return { seeds, steps };
}
