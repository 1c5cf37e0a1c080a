/**
 * Calls of an actor's code: within the limit of its turns, and within a span if anybody looks.
 *
 * @module
 */
import { MillraceError, toWire } from "../base/errors.ts";
import { callWithin, Interrupted } from "../base/sync_limit.ts";
import { overrun } from "./actor_errors.ts";
import type { Turn } from "./define_actor.ts";
import type { Target } from "./life.ts";
import type { Mail } from "./mail.ts";
import { Kind } from "./message.ts";
import { AskTurn, NO_TURN, TellTurn } from "./turn.ts";
import type { TurnsHost, TurnsOwner } from "./turns_ports.ts";

/** Calls the code of one actor. */
export class Calls {
  readonly #owner: TurnsOwner;
  readonly #host: TurnsHost;

  constructor(owner: TurnsOwner, host: TurnsHost) {
    this.#owner = owner;
    this.#host = host;
  }

  /** Calls a handler: within its limit, and within a span if anybody looks. */
  handle(mail: Mail, { handle }: Target, payload: unknown): unknown {
    const { verb, traceparent } = mail;
    const { name, settings: { turnLimitMs } } = this.#owner;
    const { tracer } = this.#host;
    if (tracer === undefined && turnLimitMs === undefined) {
      return handle(payload, this.#turn(mail, traceparent));
    }
    // What is sent on behalf of the turn follows from its own span.
    const call = (): unknown => handle(payload, this.#turn(mail, tracer?.current() ?? traceparent));
    const limited = (): unknown => this.within(verb, call);
    if (tracer === undefined) return limited();
    return tracer.handle({ actor: name, verb }, traceparent ?? undefined, limited);
  }

  #turn(mail: Mail, traceparent: string | null): Turn {
    if (mail.kind !== Kind.Tell) {
      return new AskTurn(mail, this.#host.host, this.#owner.name, traceparent ?? undefined);
    }
    return traceparent === null ? NO_TURN : new TellTurn(traceparent);
  }

  /** Calls `fn`, and interrupts it if it computes longer than a turn may. */
  within<T>(verb: string, fn: () => T): T {
    const { turnLimitMs } = this.#owner.settings;
    if (turnLimitMs === undefined) return fn();
    try {
      return callWithin(fn, turnLimitMs);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      this.#host.overrun(this.#owner.name);
      throw overrun(this.#owner.name, verb, turnLimitMs);
    }
  }

  /** Calls a step of a stream. Its reader is told what it throws; an interrupted one fails the actor too. */
  step<T>(verb: string, step: () => T): T {
    try {
      return this.within(verb, step);
    } catch (error) {
      if (MillraceError.is(error, "actor/turn-overrun")) this.#owner.fail(verb, toWire(error));
      throw error;
    }
  }
}
