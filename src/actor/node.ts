/**
 * The node: everything that one thread knows of the actor system. Actors live in its cells; its courier brings
 * their messages.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { fromWire, MillraceError, toWire, type WireError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { hostLost, stopped } from "./actor_errors.ts";
import { Cell, type CellHost } from "./cell.ts";
import { Courier } from "./courier.ts";
import { type DeadLetter, type DeadLetterReason, zeroCounters } from "./counters.ts";
import { type DeathReason, type Watcher, Watchers } from "./death.ts";
import type { ActorContext, ActorDefinition, AnyActor, ChildOptions, Turn } from "./define_actor.ts";
import { fairly } from "./fair_turns.ts";
import { Guardian } from "./guardian.ts";
import { Life } from "./life.ts";
import type { Frame } from "./frame.ts";
import { Kind } from "./message.ts";
import type { RemotePeer } from "./peer.ts";
import type { Link, StopMode } from "./port.ts";
import type { Protocol } from "./protocol.ts";
import { type ActorRef, type Address, BoundRef } from "./ref.ts";
import type { NodeSnapshot } from "./snapshot.ts";
import { spawnPolicyOf } from "./spawn_policy.ts";
import { policyOf } from "./supervision.ts";
import { Timers } from "./timers.ts";
import type { Tracer } from "./tracer.ts";

/** What a node needs of its surroundings. */
export interface NodeOptions {
  /** Its number; 0 is the thread that made the system. */
  readonly host: number;
  /** The time. */
  readonly clock: Clock;
  /** Gives a number from 0 to below 1. */
  readonly random: () => number;
  /** Where it logs. */
  readonly log: Logger;
  /** Spans for turns, if anybody looks at them. */
  readonly tracer?: Tracer | undefined;
  /** Whether what is sent within this thread is cloned, as it is between threads. @default {false} */
  readonly clones?: boolean;
  /** Calls `fn` at the end of this turn of the event loop. */
  readonly soon: (fn: () => void) => void;
  /** Calls `fn` in a later turn of the event loop, after I/O had its chance. */
  readonly later: (fn: () => void) => void;
  /** Asks for a link to another host. */
  readonly connect: (host: number) => void;
  /** Whoever supervises the actors that no actor here has spawned. */
  readonly top: {
    failed(cell: Cell, verb: string | undefined, error: WireError): void;
    left(cell: Cell): boolean;
    gone(cell: Cell): void;
  };
  /** Hears of each dead letter. */
  readonly onDeadLetter: (letter: DeadLetter) => void;
  /** A turn had to be interrupted. */
  readonly onOverrun: (actor: string) => void;
}

/** How a node spawns an actor. */
export interface CellSpawn extends ChildOptions {
  /** The actor that spawns it, and the incarnation whose child it is. */
  readonly parent?: { readonly name: string; readonly life: Life };
}

/** One thread's part of the actor system. */
export class Node {
  readonly host: number;
  readonly #options: NodeOptions;
  readonly #cells = new Map<string, Cell>();
  readonly #courier: Courier;
  readonly #watchers = new Watchers();
  /** Hosts that watch actors of this one. */
  readonly #foreign = new Map<string, Set<RemotePeer>>();
  readonly #dead: Partial<Record<DeadLetterReason, number>> = {};
  readonly #gone = zeroCounters();
  readonly #cellHost: CellHost;

  constructor(options: NodeOptions) {
    const { host, clock, log, tracer, soon, later } = options;
    this.host = host;
    this.#options = options;
    this.#courier = new Courier({
      ...{ host, clock, log, tracer, soon, later },
      clones: options.clones ?? false,
      cell: (name) => this.#cells.get(name),
      bind: (address, name, owner) => this.ref({ "~millrace": "protocol", name, verbs: {} }, address, owner),
      connect: options.connect,
      deadLetter: (to, verb, payload, reason, asked, count) =>
        this.#deadLetter(to, verb, payload, reason, asked, count),
      watched: (name, by, on) => this.#watchedBy(name, by, on),
      died: (from, name, reason, error) => this.#watchers.died(from, name, reason, error),
    });
    this.#cellHost = this.#createCellHost();
  }

  // --- actors that live here

  /** Spawns an actor; resolves once its state is made. */
  async spawn<P extends Protocol, O>(
    definition: ActorDefinition<P, O>,
    options: O,
    { name, parent, ...wishes }: CellSpawn,
  ): Promise<Cell> {
    const policy = spawnPolicyOf(name, wishes);
    if (this.#cells.has(name)) {
      throw new MillraceError(
        "actor/name-taken",
        `Cannot spawn actor "${name}" as its name must be free: another actor of this host has it`,
        { details: { actor: name } },
      );
    }
    const made = {
      ...{ name, definition: definition as AnyActor, options, ...policy },
      parent: parent?.name,
    };
    const cell = new Cell(made, this.#cellHost);
    this.#cells.set(name, cell);
    try {
      await cell.revive();
    } catch (cause) {
      await cell.end("now", toWire(cause));
      throw MillraceError.is(cause) ? cause : new MillraceError(
        "actor/start-failed",
        `Cannot start actor "${name}" as its start failed: ${cause instanceof Error ? cause.message : cause}`,
        { details: { actor: name }, cause },
      );
    }
    if (parent?.life.over || cell.closed) {
      await cell.end("now", null);
      throw fromWire(stopped(name));
    }
    parent?.life.guardian.add(cell);
    return cell;
  }

  /** An actor that lives here. */
  cell(name: string): Cell | undefined {
    return this.#cells.get(name);
  }

  /** Stops an actor that lives here; gives the names of those that had to be given up. */
  async stop(name: string, mode: StopMode, error: WireError | null): Promise<readonly string[]> {
    return await this.#cells.get(name)?.end(mode, error) ?? [];
  }

  /** Gives all actors up that have not stopped yet. */
  async giveUp(): Promise<void> {
    await Promise.all([...this.#cells.values()].map((cell) => cell.giveUp()));
  }

  /** Resolves once nothing waits and nothing is in hand in any actor. */
  async rest(): Promise<void> {
    const busy = (): Cell | undefined =>
      [...this.#cells.values()].find(({ load }) => load.depth + load.inHand > 0);
    for (let cell = busy(); cell !== undefined; cell = busy()) await cell.rest();
  }

  /** A ref to any actor. Answers are checked if the protocol is known. */
  ref<P extends Protocol>(protocol: P, address: Address, owner?: object): ActorRef<P> {
    return new BoundRef(this.#courier, protocol, address, owner) as unknown as ActorRef<P>;
  }

  // --- links

  /** The connection to another host is made, for the first time or again. */
  connected(host: number, link: Link): void {
    const peer = this.#courier.connected(host, link);
    for (const name of this.#watchers.namesOf(host)) peer.emit([Kind.Watch, name]);
  }

  /** A frame of another host has arrived. */
  frame(host: number, frame: Frame): void {
    this.#courier.frame(host, frame);
  }

  /** Another host is gone; `returns` if it is started again. */
  peerLost(host: number, reason: string, returns = false): void {
    for (const watching of this.#foreign.values()) {
      for (const peer of watching) if (peer.host === host) watching.delete(peer);
    }
    this.#courier.peerLost(host, reason, returns);
    if (returns) {
      // Whoever watches an actor of it wants to hear of its death in the next life of the host, too.
      if (this.#watchers.namesOf(host).length > 0) this.#courier.peer(host);
      return;
    }
    this.#watchers.hostLost(host, hostLost(host, reason));
  }

  /** Ends all links and waits. */
  close(): void {
    this.#courier.close();
  }

  // --- watching

  /** Tells `watcher` when an actor is gone; the answer calls it off. */
  watch(address: Address, watcher: Watcher): () => void {
    if (address.host === this.host) {
      const cell = this.#cells.get(address.name);
      if (cell === undefined) {
        watcher.notify("no-actor", null);
        return () => {};
      }
      this.#watchers.add(address, watcher);
      return () => void this.#watchers.remove(address, watcher);
    }
    const peer = this.#courier.peer(address.host);
    if (peer === undefined) {
      watcher.notify("host-lost", null);
      return () => {};
    }
    if (this.#watchers.add(address, watcher)) peer.emit([Kind.Watch, address.name]);
    return () => {
      if (this.#watchers.remove(address, watcher)) {
        this.#courier.peer(address.host)?.emit([Kind.Unwatch, address.name]);
      }
    };
  }

  #watchedBy(name: string, by: RemotePeer, on: boolean): void {
    const watching = this.#foreign.get(name);
    if (!on) return void watching?.delete(by);
    if (!this.#cells.has(name)) return by.emit([Kind.Death, name, "no-actor", null]);
    if (watching === undefined) this.#foreign.set(name, new Set([by]));
    else watching.add(by);
  }

  #announce(name: string, reason: DeathReason, error: WireError | null): void {
    this.#watchers.died(this.host, name, reason, error);
    for (const peer of this.#foreign.get(name) ?? []) peer.emit([Kind.Death, name, reason, error]);
    this.#foreign.delete(name);
  }

  // --- what cells need

  #createCellHost(): CellHost {
    const { host, clock, tracer, log, soon, later, top, onOverrun } = this.#options;
    return {
      ...{ host, clock, tracer, later },
      soon: fairly(clock, soon, later),
      bind: (payload, life) => this.#courier.bind(payload, life),
      deadLetter: (name, verb, payload, reason, asked) =>
        this.#deadLetter({ host, name }, verb, payload, reason, asked),
      threw: (actor, verb, error) =>
        log.error("An actor failed at a message", { actor, verb, error: toWire(error) }),
      overrun: onOverrun,
      createLife: (cell, incarnation) => this.#createLife(cell, incarnation),
      start: (cell, life) => this.#start(cell, life),
      failed: (cell, verb, error) => (this.#guardianOf(cell) ?? top).failed(cell, verb, error),
      left: (cell) => (this.#guardianOf(cell) ?? top).left(cell),
      over: (cell, life, error) => this.#courier.actorOver(cell.name, life, error),
      gone: (cell, error) => this.#cellGone(cell, error),
    };
  }

  #guardianOf({ made }: Cell): Guardian | undefined {
    return made.parent === undefined ? undefined : this.#lives.get(made.parent)?.guardian;
  }

  /** The latest incarnation of each actor. */
  readonly #lives = new Map<string, Life>();

  #createLife(cell: Cell, incarnation: number): Life {
    const { clock, random, log } = this.#options;
    const timers = new Timers(clock, (tick) => cell.notify(() => tick.run()));
    const guardian = new Guardian(policyOf(cell.settings.supervision), {
      ...{ clock, random, log },
      escalate: (error) => cell.fail(undefined, toWire(error)),
    });
    const life = new Life(incarnation, timers, guardian);
    this.#lives.set(cell.name, life);
    return life;
  }

  async #start(
    cell: Cell,
    life: Life,
  ): Promise<Readonly<Record<string, (p: unknown, turn: Turn) => unknown>>> {
    const { made: { definition, options } } = cell;
    return await definition.start(this.#contextOf(cell, life), options);
  }

  #contextOf(cell: Cell, life: Life): ActorContext {
    const { name, made } = cell;
    const { clock, log } = this.#options;
    return {
      // Nobody's: it is sent to others, whose asks do not end with this incarnation.
      self: this.ref(made.definition.protocol, { host: this.host, name }),
      incarnation: life.incarnation,
      clock,
      log: log.with({ actor: name }),
      ref: (protocol, address) => this.ref(protocol, address, life),
      spawn: async (definition, options, child) => {
        const spawn = { ...child, name: `${name}/${child.name}`, parent: { name, life } };
        const born = await this.spawn(definition, options, spawn);
        return this.ref(definition.protocol, { host: this.host, name: born.name }, life);
      },
      watch: ({ address }, listener) => {
        let wanted = true;
        const notify = (reason: DeathReason, error: WireError | null): void =>
          cell.notify(() => {
            if (!wanted) return;
            return listener({ address, reason, ...(error === null ? {} : { error: fromWire(error) }) });
          });
        const unwatch = this.watch(address, { notify });
        return life.tie(() => {
          wanted = false;
          unwatch();
        });
      },
      after: (key, delayMs, fn) => life.timers.set(key, delayMs, fn),
      every: (key, periodMs, fn) => life.timers.set(key, periodMs, fn, periodMs),
      cancelTimer: (key) => life.timers.cancel(key),
      stash: () => cell.stash(),
      unstash: () => cell.unstash(),
      stop: () => {
        if (!life.over) cell.leave();
      },
      onStop: (cleanUp) => life.onStop(cleanUp),
    };
  }

  async #cellGone(cell: Cell, error: WireError | null): Promise<void> {
    this.#guardianOf(cell)?.remove(cell);
    this.#options.top.gone(cell);
    // What its streams still had to say has been said by the next turn; then whoever reads on is told.
    await new Promise<void>((resolve) => this.#options.later(resolve));
    const life = this.#lives.get(cell.name);
    if (life !== undefined) this.#courier.actorOver(cell.name, life, stopped(cell.name));
    this.#lives.delete(cell.name);
    this.#cells.delete(cell.name);
    const { counters } = cell;
    this.#gone.accepted += counters.accepted;
    this.#gone.handled += counters.handled;
    this.#gone.failed += counters.failed;
    this.#gone.deadLettered += counters.deadLettered;
    this.#announce(cell.name, error === null ? "stopped" : "failed", error);
  }

  // --- observing

  #deadLetter(
    { host, name }: Address,
    verb: string,
    payload: unknown,
    reason: DeadLetterReason,
    asked: boolean,
    count = 1,
  ): void {
    this.#dead[reason] = (this.#dead[reason] ?? 0) + count;
    const timeMs = this.#options.clock.now();
    this.#options.onDeadLetter({ timeMs, host, actor: name, verb, reason, asked, count, payload });
  }

  /** What lives here and how it does, as plain data. */
  snapshot(): NodeSnapshot {
    const { asks, streams } = this.#courier.waiting;
    return {
      host: this.host,
      actors: [...this.#cells.values()].map((cell) => ({
        name: cell.name,
        protocol: cell.protocolName,
        ...(cell.made.parent === undefined ? {} : { parent: cell.made.parent }),
        ...cell.load,
        counters: { ...cell.counters },
      })),
      gone: { ...this.#gone },
      deadLetters: { ...this.#dead },
      pendingAsks: asks,
      openStreams: streams,
    };
  }
}
