/**
 * The actor system: hosts, the actors in them, and their orderly end.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { MillraceError, toWire } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { messageOf } from "../base/errors.ts";
import type { ActorDefinition } from "./define_actor.ts";
import { later } from "./loop.ts";
import { Node } from "./node.ts";
import type { NodeSnapshot } from "./snapshot.ts";
import type { Placement } from "./placement.ts";
import type { HostHandle, StopMode, Transport } from "./port.ts";
import type { Protocol } from "./protocol.ts";
import type { ActorRef, Address } from "./ref.ts";

/** What a system is made of. */
export interface ActorSystemOptions {
  /** The time. */
  readonly clock: Clock;
  /** Where it and its hosts log. */
  readonly log: Logger;
  /** Starts hosts in other threads. */
  readonly transport: Transport;
}

/** How to spawn an actor. */
export interface SpawnOptions<P extends Protocol = Protocol> {
  /** Its name: unique, never used again. */
  readonly name: string;
  /** The host it lives in; a number from `startHost`. Definitions given by value live in this thread. */
  readonly host?: number;
  /** The protocol of a placed definition, so that answers are checked in this thread too. */
  readonly protocol?: P;
}

/** What did not stop. */
export interface StopReport {
  /** Actors that did not stop before the deadline. */
  readonly unstopped: readonly string[];
  /** Hosts that were written off: their thread may still compute. */
  readonly lostThreads: number;
}

interface Living {
  readonly address: Address;
}

/** A running actor system. */
export interface ActorSystem extends AsyncDisposable {
  /** Starts a host in another thread and resolves with its number once it is ready. */
  startHost(label: string): Promise<number>;
  /** Spawns an actor in this thread; resolves once its state is made. */
  spawn<P extends Protocol, O>(
    definition: ActorDefinition<P, O>,
    options: O,
    spawn: SpawnOptions,
  ): Promise<ActorRef<P>>;
  /** Spawns an actor in another thread, which imports its module: in the given host, or in one of its own. */
  spawnIn<P extends Protocol, O>(
    placement: Placement<ActorDefinition<P, O>>,
    options: NoInfer<O>,
    spawn: SpawnOptions<NoInfer<P>>,
  ): Promise<ActorRef<P>>;
  /** A ref to an actor by its address. */
  ref<P extends Protocol>(protocol: P, address: Address): ActorRef<P>;
  /** Stops one actor within a deadline; says whether it did. */
  stopActor(ref: ActorRef, mode: StopMode, deadlineMs: number): Promise<boolean>;
  /** Writes a host off: everybody who waits for it is told at once. A loop in it may go on burning a core. */
  terminateHost(host: number): void;
  /** Calls `listener` when a host is gone; the answer takes the listener off. */
  onHostLost(listener: (host: number, reason: string) => void): () => void;
  /** What lives in this thread, as plain data. */
  snapshot(): NodeSnapshot;
  /** Stops all actors, last spawned first, then all hosts. */
  stop(options: { readonly mode: StopMode; readonly deadlineMs: number }): Promise<StopReport>;
}

/** How long `await using` waits for each actor to stop (OTP's default shutdown time). */
export const DEFAULT_STOP_MS = 5_000;

/** Makes an actor system. Its first host, number 0, is this thread. */
export function createSystem(options: ActorSystemOptions): ActorSystem {
  return new System(options);
}

class System implements ActorSystem {
  readonly #options: ActorSystemOptions;
  readonly #node: Node;
  readonly #hosts = new Map<number, HostHandle>();
  readonly #starting = new Set<Promise<unknown>>();
  readonly #living: Living[] = [];
  readonly #listeners = new Set<(host: number, reason: string) => void>();
  #lastHost = 0;
  #stopping: Promise<StopReport> | undefined;
  #hostsEnding = false;

  constructor(options: ActorSystemOptions) {
    this.#options = options;
    this.#node = new Node({
      host: 0,
      clock: options.clock,
      log: options.log,
      later,
      // Hosts of this system are connected to this thread from the start; any other is unknown.
      connect: (host) => this.#node.peerLost(host, "there is no such host"),
    });
  }

  async startHost(label: string): Promise<number> {
    if (this.#stopping !== undefined) throw closed(label);
    const host = ++this.#lastHost;
    const starting = this.#options.transport.start(host, {
      label,
      onFrame: (frame) => this.#node.frame(host, frame),
      events: {
        connect: (other) => this.#connect(host, other),
        lost: (reason) => this.#lost(host, label, reason),
        fault: (error) =>
          this.#options.log.warn("Code in a host failed outside of any task or message", {
            host: label,
            error,
          }),
        log: ({ level, message, attrs }) => this.#options.log[level](message, attrs),
      },
    });
    this.#starting.add(starting);
    try {
      const handle = await starting;
      this.#hosts.set(host, handle);
      this.#node.connected(host, handle.link);
      return host;
    } finally {
      this.#starting.delete(starting);
    }
  }

  async spawn<P extends Protocol, O>(
    definition: ActorDefinition<P, O>,
    options: O,
    { name }: SpawnOptions,
  ): Promise<ActorRef<P>> {
    if (this.#stopping !== undefined) throw closed(name);
    const ref = await this.#node.spawn(definition, options, name);
    this.#living.push(ref);
    return ref;
  }

  async spawnIn<P extends Protocol, O>(
    placement: Placement<ActorDefinition<P, O>>,
    options: NoInfer<O>,
    { name, protocol, ...spawn }: SpawnOptions<NoInfer<P>>,
  ): Promise<ActorRef<P>> {
    if (this.#stopping !== undefined) throw closed(name);
    const host = spawn.host ?? await this.startHost(name);
    const handle = this.#hosts.get(host);
    if (handle === undefined) {
      throw new RangeError(
        `Cannot spawn actor "${name}" as its host must be a running one: current value is ${host}`,
      );
    }
    const address = { host, name };
    const found = await handle.spawn({ name, url: placement.url, exportName: placement.exportName, options });
    this.#living.push({ address });
    if (protocol !== undefined && protocol.name !== found) {
      throw new TypeError(
        `Cannot spawn actor "${name}" as its protocol must be "${protocol.name}": "${placement.exportName}" has "${found}"`,
      );
    }
    const known = protocol ?? { "~millrace": "protocol", name: found, verbs: {} };
    return this.#node.ref(known as P, address);
  }

  ref<P extends Protocol>(protocol: P, address: Address): ActorRef<P> {
    return this.#node.ref(protocol, address);
  }

  async stopActor(ref: ActorRef, mode: StopMode, deadlineMs: number): Promise<boolean> {
    return await this.#stopLiving(ref, mode, deadlineMs);
  }

  terminateHost(host: number): void {
    this.#hosts.get(host)?.terminate();
  }

  onHostLost(listener: (host: number, reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  snapshot(): NodeSnapshot {
    return this.#node.snapshot();
  }

  stop(options: { readonly mode: StopMode; readonly deadlineMs: number }): Promise<StopReport> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ mode: "drain", deadlineMs: DEFAULT_STOP_MS });
  }

  async #stop(
    { mode, deadlineMs }: { readonly mode: StopMode; readonly deadlineMs: number },
  ): Promise<StopReport> {
    const unstopped: string[] = [];
    const stuck = new Set<number>();
    for (const living of this.#living.toReversed()) {
      if (await this.#stopLiving(living, mode, deadlineMs)) continue;
      unstopped.push(living.address.name);
      if (living.address.host !== 0) stuck.add(living.address.host);
    }
    await Promise.allSettled(this.#starting);
    this.#hostsEnding = true;
    for (const handle of this.#hosts.values()) handle.terminate();
    this.#node.close();
    return { unstopped, lostThreads: stuck.size };
  }

  async #stopLiving(living: Living, mode: StopMode, deadlineMs: number): Promise<boolean> {
    const { host, name } = living.address;
    const index = this.#living.findIndex(({ address }) => address.name === name);
    if (index >= 0) this.#living.splice(index, 1);
    const handle = this.#hosts.get(host);
    if (host !== 0 && handle === undefined) return true; // gone with its host
    const stop = handle === undefined ? this.#node.stop(name, mode) : handle.stop(name, mode);
    let cancel = (): void => {};
    const deadline = new Promise<boolean>((resolve) =>
      cancel = this.#options.clock.after(deadlineMs, () => resolve(false))
    );
    const stopped = stop.then(() => true, (error) => {
      this.#options.log.error("An actor could not be stopped", { actor: name, error: messageOf(error) });
      return false;
    });
    const done = await Promise.race([stopped, deadline]);
    cancel();
    return done;
  }

  #connect(a: number, b: number): void {
    const [from, to] = [this.#hosts.get(a), this.#hosts.get(b)];
    if (from === undefined) return;
    if (to === undefined) return from.peerLost(b, "it is not running");
    this.#options.transport.connect(from, a, to, b);
  }

  #lost(host: number, label: string, reason: string): void {
    if (!this.#hosts.delete(host) || this.#hostsEnding) return;
    this.#node.peerLost(host, reason);
    for (const handle of this.#hosts.values()) handle.peerLost(host, reason);
    for (const listener of this.#listeners) {
      try {
        listener(host, reason);
      } catch (error) {
        this.#options.log.error("A listener for lost hosts failed", { host: label, error: toWire(error) });
      }
    }
  }
}

function closed(name: string): MillraceError {
  return new MillraceError("platform/closed", `Cannot start "${name}" as the system is stopping`, {
    details: {},
  });
}
