/**
 * The actor system: hosts, the actors in them, who supervises them, and their orderly end.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { fromWire, messageOf, MillraceError, toWire } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Cell } from "./cell.ts";
import type { DeadLetter, DeadLetterReason } from "./counters.ts";
import { type DeadLetterFeed, DeadLetterFeeds, DeadLetters, KEPT_LETTERS } from "./dead_letters.ts";
import type { Death } from "./death.ts";
import type { ActorDefinition } from "./define_actor.ts";
import { Guardian } from "./guardian.ts";
import type { HostOptions } from "./host.ts";
import { Hosts } from "./hosts.ts";
import { Node } from "./node.ts";
import { DEFAULT_STOP_MS, spawnPolicyOf } from "./spawn_policy.ts";
import type { Placement } from "./placement.ts";
import type { StopMode, Transport } from "./port.ts";
import type { Protocol } from "./protocol.ts";
import type { ActorRef, Address } from "./ref.ts";
import { pack, unpack } from "./ref_token.ts";
import type { SystemSnapshot } from "./snapshot.ts";
import { policyOf, type RestartType, type Supervision } from "./supervision.ts";
import type { Tracer } from "./tracer.ts";
import { within } from "./within.ts";

/** What a system is made of. */
export interface ActorSystemOptions {
  /** The time. */
  readonly clock: Clock;
  /** Gives a number from 0 to below 1: for the jitter of restarts. */
  readonly random: () => number;
  /** Where it and its hosts log. */
  readonly log: Logger;
  /** Start hosts in other threads or processes; the first one is the default. */
  readonly transports: readonly Transport[];
  /** Calls `fn` at the end of this turn of the event loop. @default {queueMicrotask} */
  readonly soon?: (fn: () => void) => void;
  /** Calls `fn` in a later turn of the event loop. */
  readonly later: (fn: () => void) => void;
  /** Spans for turns, if anybody looks at them. */
  readonly tracer?: Tracer | undefined;
  /** Whether what is sent within this thread is cloned, as it is between threads. @default {false} */
  readonly clones?: boolean;
  /** How the actors that the program itself spawns are supervised. @default {one-for-one, 3 restarts in 30 s} */
  readonly supervision?: Supervision;
  /**
   * Hears of a failure that is too much for `supervision`: the system stops then.
   */
  readonly onFailure?: (error: MillraceError) => void;
}

/** How to spawn an actor. */
export interface SpawnOptions<P extends Protocol = Protocol> {
  /** Its name: unique in its host. */
  readonly name: string;
  /** The host it lives in; a number from `startHost`. Definitions given by value live in this thread. */
  readonly host?: number;
  /** The protocol of a placed definition, so that answers are checked in this thread too. */
  readonly protocol?: P;
  /** When it is started again. @default {"transient"} */
  readonly restart?: RestartType;
  /**
   * How long its module may take to load, and each of its starts, in ms: `actor/start-timeout`. A host that gives
   * no sign of life then is given up. @default {60,000}
   */
  readonly startMs?: number;
  /** How long it may take to stop, in ms. @default {5,000} */
  readonly stopMs?: number;
}

/** What did not stop. */
export interface StopReport {
  /** Actors that did not stop before the deadline. */
  readonly unstopped: readonly string[];
  /** Threads that were written off: they may still compute. */
  readonly lostThreads: number;
}

/** Which dead letters to send again. */
export interface ReplayOptions {
  /** Only those to this actor. */
  readonly actor?: string;
  /** Only those of this reason. */
  readonly reason?: DeadLetterReason;
  /** How many at most. @default {256} */
  readonly limit?: number;
}

/** A running actor system. */
export interface ActorSystem extends AsyncDisposable {
  /** Starts a host in another thread or process and resolves with its number once it is ready. */
  startHost(label: string, options?: HostOptions): Promise<number>;
  /** Spawns an actor in this thread; resolves once its state is made. */
  spawn<P extends Protocol, O>(
    definition: ActorDefinition<P, O>,
    options: O,
    spawn: SpawnOptions,
  ): Promise<ActorRef<P>>;
  /**
   * Spawns an actor in another host, which imports its module: in the given host, or in one of its own that ends
   * with it.
   */
  spawnIn<P extends Protocol, O>(
    placement: Placement<ActorDefinition<P, O>>,
    options: NoInfer<O>,
    spawn: SpawnOptions<NoInfer<P>>,
  ): Promise<ActorRef<P>>;
  /** A ref to an actor by its address. */
  ref<P extends Protocol>(protocol: P, address: Address): ActorRef<P>;
  /** Calls `listener` once when an actor is gone for good, at once if it is; the answer calls it off. */
  watch(ref: ActorRef, listener: (death: Death) => void): () => void;
  /** Stops one actor within a deadline; says whether it did. */
  stopActor(ref: ActorRef, mode: StopMode, deadlineMs: number): Promise<boolean>;
  /**
   * Writes a host off: everybody who waits for it is told at once. A loop in it may go on burning a core. One that
   * was started with `restart` comes back, as far as its budget allows; while it waits for that there is nothing to
   * write off.
   */
  terminateHost(host: number): void;
  /** Calls `listener` when a host is gone for good; the answer takes the listener off. */
  onHostLost(listener: (host: number, reason: string) => void): () => void;
  /** Dead letters of all hosts from now on; who reads too slowly misses the oldest. @default capacity {256} */
  deadLetters(options?: { readonly capacity?: number }): DeadLetterFeed;
  /**
   * Sends notices again that became dead letters, of the latest 256 of all hosts; says how many were accepted.
   * Each is sent once: what dies again is a new dead letter. Questions are not sent again, as nobody waits.
   */
  replayDeadLetters(options?: ReplayOptions): number;
  /** What lives in all hosts, as plain data. A host that does not answer within a second is `unresponsive`. */
  snapshot(): Promise<SystemSnapshot>;
  /** Stops all actors, last spawned first, then all hosts; what is not done by the deadline is given up. */
  stop(options: { readonly mode: StopMode; readonly deadlineMs: number }): Promise<StopReport>;
}

/** Makes an actor system. Its first host, number 0, is this thread. */
export function createSystem(options: ActorSystemOptions): ActorSystem {
  return new System(options);
}

class System implements ActorSystem {
  readonly #options: ActorSystemOptions;
  readonly #node: Node;
  readonly #hosts: Hosts;
  readonly #guardian: Guardian;
  readonly #listeners = new Set<(host: number, reason: string) => void>();
  readonly #feeds = new DeadLetterFeeds();
  readonly #letters = new DeadLetters();
  #stopping: Promise<StopReport> | undefined;

  constructor(options: ActorSystemOptions) {
    this.#options = options;
    const { clock, random, log, later } = options;
    this.#guardian = new Guardian(policyOf(options.supervision), {
      ...{ clock, random, log },
      escalate: (error) => this.#escalated(error),
    });
    this.#node = new Node({
      ...{ host: 0, clock, random, log, later, tracer: options.tracer, clones: options.clones ?? false },
      soon: options.soon ?? queueMicrotask,
      // Hosts of this system are connected to this thread from the start; any other is unknown.
      connect: (host) => {
        if (!this.#hosts.has(host)) this.#node.peerLost(host, "there is no such host");
      },
      top: {
        failed: (cell, verb, error) => this.#guardian.failed(cell, verb, error),
        left: (cell) => this.#guardian.left(cell),
        gone: (cell: Cell) => this.#guardian.remove(cell),
      },
      onDeadLetter: (letter) => this.#dead([letter], 0),
      onOverrun: (actor) => log.warn("A turn had to be interrupted in the main thread", { actor }),
    });
    this.#hosts = new Hosts({
      ...{ clock, random, log, transports: options.transports },
      frame: (from, frame) => this.#node.frame(from, frame),
      connected: (host, link) => this.#node.connected(host, link),
      lost: (host, reason, returns) => this.#hostLost(host, reason, returns),
      actor: (child, message) => {
        if (message.type === "gone") this.#guardian.remove(child);
        else if (message.type === "left") this.#guardian.left(child);
        else this.#guardian.failed(child, message.verb, message.error);
      },
      deadLetters: (letters, more) => this.#dead(letters, more),
      forget: (child) => this.#guardian.remove(child),
    });
  }

  async startHost(label: string, options?: HostOptions): Promise<number> {
    if (this.#stopping !== undefined) throw closed(label);
    return await this.#hosts.start(label, options);
  }

  async spawn<P extends Protocol, O>(
    definition: ActorDefinition<P, O>,
    options: O,
    spawn: SpawnOptions,
  ): Promise<ActorRef<P>> {
    const { name } = spawn;
    if (this.#stopping !== undefined) throw closed(name);
    const cell = await this.#node.spawn(definition, options, spawn);
    if (this.#stopping !== undefined) {
      await cell.end("now", null);
      throw closed(name);
    }
    this.#guardian.add(cell);
    return this.#node.ref(definition.protocol, { host: 0, name });
  }

  async spawnIn<P extends Protocol, O>(
    placement: Placement<ActorDefinition<P, O>>,
    options: NoInfer<O>,
    { name, protocol, ...spawn }: SpawnOptions<NoInfer<P>>,
  ): Promise<ActorRef<P>> {
    if (this.#stopping !== undefined) throw closed(name);
    const policy = spawnPolicyOf(name, spawn);
    const host = spawn.host ?? await this.startHost(name);
    const { url, exportName } = placement;
    const order = { name, url, exportName, options: pack(options).value, ...policy };
    let found: string;
    try {
      const spawned = await this.#hosts.spawn(host, order);
      found = spawned.protocol;
      const isOther = protocol !== undefined && protocol.name !== found;
      if (isOther || this.#stopping !== undefined) await spawned.child.end("now", null);
      else this.#guardian.add(spawned.child);
      if (isOther) {
        throw new TypeError(
          `Cannot spawn actor "${name}" as its protocol must be "${protocol.name}": "${exportName}" has "${found}"`,
        );
      }
      if (this.#stopping !== undefined) throw closed(name);
    } catch (error) {
      // A host that was started for this actor is of no use without it.
      if (spawn.host === undefined) this.#hosts.terminate(host, "its actor did not start");
      throw error;
    }
    if (spawn.host === undefined) {
      const notify = (): void => this.#hosts.terminate(host, "the actor that it was started for is gone");
      this.#node.watch({ host, name }, { notify });
    }
    const known = protocol ?? { "~millrace": "protocol", name: found, verbs: {} };
    return this.#node.ref(known as P, { host, name });
  }

  ref<P extends Protocol>(protocol: P, address: Address): ActorRef<P> {
    return this.#node.ref(protocol, address);
  }

  watch({ address }: ActorRef, listener: (death: Death) => void): () => void {
    return this.#node.watch(address, {
      notify: (reason, error) => {
        try {
          listener({ address, reason, ...(error === null ? {} : { error: fromWire(error) }) });
        } catch (thrown) {
          this.#options.log.error("A watcher of an actor failed", {
            actor: address.name,
            error: toWire(thrown),
          });
        }
      },
    });
  }

  async stopActor(
    { address: { host, name } }: ActorRef,
    mode: StopMode,
    deadlineMs: number,
  ): Promise<boolean> {
    // None is left of one that was gone before, perhaps with its host.
    const ending = host === 0 ? this.#node.stop(name, mode, null) : this.#hosts.stopActor(host, name, mode);
    const ended = ending.then((unstopped) => unstopped.length === 0, (error) => {
      this.#options.log.error("An actor could not be stopped", { actor: name, error: messageOf(error) });
      return false;
    });
    return await within(this.#options.clock, deadlineMs, ended, () => false);
  }

  terminateHost(host: number): void {
    this.#hosts.terminate(host);
  }

  onHostLost(listener: (host: number, reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  deadLetters({ capacity = KEPT_LETTERS }: { readonly capacity?: number } = {}): DeadLetterFeed {
    if (!(Number.isInteger(capacity) && capacity >= 1)) {
      throw new RangeError(
        `Cannot read dead letters as the capacity must be an integer >= 1: current value is ${capacity}`,
      );
    }
    return this.#feeds.open(capacity);
  }

  replayDeadLetters({ actor, reason, limit = KEPT_LETTERS }: ReplayOptions = {}): number {
    const letters = this.#letters.take(
      limit,
      (letter) =>
        letter.verb !== "*" && !letter.asked && letter.reason !== "uncloneable" && "payload" in letter &&
        (actor === undefined || letter.actor === actor) &&
        (reason === undefined || letter.reason === reason),
    );
    return letters.filter(({ host, actor: name, verb, payload }) => {
      const refTo = (address: Address, protocol: string): ActorRef =>
        this.#node.ref({ "~millrace": "protocol", name: protocol, verbs: {} }, address);
      const ref = refTo({ host, name }, "");
      const again = unpack(payload, refTo) as never;
      if (ref.tryTell(verb as never, again) === "accepted") return true;
      ref.tell(verb as never, again); // dies again
      return false;
    }).length;
  }

  async snapshot(): Promise<SystemSnapshot> {
    const here = {
      ...{ host: 0, label: "main", kind: "inline", state: "running" as const, restarts: 0 },
      node: this.#node.snapshot(),
    };
    return { hosts: [here, ...await this.#hosts.snapshot()], lostThreads: this.#hosts.lostThreads };
  }

  stop(options: { readonly mode: StopMode; readonly deadlineMs: number }): Promise<StopReport> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ mode: "drain", deadlineMs: 2 * DEFAULT_STOP_MS });
  }

  async #stop(
    { mode, deadlineMs }: { readonly mode: StopMode; readonly deadlineMs: number },
  ): Promise<StopReport> {
    const unstopped = await within(
      this.#options.clock,
      deadlineMs,
      this.#guardian.close(mode),
      () => this.#guardian.children.map(({ name }) => name),
    );
    await this.#node.giveUp();
    await this.#hosts.close();
    this.#node.close();
    this.#feeds.close();
    return { unstopped, lostThreads: this.#hosts.lostThreads };
  }

  #dead(letters: readonly DeadLetter[], more: number): void {
    for (const letter of letters) {
      this.#letters.add(letter);
      const { payload: _, ...known } = letter;
      this.#options.log.debug("A message became a dead letter", known);
    }
    this.#feeds.push(letters, more);
  }

  #hostLost(host: number, reason: string, returns: boolean): void {
    this.#node.peerLost(host, reason, returns);
    if (returns) return;
    for (const listener of this.#listeners) {
      try {
        listener(host, reason);
      } catch (error) {
        this.#options.log.error("A listener for lost hosts failed", { host, error: toWire(error) });
      }
    }
  }

  #escalated(error: MillraceError): void {
    this.#options.log.error("The system stops as an actor cannot be kept running", { error: toWire(error) });
    void this.stop({ mode: "now", deadlineMs: DEFAULT_STOP_MS });
    try {
      this.#options.onFailure?.(error);
    } catch (thrown) {
      this.#options.log.error("A listener for failures failed", { error: toWire(thrown) });
    }
  }
}

function closed(name: string): MillraceError {
  return new MillraceError("platform/closed", `Cannot start "${name}" as the system is stopping`, {
    details: {},
  });
}
