/**
 * The hosts of a system: starts them, connects them, starts those again that are lost, and gives up those that
 * are stuck.
 *
 * @module
 */
import { fromWire, messageOf, toWire } from "../base/errors.ts";
import { hostLost } from "./actor_errors.ts";
import type { Frame } from "./frame.ts";
import { type Host, type HostOptions, type HostsPorts, mayReach, printed } from "./host.ts";
import { HostHandle, RemoteChild } from "./host_handle.ts";
import { assertLimits, limitsOf } from "./host_limits.ts";
import type { FromHost, SpawnOrder, StopMode, Transport } from "./port.ts";
import { watchSilence } from "./signs_of_life.ts";
import type { HostSnapshot } from "./snapshot.ts";
import { policyOf, RestartBudget } from "./supervision.ts";
import { within } from "./within.ts";

/** How long a host that is to be recycled may go on working, in ms. */
const RECYCLE_MS = 10_000;
/** How long the end of all hosts waits for one that is just starting, in ms. */
const STARTING_MS = 1_000;
/** How long a host may be silent once the start of an actor is overdue, in ms. */
const SILENT_MS = 1_000;
/** How long a host has to say what lives in it, in ms. */
const SNAPSHOT_MS = 1_000;

/** The hosts of a system, by number. */
export class Hosts {
  readonly #ports: HostsPorts;
  readonly #hosts = new Map<number, Host>();
  readonly #pairs = new Set<string>();
  readonly #starting = new Set<Promise<unknown>>();
  #last = 0;
  #lostThreads = 0;
  #ending = false;

  constructor(ports: HostsPorts) {
    this.#ports = ports;
  }

  /** Threads that were given up and may go on computing. */
  get lostThreads(): number {
    return this.#lostThreads;
  }

  /** Whether there is such a host, be it on its way. */
  has(number: number): boolean {
    return this.#hosts.has(number);
  }

  /** Starts a host; resolves with its number once it is ready. */
  async start(label: string, options: HostOptions = {}): Promise<number> {
    const transport = this.#transportOf(label, options);
    const { restart = false } = options;
    const policy = restart === false ? undefined : policyOf(restart === true ? {} : restart);
    const number = ++this.#last;
    const host: Host = {
      ...{ number, label, options, transport, state: "starting", restarts: 0, children: [] },
      budget: policy === undefined ? undefined : new RestartBudget(policy, this.#ports.random),
      handle: undefined as unknown as HostHandle,
      up: Promise.withResolvers(),
      cancelCheck: () => {},
      recycling: false,
    };
    host.up.promise.catch(() => {});
    this.#hosts.set(number, host);
    const starting = this.#launch(host);
    this.#starting.add(starting);
    try {
      await starting;
      this.#up(host);
    } catch (error) {
      this.#hosts.delete(number);
      throw error;
    } finally {
      this.#starting.delete(starting);
    }
    return number;
  }

  #transportOf(label: string, options: HostOptions): Transport {
    const { transport: kind, stuckMs, permissions, memoryMb } = options;
    const { transports } = this.#ports;
    const transport = kind === undefined ? transports[0] : transports.find((one) => one.kind === kind);
    if (transport === undefined) {
      const known = transports.map((one) => one.kind).join(", ") || "none";
      throw new RangeError(
        `Cannot start host "${label}" as its transport must be one of ${known}: current value is "${kind}"`,
      );
    }
    if (stuckMs !== undefined && !(stuckMs > 0)) {
      throw new RangeError(
        `Cannot start host "${label}" as stuckMs must be > 0: current value is ${stuckMs}`,
      );
    }
    assertLimits(label, options);
    if (!transport.keepsLimits && (permissions ?? memoryMb) !== undefined) {
      throw new RangeError(
        `Cannot start host "${label}" as one with permissions or memoryMb must run in a process: ` +
          `current transport is "${transport.kind}"`,
      );
    }
    return transport;
  }

  /** Starts the thread or process of a host, and waits until it is ready. */
  async #launch(host: Host): Promise<void> {
    host.handle = new HostHandle(host.label, (handle) =>
      host.transport.start(host.number, host.label, {
        said: (message) => {
          if (handle.isLost) return;
          if (message.type === "ready") handle.ready.resolve();
          else this.#said(host, handle, message);
        },
        frame: (to, frame) => handle.isLost ? undefined : this.#frame(host, to, frame),
        lost: (reason) => this.#lost(host, handle, reason),
      }, limitsOf(host.options)));
    host.handle.wire.order({ type: "hello", host: host.number, label: host.label });
    await host.handle.ready.promise;
  }

  /** It can be talked to. */
  #up(host: Host): void {
    host.handle.assertThere();
    host.state = "running";
    host.recycling = false;
    const { wire } = host.handle;
    this.#ports.connected(host.number, { post: (frame) => wire.deliver(0, frame), close: () => {} });
    host.up.resolve();
    this.#check(host, host.handle);
  }

  /** Gives it up if it is silent for too long. */
  #check(host: Host, handle: HostHandle): void {
    const { stuckMs } = host.options;
    if (stuckMs === undefined) return;
    host.cancelCheck = watchSilence(handle, this.#ports.clock, stuckMs, () => {
      this.#ports.log.error("A host is given up as it gave no sign of life", { host: host.label, stuckMs });
      this.terminate(host.number, `it gave no sign of life for ${stuckMs} ms`, true);
    });
  }

  // --- actors

  /** Spawns an actor in a host; resolves with it and its protocol's name. */
  async spawn(number: number, order: SpawnOrder): Promise<{ child: RemoteChild; protocol: string }> {
    const host = this.#hosts.get(number);
    if (host === undefined || host.state === "lost") {
      throw new RangeError(
        `Cannot spawn actor "${order.name}" as its host must be a running one: current value is ${number}`,
      );
    }
    const child = new RemoteChild(number, order, {
      handle: () => host.handle,
      up: () => host.up.promise,
      stuck: () => this.#stuck(host),
      after: (delayMs) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        return [promise, this.#ports.clock.after(delayMs, resolve)];
      },
    });
    await host.up.promise;
    // It may have something to say before the word that it was spawned is through.
    host.children.push(child);
    try {
      return { child, protocol: await this.#spawnIn(host, order) };
    } catch (error) {
      removeFrom(host.children, child);
      throw error;
    }
  }

  /** Has an actor spawned; gives a host up that is silent when the start is overdue. */
  async #spawnIn(host: Host, order: SpawnOrder): Promise<string> {
    const { handle } = host;
    let cancel = this.#ports.clock.after(order.startMs, () => {
      cancel = watchSilence(handle, this.#ports.clock, SILENT_MS, () => {
        if (!handle.isLost) this.terminate(host.number, `actor "${order.name}" in it does not start`, true);
      });
    });
    try {
      return (await handle.ask({ type: "spawn", order })).protocol ?? "";
    } finally {
      cancel();
    }
  }

  /** Stops any actor of a host, a child of another one too; gives the names of those that were given up. */
  async stopActor(number: number, name: string, mode: StopMode): Promise<readonly string[]> {
    const host = this.#hosts.get(number);
    const child = host?.children.find((one) => one.name === name);
    if (host === undefined || child !== undefined) return await child?.end(mode, null) ?? [];
    const stopped = host.handle.ask({ type: "stop", name, mode, error: null });
    return (await stopped.catch(() => undefined))?.unstopped ?? []; // gone with its host
  }

  #stuck(host: Host): void {
    if (host.state === "running") this.terminate(host.number, "an actor in it did not stop", true);
  }

  // --- news

  #said(host: Host, handle: HostHandle, message: FromHost): void {
    const { log } = this.#ports;
    switch (message.type) {
      case "answer":
      case "refused":
        return handle.answered(message);
      case "connect":
        return void this.#connect(host, message.host);
      case "failed":
      case "left":
      case "gone": {
        const child = host.children.find(({ name }) => name === message.name);
        if (child === undefined) return;
        if (message.type === "gone") removeFrom(host.children, child);
        return this.#ports.actor(child, message);
      }
      case "dead-letters":
        return this.#ports.deadLetters(message.letters, message.more);
      case "fault":
        return log.warn("Code in a host failed outside of any task or message", {
          host: host.label,
          error: message.error,
        });
      case "log": {
        const { level, message: text, attrs } = message.record;
        return log[level](text, attrs);
      }
      case "printed":
        return printed(host, message, log);
      case "overrun":
        log.warn("A turn had to be interrupted", { host: host.label, actor: message.name });
        return void this.recycle(host.number);
      case "exit":
        return this.#lost(host, handle, message.reason);
    }
  }

  #frame(from: Host, to: number, frame: Frame): void {
    if (!mayReach(from, to)) return;
    if (to === 0) return this.#ports.frame(from.number, frame);
    // No direct way between the two: this thread hands the frame on as it is.
    const host = this.#hosts.get(to);
    if (host?.state === "running") host.handle.wire.deliver(from.number, frame);
  }

  /** Two hosts want to talk: as soon as the other one is there. */
  async #connect(from: Host, to: number): Promise<void> {
    const { handle } = from;
    const other = this.#hosts.get(to);
    try {
      if (other === undefined || !mayReach(from, to)) throw new Error("it is not running");
      await other.up.promise;
    } catch (error) {
      const reason = messageOf(error);
      if (!handle.isLost) handle.wire.order({ type: "peer-lost", host: to, reason, returns: false });
      return;
    }
    const pair = [Math.min(from.number, to), Math.max(from.number, to)].join("-");
    if (handle.isLost || this.#pairs.has(pair)) return;
    this.#pairs.add(pair);
    const direct = from.transport === other.transport &&
      from.transport.connect?.(handle.wire, from.number, other.handle.wire, to);
    if (direct) return;
    handle.wire.open(to);
    other.handle.wire.open(from.number);
  }

  // --- the end of a host

  /** Gives a host up; `computing` if it did not answer, so that its thread may go on. */
  terminate(number: number, reason = "it was terminated", computing = false): void {
    const host = this.#hosts.get(number);
    if (host === undefined || host.state === "lost") return;
    if (computing && !host.transport.killsLoops) this.#lostThreads++;
    this.#lost(host, host.handle, reason);
  }

  /** Starts a host anew, with its actors, as soon as nothing waits in it or its time is up. */
  async recycle(number: number): Promise<void> {
    const host = this.#hosts.get(number);
    if (host === undefined || host.state !== "running" || host.recycling || host.budget === undefined) return;
    host.recycling = true;
    const { handle } = host;
    await within(this.#ports.clock, RECYCLE_MS, handle.ask({ type: "rest" }).catch(() => {}), () => {});
    if (!handle.isLost && !this.#ending) this.#lost(host, handle, "it is recycled");
  }

  #lost(host: Host, handle: HostHandle, reason: string): void {
    if (handle.isLost || host.handle !== handle) return;
    handle.lost(reason);
    handle.wire.kill();
    host.cancelCheck();
    const wasUp = host.state === "running";
    for (const pair of this.#pairs) {
      if (pair.split("-").includes(String(host.number))) this.#pairs.delete(pair);
    }
    if (host.state === "starting" || host.state === "restarting") return; // whoever starts it is told
    if (this.#ending) return void this.#gone(host, reason);
    const delayMs = host.budget?.take(this.#ports.clock.now());
    if (delayMs === undefined) return this.#gone(host, reason);
    if (wasUp) {
      host.up = Promise.withResolvers();
      host.up.promise.catch(() => {});
      this.#tellAll(host, reason, true);
    }
    void this.#restart(host, reason, delayMs);
  }

  async #restart(host: Host, reason: string, delayMs: number): Promise<void> {
    const { clock, log } = this.#ports;
    host.state = "restarting";
    host.restarts++;
    log.warn("A host is started again", { host: host.label, reason, delayMs });
    await new Promise<void>((resolve) => host.cancelCheck = clock.after(delayMs, resolve));
    if (this.#ending) return;
    const starting = this.#bringBack(host);
    this.#starting.add(starting);
    try {
      await starting;
      this.#up(host);
    } catch (error) {
      log.error("A host could not be started again", { host: host.label, error: toWire(error) });
      host.handle.lost("it did not start");
      host.handle.wire.kill();
      const nextMs = host.budget!.take(clock.now());
      if (nextMs === undefined || this.#ending) this.#gone(host, messageOf(error));
      else void this.#restart(host, messageOf(error), nextMs);
    } finally {
      this.#starting.delete(starting);
    }
  }

  /** Starts the host and spawns its actors before anybody can talk to them. */
  async #bringBack(host: Host): Promise<void> {
    await this.#launch(host);
    for (const child of [...host.children]) {
      if (child.restart === "temporary" || child.ending) {
        removeFrom(host.children, child);
        this.#ports.forget(child);
      } else {
        await this.#spawnIn(host, child.order);
      }
    }
  }

  /** It does not come back. */
  #gone(host: Host, reason: string): void {
    host.state = "lost";
    this.#hosts.delete(host.number);
    host.up.reject(fromWire(hostLost(host.label, reason)));
    for (const child of host.children) this.#ports.forget(child);
    this.#tellAll(host, reason, false);
  }

  #tellAll(host: Host, reason: string, returns: boolean): void {
    this.#ports.lost(host.number, reason, returns);
    for (const other of this.#hosts.values()) {
      if (other === host || other.handle.isLost) continue;
      other.handle.wire.order({ type: "peer-lost", host: host.number, reason, returns });
    }
  }

  /** Ends all hosts; nothing is started any more. */
  async close(): Promise<void> {
    this.#ending = true;
    for (const host of this.#hosts.values()) host.cancelCheck();
    // A thread that is just starting is waited for, but not for ever.
    await within(this.#ports.clock, STARTING_MS, Promise.allSettled(this.#starting), () => {});
    for (const host of [...this.#hosts.values()]) {
      host.cancelCheck();
      host.handle.lost("the system has stopped");
      host.handle.wire.kill();
      host.up.reject(new Error("the system has stopped"));
    }
    this.#hosts.clear();
    await Promise.all(this.#ports.transports.map((transport) => transport.close?.()));
  }

  /** How all hosts do. */
  async snapshot(): Promise<HostSnapshot[]> {
    return await Promise.all([...this.#hosts.values()].map(async (host) => {
      const { number, label, transport: { kind }, restarts } = host;
      const known = { host: number, label, kind, restarts };
      if (host.state !== "running") return { ...known, state: "restarting" as const };
      const asked = host.handle.ask({ type: "snapshot" }).catch(() => undefined);
      const answer = await within(this.#ports.clock, SNAPSHOT_MS, asked, () => undefined);
      return answer?.node === undefined
        ? { ...known, state: "unresponsive" as const }
        : { ...known, state: "running" as const, node: answer.node };
    }));
  }
}

function removeFrom<T>(list: T[], one: T): void {
  const index = list.indexOf(one);
  if (index >= 0) list.splice(index, 1);
}
