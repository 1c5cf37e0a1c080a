/**
 * READ FIRST. The cast of a platform: who there is, where each lives, who holds a ref to whom, and the order
 * in which they start and stop.
 *
 * | host | actors | holds refs to |
 * |---|---|---|
 * | main | supervisor, processes, gateway, an executor for inline tasks | all |
 * | control | broker, scheduler, planner, orchestrator, pool | each other, store, event log, executors |
 * | store | store, event log | – |
 * | executor-1 … n | one executor each | broker, orchestrator |
 * | process-1 … (child processes, when there is work for them) | one sandbox each | nobody |
 * | keeper (with the first of these) | a warden for each sandbox | broker, orchestrator, its sandbox |
 *
 * @module
 */
import type { ActorRef, Address } from "../src/actor/ref.ts";
import { type ActorSystem, createSystem, type StopReport } from "../src/actor/system.ts";
import { later } from "../src/actor/loop.ts";
import { otelTracer } from "../src/actor/otel_tracer.ts";
import { processTransport } from "../src/actor/process_transport.ts";
import { workerTransport } from "../src/actor/worker_transport.ts";
import type { Clock } from "../src/base/clock.ts";
import type { Logger } from "../src/base/log.ts";
import { eventLogProtocol } from "../src/broker/log_protocol.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { poolProtocol } from "../src/executor/protocol.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import { plannerProtocol } from "../src/planner/protocol.ts";
import { storeProtocol } from "../src/store/protocol.ts";
import type { ResultsOptions } from "../src/store/results.ts";
import type { Retention } from "../src/task/pipeline.ts";
import type { Task } from "../src/task/task.ts";
import { schedulerProtocol } from "../src/trigger/protocol.ts";
import { executor, INLINE_SLOTS } from "./executor.ts";
import { place } from "./places.ts";
import { processes } from "./processes.ts";
import { supervisor } from "./supervisor.ts";

/** What a cast is made of. */
export interface CastOptions {
  /** Modules that define tasks, pipelines and triggers. */
  readonly modules: readonly string[];
  /** The folder where state is kept; absolute. */
  readonly dataDir: string;
  /** How durable a commit is. */
  readonly fsync: "always" | "batched";
  /** Where results are kept. */
  readonly results: ResultsOptions;
  /** How many executors. */
  readonly executors: number;
  /** Tasks of the main program. */
  readonly local: { get(name: string): Task | undefined };
  /** Whether triggers fire by themselves. */
  readonly schedules: boolean;
  /** Whether unfinished runs go on. */
  readonly resume: boolean;
  /** How long ended runs are kept of pipelines that do not say so; `false`: none is deleted by itself. */
  readonly retention: Retention | false;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told once if a thread is lost that nothing can take the place of: the platform must be opened again. */
  readonly onFailure: (reason: string) => void;
}

/** The actors that the platform talks to. */
export interface Cast {
  readonly system: ActorSystem;
  readonly broker: ActorRef<typeof brokerProtocol>;
  readonly scheduler: ActorRef<typeof schedulerProtocol>;
  readonly planner: ActorRef<typeof plannerProtocol>;
  readonly orchestrator: ActorRef<typeof orchestratorProtocol>;
  readonly pool: ActorRef<typeof poolProtocol>;
  readonly store: ActorRef<typeof storeProtocol>;
  /** How many unfinished runs go on. */
  readonly resumed: number;
  /** Stops everything within a deadline for what runs; says what was left. */
  stop(deadlineMs: number): Promise<StopReport & { readonly unfinishedRuns: number }>;
}

/** Asks within the platform end with the actor, not with the clock. */
const ALWAYS = { timeoutMs: "none" } as const;
/** How long an actor may take to stop once nothing runs any more, in ms. */
const STOP_MS = 5_000;

/** How long a start may take before it is said what it may be waiting for, in ms. */
const PATIENCE_MS = 5_000;

/** Starts the cast: what is journalled first, what fires last. On failure everything is stopped again. */
export async function startCast(options: CastOptions): Promise<Cast> {
  const { clock, log, modules, dataDir, fsync, results } = options;
  const entry = new URL("./host.ts", import.meta.url);
  const system = createSystem({
    clock,
    random: Math.random,
    log,
    transports: [workerTransport(entry), processTransport(entry)],
    tracer: otelTracer(),
    later,
    // Their state is their view of the journal and of who subscribes: it outlives a failed message.
    supervision: { decide: () => "resume" },
  });
  let lostThreads = 0;
  const stillStarting = "Still starting: a module may be waiting for something, or computing without end";
  const cancelPatience = clock.after(PATIENCE_MS, () => log.warn(stillStarting, { modules }));
  try {
    const [control, storeHost] = await Promise.all([system.startHost("control"), system.startHost("store")]);
    system.onHostLost((host, reason) => {
      const what = host === control ? "control" : host === storeHost ? "store" : undefined;
      if (what !== undefined) options.onFailure(`the ${what} thread is gone: ${reason}`);
    });
    const at = (name: string, host = control): Address => ({ host, name });
    const as = <P>(where: Address, protocol: P) => ({ ...where, protocol });
    const address = {
      store: at("store", storeHost),
      eventLog: at("event-log", storeHost),
      broker: at("broker"),
      scheduler: at("scheduler"),
      planner: at("planner"),
      orchestrator: at("orchestrator"),
      pool: at("pool"),
      supervisor: at("supervisor", 0),
      processes: at("processes", 0),
    };
    const kept = { dataDir, fsync, results };
    const { orchestrator: orchestratorAt, broker: brokerAt, pool: poolAt } = address;
    const common = { ...kept, orchestrator: orchestratorAt, broker: brokerAt, pool: poolAt };
    const local = { modules, ...common };
    const executors = {
      ...{ system, pool: address.pool, count: options.executors },
      ...{ placement: place.executor, executor: local, onLostThread: () => void lostThreads++ },
    };
    // Nobody talks before all are there: threads load what they need at the same time.
    const [store, eventLog, planner, broker, scheduler, orchestrator, pool, overseer, inline, apart] =
      await Promise.all([
        system.spawnIn(place.store, kept, as(address.store, storeProtocol)),
        system.spawnIn(place.eventLog, kept, as(address.eventLog, eventLogProtocol)),
        system.spawnIn(
          place.planner,
          { modules, store: address.store },
          as(address.planner, plannerProtocol),
        ),
        system.spawnIn(place.broker, address, as(address.broker, brokerProtocol)),
        system.spawnIn(place.scheduler, { modules, ...address }, as(address.scheduler, schedulerProtocol)),
        system.spawnIn(
          place.orchestrator,
          { ...address, retention: options.retention },
          as(address.orchestrator, orchestratorProtocol),
        ),
        system.spawnIn(
          place.pool,
          { ...address, executors: options.executors },
          as(address.pool, poolProtocol),
        ),
        system.spawn(supervisor, executors, { name: "supervisor" }),
        system.spawn(executor, { ...local, local: options.local }, { name: "executor-inline" }),
        system.spawn(processes, { system, pool: address.pool, modules, warden: common }, {
          name: "processes",
        }),
      ]);

    await broker.ask("open", undefined, ALWAYS);
    const { pipelines } = await planner.ask("describe", undefined, ALWAYS);
    const states = await store.ask("triggers", undefined, ALWAYS);
    const triggers = await scheduler.ask(
      "load",
      Object.fromEntries(states.map((state) => [state.name, state])),
      ALWAYS,
    );
    const sources = triggers.flatMap(({ name, source }) => source === undefined ? [] : [{ name, source }]);
    await orchestrator.ask("begin", { pipelines, triggers: sources }, ALWAYS);
    await overseer.ask("begin", undefined, ALWAYS);
    await pool.ask("join", { executor: inline.address, kind: "inline", slots: INLINE_SLOTS }, ALWAYS);
    const resumed = options.resume ? await orchestrator.ask("recover", undefined, ALWAYS) : 0;
    if (options.schedules) await scheduler.ask("arm", undefined, ALWAYS);

    /** Nothing fires, then nothing new starts, then what runs may end; then all stop, the journal last. */
    const stop = async (deadlineMs: number) => {
      await scheduler.ask("halt", undefined, { timeoutMs: STOP_MS }).catch(() => {});
      const unfinishedRuns = await orchestrator.ask("drain", deadlineMs, { timeoutMs: deadlineMs + STOP_MS })
        .catch(() => 0);
      await broker.ask("halt", undefined, { timeoutMs: STOP_MS }).catch(() => {});
      await Promise.all([
        system.stopActor(overseer, "drain", STOP_MS),
        system.stopActor(inline, "now", STOP_MS),
        system.stopActor(apart, "now", STOP_MS),
      ]);
      for (const actor of [pool, orchestrator, scheduler, planner, broker, eventLog, store]) {
        await system.stopActor(actor, "drain", STOP_MS);
      }
      const report = await system.stop({ mode: "drain", deadlineMs: STOP_MS });
      return { ...report, lostThreads: report.lostThreads + lostThreads, unfinishedRuns };
    };
    cancelPatience();
    return { system, broker, scheduler, planner, orchestrator, pool, store, resumed, stop };
  } catch (error) {
    cancelPatience();
    await system.stop({ mode: "now", deadlineMs: STOP_MS });
    throw error;
  }
}
