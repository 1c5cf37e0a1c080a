/**
 * What the scheduler actor understands.
 *
 * @module
 */
import { z } from "zod";
import { protocol } from "../actor/protocol.ts";
import type { EncodedEvent } from "../event/event.ts";
import type { Fired, TriggerHistory, TriggerView } from "./port.ts";

/** The scheduler's protocol. */
export const schedulerProtocol = protocol("scheduler", {
  /** Registers the triggers of the modules, each with what is known of it from before. Nothing fires yet. */
  load: { in: z.record(z.string(), z.custom<TriggerHistory>()), out: z.array(z.custom<TriggerView>()) },
  /** From now on cron triggers fire, those first that were missed and are made up for. */
  arm: { in: z.void(), out: z.void() },
  /** Fires a trigger; answered once the event is accepted. */
  fire: {
    in: z.object({
      name: z.string(),
      data: z.unknown(),
      headers: z.array(z.tuple([z.string(), z.string()])).optional(),
      raw: z.custom<Uint8Array>((value) => value instanceof Uint8Array).optional(),
    }),
    out: z.custom<Fired>(),
  },
  /** Lets event triggers see an event. */
  consider: {
    in: z.object({ event: z.custom<EncodedEvent>(), triggers: z.array(z.string()) }),
    out: z.void(),
  },
  /** All triggers. */
  list: { in: z.void(), out: z.array(z.custom<TriggerView>()) },
  /** One trigger. */
  view: { in: z.string(), out: z.custom<TriggerView>() },
  /** Adds a trigger that a module exports. */
  add: { in: z.object({ module: z.string(), exportName: z.string() }), out: z.custom<TriggerView>() },
  /** Takes a trigger off; says whether it was there. */
  remove: { in: z.string(), out: z.boolean() },
  /** Calls all alarms off: nothing fires by itself any more. */
  halt: { in: z.void(), out: z.void() },
});
