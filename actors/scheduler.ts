/**
 * The scheduler: holds the triggers of the loaded modules and fires them.
 *
 * @module
 */
import { defineActor } from "../src/actor/define_actor.ts";
import type { Address } from "../src/actor/ref.ts";
import { MillraceError } from "../src/base/errors.ts";
import { createIdSource } from "../src/base/ids.ts";
import { brokerProtocol } from "../src/broker/protocol.ts";
import { Publisher } from "../src/broker/publisher.ts";
import { encodeData } from "../src/event/event.ts";
import { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import { storeProtocol } from "../src/store/protocol.ts";
import { importDefinitions, importModule } from "../src/task/import_definitions.ts";
import { isTrigger } from "../src/task/trigger.ts";
import { guarded } from "../src/trigger/guarded.ts";
import { schedulerProtocol } from "../src/trigger/protocol.ts";
import { Scheduler } from "../src/trigger/scheduler.ts";

/** What the scheduler is given. */
export interface SchedulerOptions {
  /** Modules that define triggers. */
  readonly modules: readonly string[];
  /** Where events are published. */
  readonly broker: Address;
  /** Who must know of event triggers that come and go. */
  readonly orchestrator: Address;
  /** Who knows how often a trigger fired. */
  readonly store: Address;
}

/** Many fires wait for their acceptance at the same time. */
const CONCURRENCY = 1024;

/** The scheduler. */
export const scheduler = defineActor(schedulerProtocol, async (ctx, options: SchedulerOptions) => {
  const broker = ctx.ref(brokerProtocol, options.broker);
  const orchestrator = ctx.ref(orchestratorProtocol, options.orchestrator);
  const store = ctx.ref(storeProtocol, options.store);
  const publisher = new Publisher(broker, ctx.clock);
  const ids = createIdSource(ctx.clock);
  const { triggers } = await importDefinitions(options.modules);
  const core = new Scheduler({
    clock: ctx.clock,
    log: ctx.log,
    random: Math.random,
    nextId: () => ids.next(),
    publish: (event, fire) => broker.ask("fire", { event, fire }, { timeoutMs: "none" }),
    announce: (topic, data, hops) => {
      const event = {
        id: ids.next(),
        topic,
        timeMs: ctx.clock.now(),
        source: `trigger/${data.trigger}`,
        data: encodeData(topic, data),
        hops,
      };
      // Like any event it may start something; nobody waits for it.
      publisher.send(event, true).catch(() => {});
    },
  });
  ctx.onStop(() => core.stop());
  return {
    load: (histories) => {
      for (const trigger of triggers) core.add(guarded(trigger), histories[trigger.name]);
      return [...core.list()];
    },
    arm: () => core.arm(),
    fire: ({ name, data, headers, raw }) =>
      core.fire(name, data, raw === undefined ? undefined : { headers: new Headers(headers), raw }),
    consider: ({ event, triggers }) => core.consider(event, triggers),
    list: () => [...core.list()],
    view: (name) => core.view(name),
    add: async ({ module, exportName }) => {
      const trigger = (await importModule(module))[exportName];
      if (!isTrigger(trigger)) {
        throw new MillraceError(
          "module/definition-invalid",
          `Cannot add "${exportName}" of module "${module}" as it must be a trigger`,
          { details: { module, export: exportName } },
        );
      }
      const states = await store.ask("triggers", undefined, { timeoutMs: "none" });
      core.add(guarded(trigger), states.find((state) => state.name === trigger.name));
      if (trigger.kind === "event") {
        const { name, source } = trigger;
        await orchestrator.ask("addTrigger", { name, source }, { timeoutMs: "none" });
      }
      return core.view(trigger.name);
    },
    remove: async (name) => {
      const removed = core.remove(name);
      if (removed) await orchestrator.ask("removeTrigger", name, { timeoutMs: "none" });
      return removed;
    },
    halt: () => core.stop(),
  };
}, { concurrency: CONCURRENCY });
