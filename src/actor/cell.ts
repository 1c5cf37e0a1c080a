/**
 * A cell: one living actor through all its incarnations, from its spawn to its end.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import { restarted, startTimeout, stopped } from "./actor_errors.ts";
import type { Counters } from "./counters.ts";
import type { AnyActor, SettledSettings, Turn } from "./define_actor.ts";
import type { Child } from "./guardian.ts";
import type { Life } from "./life.ts";
import { type Origin, type Question, tells } from "./mail.ts";
import { countOf, type HasRefs, Kind, type Values } from "./message.ts";
import type { StopMode } from "./port.ts";
import type { ActorLoad, ActorState } from "./snapshot.ts";
import type { RestartType } from "./supervision.ts";
import { anyWeight } from "./weigh.ts";
import { Turns } from "./turns.ts";
import type { TurnsHost, TurnsOwner } from "./turns_ports.ts";
import { within } from "./within.ts";

/** What a cell needs of its host. */
export interface CellHost extends TurnsHost {
  /** Makes what one incarnation needs. */
  createLife(cell: Cell, incarnation: number): Life;
  /** Runs the definition's `start` for an incarnation. */
  start(cell: Cell, life: Life): Promise<Readonly<Record<string, (payload: unknown, turn: Turn) => unknown>>>;
  /** The cell has failed and stands still: its supervisor decides. */
  failed(cell: Cell, verb: string | undefined, error: WireError): void;
  /** The cell has stopped itself; says whether its supervisor starts it again. */
  left(cell: Cell): boolean;
  /** An incarnation is over: its asks and streams end. */
  over(cell: Cell, life: Life, error: WireError): void;
  /** The actor is gone for good, of an error if it failed. Resolves once all have been told. */
  gone(cell: Cell, error: WireError | null): Promise<void>;
}

/** How a cell is made. */
export interface CellOptions {
  readonly name: string;
  readonly definition: AnyActor;
  /** What its `start` is given each time. */
  readonly options: unknown;
  /** The actor that spawned it. */
  readonly parent: string | undefined;
  readonly restart: RestartType;
  /** How long it may take to start, in ms. */
  readonly startMs: number;
  /** How long it may take to stop, in ms. */
  readonly stopMs: number;
}

/** Of how many notices of objects one is weighed. */
const WEIGHED_EVERY = 16;

/** One living actor. */
export class Cell implements Child, TurnsOwner {
  readonly name: string;
  readonly restart: RestartType;
  readonly made: CellOptions;
  readonly settings: SettledSettings;
  readonly protocolName: string;
  readonly #host: CellHost;
  readonly #turns: Turns;
  #state: ActorState = "starting";
  #life: Life | undefined;
  #restarts = 0;
  /** How many objects there were to weigh, and what the last one weighed. */
  #weighed = 0;
  #typical = 0;
  /** Whether an incarnation is making its state. */
  #starting: Promise<void> | undefined;
  /** What went wrong meanwhile: a child could not be kept running. */
  #trouble: WireError | undefined;
  #halting: Promise<void> = Promise.resolve();
  /** Whether it is to stop once what waits is handled. */
  #leaving = false;
  /** Resolves when its time to stop is up: then nobody waits for what it has in hand, or even for its start. */
  readonly #late = Promise.withResolvers<undefined>();
  #ended: Promise<readonly string[]> | undefined;

  constructor(made: CellOptions, host: CellHost) {
    this.made = made;
    this.name = made.name;
    this.restart = made.restart;
    this.settings = made.definition.settings;
    this.protocolName = made.definition.protocol.name;
    this.#host = host;
    this.#turns = new Turns(this, host);
  }

  /** What became of its messages. */
  get counters(): Readonly<Counters> {
    return this.#turns.counters;
  }

  /** How it does. */
  get load(): ActorLoad {
    const { inbox, inHand } = this.#turns;
    return {
      state: this.#state,
      restarts: this.#restarts,
      depth: inbox.depth,
      highWater: inbox.highWater,
      bytes: inbox.bytes,
      stashed: inbox.stashed,
      inHand,
      timers: this.#life?.timers.size ?? 0,
    };
  }

  /** The incarnation that takes turns now. */
  get active(): Life | undefined {
    const life = this.#life;
    if (this.#state !== "running" && this.#state !== "stopping") return undefined;
    return life === undefined || life.over || this.#starting !== undefined ? undefined : life;
  }

  /** Whether it takes no more messages. */
  get closed(): boolean {
    return this.#state === "stopping" || this.#state === "stopped";
  }

  /** Whether a new local sender has to wait. */
  get full(): boolean {
    return this.#turns.inbox.full;
  }

  /** Calls `enter` once there is space, or once the actor has stopped. */
  wait(enter: () => void): () => void {
    return this.#turns.inbox.wait(enter);
  }

  /** Takes a notice of this thread into the mailbox. */
  tell(verb: string, payload: unknown, traceparent: string | null, origin: Origin, refs: HasRefs): void {
    const { inbox, counters } = this.#turns;
    const { last } = inbox;
    const bytes = this.#weigh(payload);
    counters.accepted++;
    inbox.grew(1, bytes);
    if (
      last !== undefined && last.kind === Kind.Tell && last.verb === verb && last.each === bytes &&
      last.origin === origin && last.traceparent === traceparent && last.refs === refs
    ) {
      // Runs of this thread are arrays that this cell made.
      (last.payloads as unknown[]).push(payload);
    } else {
      inbox.push(tells(verb, [payload], refs, traceparent, origin, bytes));
    }
    this.#turns.schedule();
  }

  /**
   * What a notice of this thread weighs: texts and buffers exactly; of objects every sixteenth is looked at, and
   * stands for the next ones, as looking at each would cost more than the message.
   */
  #weigh(payload: unknown): number {
    if (typeof payload === "string") return payload.length + 3;
    if (typeof payload !== "object" || payload === null) return 8;
    if (ArrayBuffer.isView(payload)) return anyWeight(payload);
    if (this.#weighed++ % WEIGHED_EVERY === 0) this.#typical = anyWeight(payload);
    return this.#typical;
  }

  /** Takes notices of another host into the mailbox. */
  acceptTells(
    verb: string,
    payloads: Values,
    refs: HasRefs,
    traceparent: string | null,
    origin: Origin,
  ): void {
    const count = countOf(payloads);
    if (count === 0) return;
    this.#turns.counters.accepted += count;
    this.#turns.inbox.grew(count, 0);
    this.#turns.inbox.push(tells(verb, payloads, refs, traceparent, origin, 0));
    this.#turns.schedule();
  }

  /** Takes a question into the mailbox. */
  accept(question: Question): void {
    // What comes from another host is bounded by that one's window.
    if (!question.origin.remote) question.bytes = this.#weigh(question.payload);
    this.#turns.counters.accepted++;
    this.#turns.inbox.grew(1, question.bytes);
    this.#turns.inbox.push(question);
    this.#turns.schedule();
  }

  /** Takes news of the kernel into the mailbox. */
  notify(run: () => void | Promise<void>): void {
    this.#turns.inbox.push({ kind: "notice", run, next: undefined });
    this.#turns.schedule();
  }

  /** Puts the message in hand aside. */
  stash(): void {
    this.#turns.stash();
  }

  /** Puts all that is aside back before what has come since. */
  unstash(): number {
    return this.#turns.unstash();
  }

  /** Resolves once nothing waits and nothing is in hand; while it stands still, what waits goes on waiting. */
  async rest(): Promise<void> {
    await this.#turns.empty();
  }

  /** Starts the next incarnation, which handles what waits; rejects with what its start threw. */
  async revive(): Promise<void> {
    // It may have come back with its host before its supervisor came to bring it up, or be about to.
    if (this.closed || this.#state === "running") return;
    if (this.#starting !== undefined) return await this.#starting;
    if (this.#state === "failed") await this.halt();
    this.#state = "starting";
    this.#trouble = undefined;
    const life = this.#host.createLife(this, this.#restarts);
    this.#life = life;
    const { startMs } = this.made;
    const started = Promise.race([this.#start(life), this.#late.promise]);
    const starting = within(this.#host.clock, startMs, started, () => {
      throw startTimeout(this.name, startMs);
    });
    // Whoever stops the actor meanwhile waits for it, whatever comes of it.
    this.#starting = starting.then(() => {}, () => {});
    try {
      await starting;
    } finally {
      this.#starting = undefined;
    }
    if (this.#state === "starting") this.#state = "running";
    if (this.#trouble !== undefined) this.fail(undefined, this.#trouble);
    this.#turns.schedule();
  }

  async #start(life: Life): Promise<void> {
    const handlers = await this.#host.start(this, life);
    for (const [verb, { in: schema }] of Object.entries(this.made.definition.protocol.verbs as object)) {
      const handle = handlers[verb];
      if (handle !== undefined) life.targets.set(verb, { validate: schema["~standard"].validate, handle });
    }
  }

  /** Goes on after a failure. */
  resume(): void {
    if (this.#state !== "failed") return;
    this.#state = "running";
    this.#life?.guardian.resumed();
    this.#turns.schedule();
  }

  /** Ends this incarnation; what waits in the mailbox stays. */
  halt(): Promise<void> {
    if (this.closed || this.#state === "halted") return this.#halting;
    this.#state = "halted";
    this.#restarts++;
    const life = this.#life;
    if (life === undefined) return this.#halting;
    const error = restarted(this.name);
    this.#turns.giveUp(life, error);
    return this.#halting = this.#endLife(life, "now", error).then(() => {});
  }

  /** Something went wrong that its supervisor has to know of: it stands still until that one has decided. */
  fail(verb: string | undefined, error: WireError): void {
    if (this.#state === "starting") this.#trouble ??= error;
    if (this.#state !== "running") return;
    this.#state = "failed";
    this.#host.failed(this, verb, error);
  }

  /** Stops by itself, once what waits is handled; its supervisor may start it again. Once, however often told to. */
  leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.notify(() => {
      this.#leaving = false;
      if (this.closed) return;
      if (!this.#host.left(this)) void this.end("drain", null);
      // What comes next is for the next incarnation: in hand it would be given up.
      else if (this.#state === "running") this.#state = "failed";
    });
  }

  /**
   * Stops: `drain` handles what waits; `now` makes dead letters of it and fires the signals of what is in hand.
   * Resolves once all is cleaned up, or given up as its time is up; with the names of those given up.
   */
  end(mode: StopMode, error: WireError | null): Promise<readonly string[]> {
    if (this.#ended === undefined) this.#ended = this.#end(mode, error);
    else if (mode === "now" && this.#state === "stopping") this.#hurry();
    return this.#ended;
  }

  /** Stops at once: whatever it still has to do is given up. */
  async giveUp(): Promise<void> {
    const ended = this.end("now", null);
    this.#late.resolve(undefined);
    await ended;
  }

  async #end(mode: StopMode, error: WireError | null): Promise<readonly string[]> {
    const drains = mode === "drain" && (this.#state === "running" || this.#state === "starting");
    this.#state = "stopping";
    this.#turns.inbox.release();
    if (!drains) this.#hurry();
    const cancel = this.#host.clock.after(this.made.stopMs, () => this.#late.resolve(undefined));
    const ended = await Promise.race([this.#finish(mode), this.#late.promise]);
    cancel();
    const unstopped = ended ?? await this.#abandon();
    this.#state = "stopped";
    await this.#host.gone(this, error);
    return unstopped;
  }

  /** Handles what is left, and cleans up; gives the names of children that were given up. */
  async #finish(mode: StopMode): Promise<readonly string[]> {
    await this.#starting;
    await this.#halting;
    await this.#turns.rest();
    this.#turns.discard();
    return this.#life === undefined ? [] : await this.#endLife(this.#life, mode, stopped(this.name));
  }

  /** Its time is up: what it still does counts for nothing. Gives its name, and those of children that hang. */
  async #abandon(): Promise<readonly string[]> {
    const life = this.#life;
    if (life === undefined) return [this.name];
    if (life.over) return [this.name, ...life.guardian.children.map(({ name }) => name)];
    this.#turns.giveUp(life, stopped(this.name));
    life.over = true;
    life.cut();
    this.#turns.discard();
    return [this.name, ...await life.guardian.close("now")];
  }

  /** Makes dead letters of what waits, and tells what is in hand that it is over. */
  #hurry(): void {
    this.#turns.discard();
    if (this.#life !== undefined) this.#turns.callOff(this.#life);
  }

  async #endLife(life: Life, mode: StopMode, error: WireError): Promise<readonly string[]> {
    if (life.over) return [];
    life.over = true;
    life.cut();
    const unstopped = await life.guardian.close(mode);
    const failed = (thrown: unknown): void => this.#host.threw(this.name, "stop", thrown);
    const cleaned = life.cleanUp(failed);
    if (this.#state !== "halted") await cleaned; // within the time that its end may take
    else {
      const { stopMs } = this.made;
      await within(
        this.#host.clock,
        stopMs,
        cleaned,
        () =>
          failed(
            new Error(`Cannot wait for the clean-up before a restart as it must end within ${stopMs} ms`),
          ),
      );
    }
    // One that stops for good says what it still has to say first.
    if (this.#state === "halted") this.#host.over(this, life, error);
    return unstopped;
  }
}
