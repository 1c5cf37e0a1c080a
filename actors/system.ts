/**
 * READ FIRST. The cast of a platform: who there is, where each lives, who holds a ref to whom, and the order
 * in which they start and stop.
 *
 * | host | actors | holds refs to |
 * |---|---|---|
 * | main | supervisor, processes, gateway, an executor for inline tasks | all |
 * | control | broker, scheduler, planner, orchestrator, pool | each other, store, event log, executors |
 * | store | store, event log, logs | orchestrator |
 * | executor-1 … n | one executor each | broker, orchestrator |
 * | process-1 … (child processes, when there is work for them) | one sandbox each | nobody |
 * | keeper (with the first of these) | a warden for each sandbox | broker, orchestrator, its sandbox |
 *
 * @module
 */
import type { Address } from "../src/actor/ref.ts";
import { createSystem } from "../src/actor/system.ts";
import { later } from "../src/actor/loop.ts";
import { otelTracer } from "../src/actor/otel_tracer.ts";
import { processTransport } from "../src/actor/process_transport.ts";
import { workerTransport } from "../src/actor/worker_transport.ts";
import { eventLogProtocol } from "../src/broker/log_protocol.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { poolProtocol } from "../src/executor/protocol.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import { plannerProtocol } from "../src/planner/protocol.ts";
import { logsProtocol } from "../src/store/logs_protocol.ts";
import { storeProtocol } from "../src/store/protocol.ts";
import { schedulerProtocol } from "../src/trigger/protocol.ts";
import type { Cast, CastOptions } from "./cast.ts";
import { executor, INLINE_SLOTS } from "./executor.ts";
import { place } from "./places.ts";
import { processes } from "./processes.ts";
import { supervisor } from "./supervisor.ts";

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
      logs: at("logs", storeHost),
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
    const [store, eventLog, logs, planner, broker, scheduler, orchestrator, pool, overseer, inline, apart] =
      await Promise.all([
        system.spawnIn(place.store, kept, as(address.store, storeProtocol)),
        system.spawnIn(place.eventLog, kept, as(address.eventLog, eventLogProtocol)),
        system.spawnIn(place.logs, { dataDir, ...address }, as(address.logs, logsProtocol)),
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
        system.stopActor(logs, "now", STOP_MS),
      ]);
      for (const actor of [pool, orchestrator, scheduler, planner, broker, eventLog, store]) {
        await system.stopActor(actor, "drain", STOP_MS);
      }
      const report = await system.stop({ mode: "drain", deadlineMs: STOP_MS });
      return { ...report, lostThreads: report.lostThreads + lostThreads, unfinishedRuns };
    };
    cancelPatience();
    return { system, broker, scheduler, planner, orchestrator, pool, store, logs, resumed, stop };
  } catch (error) {
    cancelPatience();
    await system.stop({ mode: "now", deadlineMs: STOP_MS });
    throw error;
  }
}
