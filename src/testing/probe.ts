/**
 * Probes: actors that a test sees through.
 *
 * @module
 */
import { type ActorDefinition, defineActor, type Handlers } from "../actor/define_actor.ts";
import type { Answered, Askable, Protocol, Received, Tellable, Verbs } from "../actor/protocol.ts";
import { MillraceError } from "../base/errors.ts";
import type { ActorRef } from "../actor/ref.ts";

/** A message that a probe has got. */
export interface Probed {
  /** Its verb. */
  readonly verb: string;
  /** What was sent, checked. */
  readonly payload: unknown;
}

/** An actor that keeps what it gets for a test to look at. */
export interface Probe<P extends Protocol = Protocol> {
  /** Its ref, to hand to the actors under test. */
  readonly ref: ActorRef<P>;
  /** All that it got, oldest first, but for what was expected. */
  readonly received: readonly Probed[];
  /**
   * Resolves with the payload of the next message, which must be of this verb.
   *
   * @throws {Error} If nothing more can happen and nothing came, or if it is of another verb.
   */
  expect<K extends Tellable<P["verbs"]>>(verb: K): Promise<Received<P["verbs"], K>>;
  /**
   * Lets `withinMs` of virtual time pass.
   *
   * @throws {Error} If a message came.
   */
  expectNone(withinMs?: number): Promise<void>;
  /** How it answers a question from now on; without, it refuses. */
  answer<K extends Askable<P["verbs"]>>(
    verb: K,
    answer: (payload: Received<P["verbs"], K>) => Answered<P["verbs"], K> | Promise<Answered<P["verbs"], K>>,
  ): void;
}

/** What a probe needs of its test system. */
export interface ProbePorts {
  /** Spawns its actor. */
  spawn<P extends Protocol>(definition: ActorDefinition<P, void>): Promise<ActorRef<P>>;
  /** Resolves once nothing can happen any more but by the passing of time. */
  settle(): Promise<void>;
  /** Lets time pass. */
  advance(byMs: number): Promise<void>;
}

/** Makes a probe that understands `protocol`. */
export async function createProbe<P extends Protocol>(protocol: P, ports: ProbePorts): Promise<Probe<P>> {
  const received: Probed[] = [];
  const answers = new Map<string, (payload: never) => unknown>();
  const handle = (verb: string) => (payload: unknown): unknown => {
    received.push({ verb, payload });
    if (protocol.verbs[verb]?.out === undefined) return undefined;
    const answer = answers.get(verb);
    if (answer === undefined) {
      // A refusal, not a failure: a probe is not restarted.
      throw new MillraceError("actor/unknown-verb", `Cannot answer "${verb}" as the probe was not told how`, {
        details: { actor: "probe", verb },
      });
    }
    return answer(payload as never);
  };
  const handlers = Object.fromEntries(Object.keys(protocol.verbs).map((verb) => [verb, handle(verb)]));
  const definition = defineActor<P, Handlers<Verbs> & Handlers<P["verbs"]>>(
    protocol,
    () => handlers as never,
    { concurrency: 64 },
  );
  const ref = await ports.spawn(definition);
  return {
    ref,
    received,
    async expect(verb) {
      if (received.length === 0) await ports.settle();
      const next = received.shift();
      if (next?.verb === verb) return next.payload as never;
      const got = next === undefined
        ? "nothing came"
        : `"${next.verb}" came: ${JSON.stringify(next.payload)}`;
      throw new Error(`Cannot see "${verb}" as the next message: ${got}`);
    },
    async expectNone(withinMs = 0) {
      await ports.advance(withinMs);
      if (received.length === 0) return;
      throw new Error(`Cannot see silence for ${withinMs} ms: ${JSON.stringify(received)}`);
    },
    answer: (verb, answer) => void answers.set(verb, answer as (payload: never) => unknown),
  };
}
