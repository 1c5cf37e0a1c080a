/** An actor that sends what the test tells it to: from the host of the receiver, or from another one. */
import { z } from "zod";
import { MillraceError } from "../../../src/base/errors.ts";
import { defineActor } from "../../../src/actor/define_actor.ts";
import { protocol } from "../../../src/actor/protocol.ts";
import { type ActorRef, isActorRef } from "../../../src/actor/ref.ts";
import { latchRef } from "./fixtures_latch.ts";
import type { subjecting } from "./fixtures_subject.ts";

/** A ref to a subject, in a message. */
export const subjectRef = z.custom<ActorRef<typeof subjecting>>(isActorRef);
const sending = z.object({ to: subjectRef, payloads: z.array(z.unknown()) });
const told = z.enum(["accepted", "full", "stopped"]);

export const driving = protocol("driver", {
  tell: { in: sending, out: z.void() },
  tryTell: { in: sending, out: z.array(told) },
  /** Offers all at once; answers once all have gone, with the codes of those that were refused. */
  offer: { in: sending, out: z.array(z.string()) },
  /** Asks `record` for each, all at once. */
  record: { in: sending, out: z.array(z.number()) },
  /** Asks `record` of one, in so many milliseconds: the code of what becomes of it. */
  recordWithin: {
    in: z.object({ to: subjectRef, payload: z.unknown(), timeoutMs: z.number() }),
    out: z.string(),
  },
  /** Asks `latch` with an ask of its own, and tells `report` the code of what becomes of it. */
  wait: { in: z.object({ latch: latchRef, report: subjectRef }) },
  /** Offers all at once and calls them off in the same breath: what became of each. */
  offerThenAbort: { in: sending, out: z.array(z.string()) },
  fail: { in: z.void() },
});

function codeOf(error: unknown): string {
  return MillraceError.is(error) ? error.code : String(error);
}

export const driver = defineActor(driving, () => ({
  tell: ({ to, payloads }) => payloads.forEach((payload) => to.tell("note", payload)),
  tryTell: ({ to, payloads }) => payloads.map((payload) => to.tryTell("note", payload)),
  offer: async ({ to, payloads }) => {
    const codes: string[] = [];
    const offers = payloads.map((payload) =>
      to.offer("note", payload).catch((error) => void codes.push(codeOf(error)))
    );
    await Promise.all(offers);
    return codes;
  },
  record: ({ to, payloads }) =>
    Promise.all(payloads.map((payload) => to.ask("record", payload, { timeoutMs: 20_000 }))),
  recordWithin: ({ to, payload, timeoutMs }) =>
    to.ask("record", payload, { timeoutMs }).then(() => "answered", codeOf),
  wait: async ({ latch, report }) => {
    const code = await latch.ask("pass", undefined, { timeoutMs: "none" }).then(() => "passed", codeOf);
    report.tell("note", code);
  },
  offerThenAbort: async ({ to, payloads }) => {
    const controller = new AbortController();
    const { signal } = controller;
    const offers = payloads.map((payload) =>
      to.offer("note", payload, { signal }).then(() => "gone", codeOf)
    );
    controller.abort(new Error("enough"));
    return await Promise.all(offers);
  },
  fail: () => {
    throw new Error("broken on purpose");
  },
}), { concurrency: 8 });
