/**
 * The turns of one actor: takes mail from its mailbox, checks it, has it handled, and keeps the books.
 *
 * @module
 */
import { messageOf, MillraceError, toWire, type WireError } from "../base/errors.ts";
import { checked, type SchemaResult } from "../base/schema.ts";
import { askTimeout, invalidMessage, stopped, unknownVerb } from "./actor_errors.ts";
import { type Counters, type DeadLetterReason, zeroCounters } from "./counters.ts";
import { Calls } from "./calls.ts";
import type { Life, Target } from "./life.ts";
import type { TurnsHost, TurnsOwner } from "./turns_ports.ts";
import type { Mail, Notice, Tells } from "./mail.ts";
import { Inbox } from "./inbox.ts";
import { Kind } from "./message.ts";
import { boundedItems } from "./stream.ts";
import { isGivingUp } from "./turn.ts";

/** How many messages are handled before the event loop turns, and for how long at most, in ms (ACTORS D19). */
const BUDGET = { messages: 1_024, ms: 4 } as const;
/** After how many messages the time is looked at. */
const TIME_CHECK = 32;

/** The turns of one actor. */
export class Turns {
  readonly counters: Counters = zeroCounters();
  /** What waits. */
  readonly inbox: Inbox;
  readonly #owner: TurnsOwner;
  readonly #host: TurnsHost;
  readonly #calls: Calls;
  /** Messages in hand; and turns that are taken, those of notices too. */
  #inHand = 0;
  #busy = 0;
  #scheduled = false;
  /** Whether turns are being taken right now. */
  #running = false;
  /** The message whose handler is being called, until its first `await`; and whether it was put aside. */
  #current: Mail | undefined;
  #isAside = false;
  readonly #resting: (() => void)[] = [];

  constructor(owner: TurnsOwner, host: TurnsHost) {
    this.#owner = owner;
    this.#host = host;
    this.#calls = new Calls(owner, host);
    this.inbox = new Inbox(owner.name, owner.settings.mailbox, owner.settings.mailboxBytes);
  }

  /** How many messages are in hand. */
  get inHand(): number {
    return this.#inHand;
  }

  /** Has what waits handled, if the actor takes turns. */
  schedule(): void {
    // While turns are taken whatever comes is seen; a second run would go on beyond what one may take.
    if (this.#scheduled || this.#running) return;
    if (this.inbox.first === undefined || this.#owner.active === undefined) return;
    this.#scheduled = true;
    this.#host.soon(() => this.#run());
  }

  /** Resolves once nothing is in hand and nothing waits, or the actor stands still. */
  async rest(): Promise<void> {
    while (this.#busy > 0 || this.inbox.first !== undefined && this.#owner.active !== undefined) {
      this.schedule();
      await new Promise<void>((resolve) => void this.#resting.push(resolve));
    }
  }

  /** Resolves once nothing is in hand and nothing waits, however long the actor stands still meanwhile. */
  async empty(): Promise<void> {
    while (this.#busy > 0 || this.inbox.first !== undefined) {
      await new Promise<void>((resolve) => void this.#resting.push(resolve));
    }
  }

  /** Makes dead letters of what waits, and of what was put aside. */
  discard(): void {
    this.unstash();
    for (let entry = this.inbox.first; entry !== undefined; entry = this.inbox.first) {
      if (entry.kind === "notice") this.inbox.shift();
      else this.#bury(this.inbox.take(entry), "stopped", stopped(this.#owner.name));
    }
    this.#rested();
  }

  /** Tells the askers of what is in hand that it is over; their handlers go on. */
  callOff(life: Life): void {
    for (const mail of life.inHand) if (mail.kind !== Kind.Tell) mail.origin.callOff(mail.id);
  }

  /** What is in hand counts as failed, its askers are told, and what it still does counts for nothing. */
  giveUp(life: Life, error: WireError): void {
    this.callOff(life);
    for (const mail of life.inHand) {
      this.counters.failed++;
      this.#inHand--;
      if (mail.kind !== Kind.Tell) mail.origin.fail(mail.kind, mail.id, error);
    }
    life.inHand.clear();
    life.lost = true;
    this.#busy = 0;
    this.#rested();
  }

  /** Puts the message in hand aside. */
  stash(): void {
    const mail = this.#current;
    if (mail === undefined || this.#isAside) {
      throw new TypeError(
        "Cannot stash as a message must be in hand: call it once, in a handler, before its first await",
      );
    }
    this.inbox.putAside(mail);
    this.#isAside = true;
  }

  /** Puts all that is aside back, before what has come since; says how many. */
  unstash(): number {
    const count = this.inbox.putBack();
    this.schedule();
    return count;
  }

  #run(): void {
    this.#scheduled = false;
    this.#running = true;
    try {
      this.#takeTurns();
    } finally {
      this.#running = false;
    }
    this.inbox.report();
    this.#rested();
  }

  #takeTurns(): void {
    const { concurrency } = this.#owner.settings;
    let startedMs = 0;
    let checkAt = 0;
    for (let taken = 0; this.#busy < concurrency;) {
      const entry = this.inbox.first;
      const life = this.#owner.active;
      if (entry === undefined || life === undefined) break;
      if (taken >= checkAt) {
        const nowMs = this.#host.clock.now();
        if (taken === 0) startedMs = nowMs;
        if (taken >= BUDGET.messages || nowMs - startedMs >= BUDGET.ms) {
          this.#scheduled = true;
          this.#host.later(() => this.#run());
          break;
        }
        checkAt = taken + TIME_CHECK;
      }
      if (entry.kind === Kind.Tell) taken += this.#takeTells(life, entry, TIME_CHECK);
      else {
        taken++;
        if (entry.kind === "notice") this.#takeNotice(life, entry);
        else this.#take(life, this.inbox.take(entry));
      }
    }
  }

  /**
   * Handles up to `most` notices of a run, and says how many. A notice that is checked and handled at once costs
   * nothing but that; all others go the long way.
   */
  #takeTells(life: Life, entry: Tells, most: number): number {
    const target = life.targets.get(entry.verb);
    const { settings: { concurrency, turnLimitMs } } = this.#owner;
    const simple = target !== undefined && turnLimitMs === undefined && this.#host.tracer === undefined &&
      entry.refs === 0 && entry.traceparent === null;
    if (!simple) {
      this.#take(life, this.inbox.take(entry));
      return 1;
    }
    let taken = 0;
    do {
      taken++;
      const mail = this.inbox.takeTell(entry);
      this.#inHand++;
      this.#busy++;
      let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>;
      try {
        result = target.validate(mail.payload);
      } catch (error) {
        result = schemaThrew(error);
      }
      if (result instanceof Promise) this.#awaitCheck(life, mail, target, result);
      else this.#handle(life, mail, target, result);
    } while (
      taken < most && this.inbox.first === entry && this.#busy < concurrency && this.#owner.active === life
    );
    return taken;
  }

  /** Whoever waits for a rest looks whether it has come. */
  #rested(): void {
    if (this.#resting.length > 0 && this.#busy === 0) {
      for (const resolve of this.#resting.splice(0)) resolve();
    }
  }

  #takeNotice(life: Life, { run }: Notice): void {
    this.inbox.shift();
    this.#busy++;
    const done = (thrown?: { readonly error: unknown }): void => {
      if (life.lost) return;
      this.#busy--;
      if (thrown !== undefined) {
        this.#host.threw(this.#owner.name, "notice", thrown.error);
        this.#owner.fail(undefined, toWire(thrown.error));
      }
      this.#next();
    };
    try {
      const running = this.#calls.within("notice", run);
      if (isPromiseLike(running)) Promise.resolve(running).then(() => done(), (error) => done({ error }));
      else done();
    } catch (error) {
      done({ error });
    }
  }

  #take(life: Life, mail: Mail): void {
    const { verb } = mail;
    const { name, protocolName, settings } = this.#owner;
    if (mail.kind !== Kind.Tell) {
      if (mail.origin.hasLeft(mail.id)) return this.#bury(mail, "called-off", stopped(name));
      if (mail.deadlineMs !== undefined && this.#host.clock.now() > mail.deadlineMs) {
        // The asker's own alarm may not have rung yet.
        return this.#bury(mail, "expired", toWire(askTimeout(name, verb, mail.budgetMs!)));
      }
    }
    const target = life.targets.get(verb);
    if (target === undefined) return this.#bury(mail, "unknown-verb", unknownVerb(name, protocolName, verb));
    this.#inHand++;
    this.#busy++;
    let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>;
    try {
      const payload = mail.refs === 0 ? mail.payload : this.#host.bind(mail.payload, life);
      result = settings.turnLimitMs === undefined
        ? target.validate(payload)
        : this.#calls.within(verb, () => target.validate(payload));
    } catch (error) {
      if (MillraceError.is(error, "actor/turn-overrun")) return this.#threw(mail, error);
      result = schemaThrew(error);
    }
    if (result instanceof Promise) this.#awaitCheck(life, mail, target, result);
    else this.#handle(life, mail, target, result);
  }

  #awaitCheck(life: Life, mail: Mail, target: Target, result: Promise<SchemaResult<unknown>>): void {
    const settled = result.catch(schemaThrew);
    this.#await(life, mail, settled, (result) => this.#handle(life, mail, target, result));
  }

  /** A message that does not fit is no failure of the actor (ACTORS D12). */
  #invalid(mail: Mail, result: SchemaResult<unknown>): void {
    this.#inHand--;
    this.#busy--;
    this.#bury(mail, "invalid", invalidMessage(this.#owner.name, mail.verb, issuesOf(result)));
    this.#next();
  }

  #handle(life: Life, mail: Mail, target: Target, result: SchemaResult<unknown>): void {
    if (!isValid(result)) return this.#invalid(mail, result);
    this.#current = mail;
    this.#isAside = false;
    let answer: unknown;
    try {
      answer = this.#calls.handle(mail, target, result.value);
    } catch (error) {
      this.#current = undefined;
      return this.#isAside ? this.#aside(mail, error) : this.#threw(mail, error);
    }
    this.#current = undefined;
    if (this.#isAside) {
      // What it returns counts for nothing; that it fails does.
      if (isPromiseLike(answer)) {
        Promise.resolve(answer).catch((error) => life.over || this.#failAside(mail, error));
      }
      return this.#aside(mail);
    }
    if (mail.kind === Kind.Open) {
      // The stream is served beside the turns: a slow reader does not hold the actor.
      const items = answer as AsyncIterable<unknown> | Iterable<unknown>;
      const bounded = this.#owner.settings.turnLimitMs === undefined
        ? items
        : boundedItems(items, (step) => this.#calls.step(mail.verb, step));
      mail.origin.serve(this.#owner.name, mail.id, mail.credit, bounded);
      return this.#handled(mail, undefined);
    }
    if (isPromiseLike(answer)) this.#await(life, mail, answer, (value) => this.#handled(mail, value));
    else this.#handled(mail, answer);
  }

  /** The message in hand was put aside: it is still to be handled, even if its handler has thrown since. */
  #aside(mail: Mail, ...thrown: readonly unknown[]): void {
    this.#inHand--;
    this.#busy--;
    for (const error of thrown) this.#failAside(mail, error);
    this.#next();
  }

  /** Goes on with a message when its promise settles, unless it was given up before. */
  #await<T>(life: Life, mail: Mail, promise: PromiseLike<T>, then: (value: T) => void): void {
    life.inHand.add(mail);
    // What only looks like a promise may throw where a promise rejects.
    Promise.resolve(promise).then((value) => {
      if (life.inHand.delete(mail)) then(value);
    }, (error) => {
      if (life.inHand.delete(mail)) this.#threw(mail, error);
    });
  }

  #handled(mail: Mail, answer: unknown): void {
    this.#inHand--;
    this.#busy--;
    this.counters.handled++;
    if (mail.kind === Kind.Ask) {
      const { origin, id, verb } = mail;
      if (origin.hasLeft(id)) this.#host.deadLetter(this.#owner.name, verb, answer, "late-reply", true);
      origin.reply(id, answer);
    }
    this.#next();
  }

  #threw(mail: Mail, thrown: unknown): void {
    this.#inHand--;
    this.#busy--;
    this.counters.failed++;
    const error = toWire(thrown);
    // A typed refusal of a question is an answer: the asker knows, and the actor is well. So is one that gives up
    // as its asker has left.
    const well = mail.kind !== Kind.Tell &&
      (MillraceError.is(thrown) ? thrown.code !== "actor/turn-overrun" : isGivingUp(thrown, mail));
    if (mail.kind === Kind.Tell) this.#host.threw(this.#owner.name, mail.verb, thrown);
    else mail.origin.fail(mail.kind, mail.id, error);
    if (!well) this.#owner.fail(mail.verb, error);
    this.#next();
  }

  #failAside({ verb }: Mail, error: unknown): void {
    this.#host.threw(this.#owner.name, verb, error);
    this.#owner.fail(verb, toWire(error));
  }

  /** Goes on after a message; within a run of turns that goes on anyway there is nothing to do. */
  #next(): void {
    if (this.#running) return;
    this.schedule();
    this.#rested();
  }

  #bury(mail: Mail, reason: DeadLetterReason, error: WireError): void {
    this.counters.deadLettered++;
    const asked = mail.kind !== Kind.Tell;
    this.#host.deadLetter(this.#owner.name, mail.verb, mail.payload, reason, asked);
    if (asked) mail.origin.fail(mail.kind, mail.id, error);
  }
}

/** What a schema throws says no more of a message than an issue does, and nothing of the actor. */
function schemaThrew(error: unknown): SchemaResult<never> {
  return { issues: [{ message: `the schema threw: ${messageOf(error)}` }] };
}

function isValid(result: SchemaResult<unknown>): result is { readonly value: unknown } {
  // A schema may be anybody's, and give nothing.
  return (result as SchemaResult<unknown> | null | undefined) != null && result.issues === undefined;
}

/** What is wrong with a message, in the words of a schema that may be anybody's. */
function issuesOf(result: SchemaResult<unknown>): readonly string[] {
  try {
    return (checked(result) as { readonly issues: readonly string[] }).issues;
  } catch {
    return ["the schema gave no result"];
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === "object" && value !== null &&
      typeof (value as { then?: unknown }).then === "function";
  } catch {
    return true; // who waits for it is told
  }
}
