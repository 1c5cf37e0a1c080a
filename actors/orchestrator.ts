/**
 * The orchestrator: accepts causes and drives runs, journal first.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { ActorRef, Address } from "../src/actor/ref.ts";
import { decode } from "../src/base/codec.ts";
import { messageOf, MillraceError } from "../src/base/errors.ts";
import { createIdSource } from "../src/base/ids.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { encodeBatch } from "../src/event/event_batch.ts";
import type { AttemptKey, AttemptOutcome } from "../src/executor/port.ts";
import { poolProtocol } from "../src/executor/protocol.ts";
import { Engine } from "../src/orchestrator/engine.ts";
import { isLost, outcomeOfLost } from "../src/orchestrator/lost_outcome.ts";
import { toFactsText } from "../src/orchestrator/journal_text.ts";
import type { JournalWrite } from "../src/orchestrator/port.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import { Retentions } from "../src/orchestrator/retention.ts";
import { plannerProtocol } from "../src/planner/protocol.ts";
import { storeProtocol } from "../src/store/protocol.ts";
import type { Retention } from "../src/task/pipeline.ts";
import { resultIdOf, type StreamMark } from "../src/task/result_id.ts";
import { schedulerProtocol } from "../src/trigger/protocol.ts";

/** What the orchestrator is given. */
export interface OrchestratorOptions {
  readonly store: Address;
  readonly broker: Address;
  readonly planner: Address;
  readonly scheduler: Address;
  readonly pool: Address;
  /** How long runs are kept of pipelines that do not say so; `false`: none is deleted by itself. */
  readonly retention: Retention | false;
}

/** When retention is applied first, and how long it rests after that, in ms. */
const RETENTION_MS = { first: 1_000, next: 10 * 60 * 1_000 } as const;
/** Many causes wait for the journal at the same time. */
const CONCURRENCY = 4096;
/** Asks of the platform's own actors end with the actor, not with the clock. */
const ALWAYS = { timeoutMs: "none" } as const;

/** The orchestrator. */
export const orchestrator = defineActor(orchestratorProtocol, (ctx, options: OrchestratorOptions) => {
  const store = ctx.ref(storeProtocol, options.store);
  const broker = ctx.ref(brokerProtocol, options.broker);
  const planner = ctx.ref(plannerProtocol, options.planner);
  const scheduler = ctx.ref(schedulerProtocol, options.scheduler);
  const pool = ctx.ref(poolProtocol, options.pool);
  const ids = createIdSource(ctx.clock);
  const interest = new Map<string, string>();
  const adopt = (attempt: AttemptKey) =>
    adoptable(store, attempt, (task) =>
      planner.ask("describe", undefined, ALWAYS).then(
        ({ tasks }) => tasks.find(({ name }) => name === task)?.stream ?? false,
      ));
  const engine = new Engine({
    clock: ctx.clock,
    ids,
    log: ctx.log,
    random: Math.random,
    journal: {
      commit: (writes) => store.ask("commit", writes.map(packed), ALWAYS),
      unfinished: () => store.ask("unfinished", undefined, ALWAYS),
      unrouted: () => store.ask("unrouted", undefined, ALWAYS),
      run: (runId) => store.ask("run", runId, ALWAYS),
      latestResult: (task) => store.ask("latestResult", task, ALWAYS),
      starts: () => store.ask("starts", undefined, ALWAYS),
    },
    recall: (wanted) => store.ask("recall", wanted, ALWAYS),
    present: (sources) =>
      store.ask(
        "present",
        sources.map(({ runId, task, attempt }) => ({ runId, task, resultId: resultIdOf(attempt) })),
        ALWAYS,
      ),
    prepare: (request) => planner.ask("prepare", request, ALWAYS),
    submit: (task) => send(pool.offer("submit", task)),
    cancel: (attempt) => send(pool.offer("cancel", attempt)),
    adoptable: adopt,
    deliver: (events) => send(broker.offer("deliver", encodeBatch(events))),
    consider: (event, triggers) => scheduler.ask("consider", { event, triggers: [...triggers] }, ALWAYS),
  });
  ctx.onStop(() => engine.close());
  const retentions = new Retentions({
    now: () => ctx.clock.now(),
    prune: (filter) => store.ask("prune", filter, ALWAYS),
    sweep: () => store.ask("sweep", undefined, ALWAYS),
    pruneEvents: (beforeMs, limit) => store.ask("pruneEvents", { beforeMs, limit }, ALWAYS),
    reclaim: () => store.ask("reclaim", undefined, ALWAYS),
  }, options.retention === false ? {} : options.retention);
  let cancelRetention = (): void => {};
  ctx.onStop(() => cancelRetention());

  /** Applies retention now and then, for as long as the platform is there. */
  function retain(afterMs: number): void {
    cancelRetention = ctx.clock.after(afterMs, async () => {
      try {
        const { runs, results } = await retentions.apply();
        if (runs > 0) ctx.log.info("Ended runs were deleted by retention", { runs, results });
      } catch (error) {
        if (MillraceError.is(error, "actor/stopped")) return; // the platform is closing
        ctx.log.warn("Retention could not be applied; trying again later", { error: messageOf(error) });
      }
      if (!drained) retain(RETENTION_MS.next);
    });
  }

  /** Whether this process is done: what is called off now goes on at the next start, and is no failure. */
  let drained = false;

  /** The broker asks us before it shows an event that someone waits for. */
  function tellInterest(): void {
    send(broker.offer("interest", [...interest.values()]));
  }

  function addTrigger({ name, source }: { readonly name: string; readonly source: string }): void {
    interest.set(`trigger/${name}`, source);
    engine.addTrigger(name, source);
  }

  return {
    begin: ({ pipelines, triggers }) => {
      engine.addPipelines(pipelines);
      retentions.addPipelines(pipelines);
      if (options.retention !== false) retain(RETENTION_MS.first);
      for (const { name, on } of pipelines) if (on.length > 0) interest.set(`pipeline/${name}`, on.join("|"));
      triggers.forEach(addTrigger);
      tellInterest();
    },
    recover: () => engine.recover(),
    accept: async ({ event, fire }) => {
      const { runIds } = await engine.accept(event, fire);
      return { runIds: [...runIds] };
    },
    outcome: ({ attempt, outcome }) => {
      const take = (outcome: AttemptOutcome): void => drained ? undefined : engine.outcome(attempt, outcome);
      if (isLost(outcome)) void outcomeOfLost(outcome, () => adopt(attempt)).then(take);
      else take(outcome);
    },
    recall: ({ attempt, memo }) => engine.recall(attempt, memo),
    notice: ({ attempt, notice }) => engine.notice(attempt, notice),
    readStream: ({ reader, source, position }) => engine.streams.read(reader, source, position),
    leaveStream: ({ reader, source }) => engine.streams.left(reader, source),
    streamRoom: ({ source, chunks, maxAhead }) => engine.streams.room(source, chunks, maxAhead),
    cancel: (runId) => engine.cancel(runId),
    ended: async function* (runId) {
      yield await engine.ended(runId);
    },
    view: (runId) => engine.view(runId),
    prune: (request) => retentions.prune(request),
    addTrigger: (trigger) => {
      addTrigger(trigger);
      tellInterest();
    },
    removeTrigger: (name) => {
      interest.delete(`trigger/${name}`);
      engine.removeTrigger(name);
      tellInterest();
    },
    drain: async (deadlineMs) => {
      const unfinished = await engine.drain(deadlineMs);
      drained = true;
      return unfinished;
    },
  };
}, { concurrency: CONCURRENCY });

/** Facts as text: written once here, and never read on the way. */
function packed(write: JournalWrite): JournalWrite {
  return write.kind === "facts" ? { ...write, facts: toFactsText(write.facts) } : write;
}

/** Sends without waiting: a receiver that has stopped has done so because the platform is closing. */
function send(offer: Promise<void>): void {
  offer.catch(() => {});
}

/** A complete result of an attempt that was stored, but not journalled, when the process ended. */
async function adoptable(
  store: ActorRef<typeof storeProtocol>,
  { runId, task, attempt }: AttemptKey,
  streams: (task: string) => Promise<boolean>,
): Promise<{ readonly chunks?: number } | undefined> {
  const key = { runId, task, resultId: resultIdOf(attempt) };
  if (!await store.ask("exists", key, ALWAYS)) return undefined;
  if (!await streams(task)) return {};
  const mark = await store.ask("load", key, ALWAYS);
  return mark instanceof Uint8Array ? undefined : { chunks: (decode(mark) as StreamMark).chunks };
}
