/**
 * The transport over child processes: one `deno run` per host, with permissions and a memory limit of its own,
 * that ends when it is told to, whatever it computes.
 *
 * Packets between two such hosts are handed on by this thread as they are, without a look into them.
 *
 * @module
 */
import { findConfig } from "./deno_config.ts";
import type { Frame } from "./frame.ts";
import { entryModule, environmentOf, type HostLimits, limitFlags } from "./host_limits.ts";
import { later } from "./loop.ts";
import { bytesPacket, type Packet, PacketType } from "./packet.ts";
import type { FromHost, ToHost, Transport, Wire, WireEvents } from "./port.ts";
import { HostProcess } from "./process_child.ts";
import { controlPacket, deserialize, frameOf, framePacket, type ToProcess } from "./process_codec.ts";
import { PROCESS_HOST } from "./process_entry.ts";

/** How processes are kept. */
export interface ProcessTransportOptions {
  /** How many processes are kept ready for the next hosts with the same limits, once there has been one. @default {0} */
  readonly spares?: number;
}

/**
 * Hosts in child processes. A program that has not been granted everything needs `--allow-run` and `--allow-env` to
 * start them, and `--allow-read` for its own configuration to hold there.
 *
 * @param entry The URL of a module that calls `serveProcessHost()` if it is started with {@linkcode PROCESS_HOST}.
 */
export function processTransport(entry: URL, { spares = 0 }: ProcessTransportOptions = {}): Transport {
  const pool = new ProcessPool(entry, spares);
  return {
    kind: "process",
    killsLoops: true,
    keepsLimits: true,
    start(_host, label, events, limits) {
      if (Deno.build.standalone) {
        throw new Error(
          `Cannot start host "${label}" as a compiled program has no Deno to start a process with`,
        );
      }
      return new ProcessWire(pool.take(limits), events, () => pool.refill(limits));
    },
    connect(a, aHost, b, bHost) {
      (a as ProcessWire).join(bHost, aHost, b as ProcessWire);
      (b as ProcessWire).join(aHost, bHost, a as ProcessWire);
      return true;
    },
    close: () => pool.close(),
  };
}

/** Processes, ready and running. */
class ProcessPool {
  readonly #entry: URL;
  readonly #spares: number;
  /** By what they are held to. */
  readonly #ready = new Map<string, HostProcess[]>();
  readonly #all = new Set<HostProcess>();
  #closed = false;

  constructor(entry: URL, spares: number) {
    this.#entry = entry;
    this.#spares = spares;
  }

  /** A process for a host. */
  take(limits: HostLimits): HostProcess {
    const ready = this.#ready.get(JSON.stringify(limits)) ?? [];
    while (ready.length > 0) {
      const spare = ready.shift()!;
      if (spare.usable) return spare;
    }
    return this.#spawn(limits);
  }

  /** A host has got its process: the next one is made ready. */
  refill(limits: HostLimits): void {
    if (this.#closed) return;
    const key = JSON.stringify(limits);
    const ready = this.#ready.get(key) ?? [];
    this.#ready.set(key, ready);
    while (ready.length < this.#spares) ready.push(this.#spawn(limits));
  }

  #spawn(limits: HostLimits): HostProcess {
    const args = [
      "run",
      "--no-prompt",
      "--quiet",
      ...application(),
      ...limitFlags(limits),
      entryModule(this.#entry.href, limits),
      PROCESS_HOST,
    ];
    const process = new HostProcess(args, environmentOf(limits, Deno.env.toObject()));
    this.#all.add(process);
    void process.gone.then(() => this.#all.delete(process));
    return process;
  }

  /** Ends all of them, and waits until they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#ready.clear();
    const all = [...this.#all];
    for (const process of all) process.kill();
    await Promise.all(all.map(({ gone }) => gone));
  }
}

/** What modules mean, and which features are on, in the application that this program is. */
function application(): readonly string[] {
  const config = findConfig();
  return [
    ...(config === undefined ? [] : ["--config", config]),
    ...(("openKv" in Deno) ? ["--unstable-kv"] : []),
    ...(("cron" in Deno) ? ["--unstable-cron"] : []),
  ];
}

/** A way to another host. */
interface Route {
  readonly host: number;
  /** Its number: a new one each time it is opened, so that what is late finds no way. */
  readonly link: number;
  /** The other host, if it is such a process itself; and as whom this host is known there. */
  readonly direct: { readonly wire: ProcessWire; readonly as: number } | undefined;
}

class ProcessWire implements Wire {
  readonly #process: HostProcess;
  readonly #events: WireEvents;
  readonly #onReady: () => void;
  readonly #byHost = new Map<number, Route>();
  readonly #byLink = new Map<number, Route>();
  #lastLink = 0;

  constructor(process: HostProcess, events: WireEvents, onReady: () => void) {
    this.#process = process;
    this.#events = events;
    this.#onReady = onReady;
    process.attach({
      packet: (packet) => this.#received(packet),
      line: (stream, text) => events.said({ type: "printed", stream, text }),
      ended: (reason) => events.lost(reason),
    });
  }

  order(order: ToHost): void {
    this.#post({ type: "order", order });
    // The first order makes its node; this thread is the first whom it can talk to.
    if (order.type === "hello") this.open(0);
  }

  deliver(from: number, frame: Frame): void {
    const route = this.#byHost.get(from);
    if (route !== undefined) this.#process.send(framePacket(route.link, frame));
  }

  open(peer: number): void {
    this.#route(peer, undefined);
  }

  /** Opens a way to another process, in which this host is known as `as`. */
  join(peer: number, as: number, wire: ProcessWire): void {
    this.#route(peer, { wire, as });
  }

  /** Hands on a packet of another process. */
  forward(from: number, { type, body }: Packet): void {
    const route = this.#byHost.get(from);
    if (route !== undefined) this.#process.send(bytesPacket(type, route.link, body));
  }

  kill(): void {
    this.#process.kill();
  }

  #route(host: number, direct: Route["direct"]): void {
    const before = this.#byHost.get(host);
    if (before !== undefined) this.#byLink.delete(before.link);
    const route = { host, link: ++this.#lastLink, direct };
    this.#byHost.set(host, route);
    this.#byLink.set(route.link, route);
    this.#post({ type: "link", host, link: route.link });
  }

  #post(message: ToProcess): void {
    this.#process.send(controlPacket(message));
  }

  #received(packet: Packet): void {
    if (packet.type === PacketType.Control) {
      const message = deserialize(packet.body) as FromHost;
      this.#events.said(message);
      // To start a process takes this thread some milliseconds: who waits for the host comes first.
      if (message.type === "ready") later(this.#onReady);
      return;
    }
    const route = this.#byLink.get(packet.link);
    if (route === undefined) return;
    if (route.direct === undefined) this.#events.frame(route.host, frameOf(packet));
    else route.direct.wire.forward(route.direct.as, packet);
  }
}
