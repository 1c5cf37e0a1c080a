/** Actors whose lives are told: each start, end and piece of news goes to a witness in the thread of the test. */
import { z } from "zod";
import { MillraceError } from "../../../src/base/errors.ts";
import { type ActorDefinition, defineActor } from "../../../src/actor/define_actor.ts";
import { inWorker } from "../../../src/actor/placement.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import { type ActorRef, isActorRef } from "../../../src/actor/ref.ts";
import type { RestartType, Supervision } from "../../../src/actor/supervision.ts";
import type { Placed } from "./place.ts";

/** Sees what happens; `pass` is answered once the test has opened the gate of that name. */
export const witnessing = protocol("witness", {
  saw: { in: z.string() },
  pass: { in: z.string(), out: z.void() },
});

const anyRef = z.custom<ActorRef>(isActorRef);
const restartType = z.enum(["permanent", "transient", "temporary"]);

/** What an actor of the life suite understands. */
export const living = protocol("living", {
  note: { in: z.string() },
  state: { in: z.void(), out: z.object({ incarnation: z.number(), notes: z.array(z.string()) }) },
  /** Fails, with nobody to be told. */
  boom: { in: z.string() },
  /** Fails, and the asker is told. */
  fail: { in: z.string(), out: z.void() },
  /** Refuses: a typed answer, no failure. */
  refuse: { in: z.string(), out: z.void() },
  /** Answers once the witness lets it pass. */
  hold: { in: z.string(), out: z.string() },
  /** Answers once its signal fires. */
  signalled: { in: z.void(), out: z.string() },
  /** Never answers, whatever happens. */
  hang: { in: z.void(), out: z.void() },
  leave: { in: z.void() },
  spawn: {
    in: z.object({
      name: z.string(),
      kind: z.string().optional(),
      restart: restartType.optional(),
      stopMs: z.number().optional(),
      life: z.custom<Partial<Life>>().optional(),
    }),
    out: anyRef,
  },
  watch: { in: z.object({ ref: anyRef, key: z.string().optional() }), out: z.void() },
  unwatch: { in: z.string(), out: z.void() },
  watchBadly: { in: anyRef, out: z.void() },
  /** Watches, and calls it off in the same turn. */
  changeMind: { in: anyRef, out: z.void() },
  after: { in: z.object({ key: z.string(), ms: z.number(), what: z.string() }), out: z.void() },
  every: { in: z.object({ key: z.string(), ms: z.number(), what: z.string() }), out: z.void() },
  /** The same, but each tick holds at a gate. */
  everySlowly: { in: z.object({ key: z.string(), ms: z.number(), gate: z.string() }), out: z.void() },
  cancel: { in: z.string(), out: z.boolean() },
  /** Sets a timer with a delay that no schema lets through. */
  misset: { in: z.object({ verb: z.enum(["after", "every"]), ms: z.string() }), out: z.void() },
  /** Holds at the gate of this name, then uses the context of an incarnation that may be over. */
  linger: { in: z.object({ gate: z.string(), then: z.enum(["after", "every", "watch", "leave", "spawn"]) }) },
  /** Asks another one how it is. */
  visit: { in: anyRef, out: z.void() },
  /** Tells another one a note. */
  say: { in: z.object({ to: anyRef, text: z.string() }) },
});
type LivingProtocol = typeof living;

/** How a life goes. */
export interface Life {
  readonly witness?: ActorRef<typeof witnessing>;
  /** Its name in what the witness sees. */
  readonly as: string;
  /** Incarnations whose start throws; `"restarts"` means all but the first. */
  readonly badStarts?: readonly number[] | "restarts";
  /** The gate at which each start holds; of restarts only if `gateRestarts`. */
  readonly gate?: string;
  readonly gateRestarts?: boolean;
  readonly badCleanUp?: boolean;
  /** Whom each restart asks how it is. */
  readonly needs?: ActorRef;
  /** The gate at which each clean-up holds. */
  readonly cleanUpGate?: string;
  /** A clean-up that never ends. */
  readonly hangs?: boolean;
  /** Children that each start spawns. */
  readonly children?: readonly string[];
  /** Whether the start throws after that. */
  readonly failAfterChildren?: boolean;
  /** The gate at which the start holds after that. */
  readonly gateAfterChildren?: string;
}

/** A living thing that supervises its children so. */
function livingWith(supervision: Supervision, concurrency = 8): ActorDefinition<LivingProtocol, Life> {
  return defineActor(living, async (ctx, life: Life) => {
    const { incarnation } = ctx;
    const { as, witness } = life;
    const saw = (what: string): void => witness?.tell("saw", `${as} ${what}`);
    const pass = (gate: string) => witness!.ask("pass", gate, { timeoutMs: "none" });
    saw(`starts ${incarnation}`);
    ctx.onStop(async () => {
      if (life.cleanUpGate !== undefined) await pass(life.cleanUpGate);
      if (life.hangs) await new Promise(() => {});
      saw(`ends ${incarnation}`);
    });
    if (life.badCleanUp) {
      ctx.onStop(() => {
        throw new Error("bad clean-up");
      });
    }
    const { badStarts = [] } = life;
    if (badStarts === "restarts" ? incarnation > 0 : badStarts.includes(incarnation)) {
      throw new Error(`bad start ${incarnation}`);
    }
    if (life.gate !== undefined && (incarnation > 0 || !life.gateRestarts)) await pass(life.gate);
    if (life.needs !== undefined && incarnation > 0) {
      await ctx.ref(living, life.needs.address).ask("state", undefined, { timeoutMs: "none" });
    }
    const notes: string[] = [];
    const unwatches = new Map<string, () => void>();
    const spawn = (
      name: string,
      kind = "subject",
      restart?: RestartType,
      stopMs?: number,
      own: Partial<Life> = {},
    ) =>
      ctx.spawn(KINDS[kind as keyof typeof KINDS], {
        as: name,
        ...(witness === undefined ? {} : { witness }),
        ...own,
      }, {
        name,
        ...(restart === undefined ? {} : { restart }),
        ...(stopMs === undefined ? {} : { stopMs }),
      });
    for (const child of life.children ?? []) await spawn(child);
    if (life.failAfterChildren) throw new Error("no further than the children");
    if (life.gateAfterChildren !== undefined) await pass(life.gateAfterChildren);
    return {
      note: (text) => {
        notes.push(text);
        saw(`notes ${text}`);
      },
      state: () => ({ incarnation, notes: [...notes] }),
      boom: (text) => {
        throw new Error(text);
      },
      fail: (text) => {
        throw new Error(text);
      },
      refuse: (task) => {
        throw new MillraceError("task/unknown", `Cannot find "${task}"`, { details: { task } });
      },
      hold: async (gate) => {
        await pass(gate);
        return gate;
      },
      signalled: (_, turn) =>
        new Promise((resolve) => turn.signal.addEventListener("abort", () => resolve("signalled"))),
      hang: () => new Promise(() => {}),
      leave: () => ctx.stop(),
      spawn: ({ name, kind, restart, stopMs, life }) => spawn(name, kind, restart, stopMs, life),
      watch: ({ ref, key }) => {
        const unwatch = ctx.watch(ref, ({ address, reason, error }) => {
          saw(`hears ${address.name} ${reason}${error === undefined ? "" : `: ${error.message}`}`);
        });
        if (key !== undefined) unwatches.set(key, unwatch);
      },
      unwatch: (key) => unwatches.get(key)?.(),
      watchBadly: (ref) => {
        ctx.watch(ref, () => {
          throw new Error("bad news");
        });
      },
      changeMind: (ref) => ctx.watch(ref, ({ address }) => saw(`hears ${address.name} against its will`))(),
      after: ({ key, ms, what }) => ctx.after(key, ms, () => tick(what)),
      every: ({ key, ms, what }) => ctx.every(key, ms, () => tick(what)),
      everySlowly: ({ key, ms, gate }) =>
        ctx.every(key, ms, async () => {
          saw("ticks slowly");
          await pass(gate);
        }),
      misset: ({ verb, ms }) => ctx[verb]("k", Number(ms), () => {}),
      cancel: (key) => ctx.cancelTimer(key),
      linger: async ({ gate, then }) => {
        await pass(gate);
        if (then === "after") ctx.after("late", 1, () => saw(`ticks late of ${incarnation}`));
        if (then === "every") ctx.every("late", 1, () => saw(`ticks late of ${incarnation}`));
        if (then === "watch") ctx.watch(ctx.self, () => saw(`hears late of ${incarnation}`));
        if (then === "leave") ctx.stop();
        if (then === "spawn") await spawn("late").catch(() => {});
        saw(`lingered ${incarnation}`);
      },
      visit: async (whom) => {
        await ctx.ref(living, whom.address).ask("state", undefined, { timeoutMs: "none" });
      },
      say: ({ to, text }) => ctx.ref(living, to.address).tell("note", text),
    };
    function tick(what: string): void {
      if (what === "boom") throw new Error("bad tick");
      saw(`ticks ${what}`);
    }
  }, { concurrency, supervision });
}

/** Restarts come at once: what is tested is what happens, not when. */
export const QUICK = { minMs: 1, maxMs: 1, jitter: 0 } as const;

/** The usual case. */
export const subject = livingWith({ backoff: QUICK });
export const oneForAll = livingWith({ strategy: "one-for-all", backoff: QUICK });
export const restForOne = livingWith({ strategy: "rest-for-one", backoff: QUICK });
export const resuming = livingWith({ decide: () => "resume" });
export const stopping = livingWith({ decide: () => "stop" });
export const escalating = livingWith({ decide: () => "escalate" });
export const strict = livingWith({ limit: { restarts: 0, withinMs: 30_000 } });
export const undecided = livingWith({
  decide: () => {
    throw new Error("cannot make up its mind");
  },
});

const KINDS = { subject, oneForAll, restForOne, resuming, stopping, escalating, strict, undecided };

const module = () => import("./fixtures_life.ts");
const url = import.meta.resolve("./fixtures_life.ts");
const placed = (name: keyof typeof KINDS): Placed<LivingProtocol, Life> => ({
  definition: KINDS[name],
  placement: inWorker(url, name, module),
});

/** The kinds, by how they supervise their children. */
export const LIVES = {
  subject: placed("subject"),
  oneForAll: placed("oneForAll"),
  restForOne: placed("restForOne"),
  resuming: placed("resuming"),
  stopping: placed("stopping"),
  escalating: placed("escalating"),
  strict: placed("strict"),
  undecided: placed("undecided"),
};
