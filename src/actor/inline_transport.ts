/**
 * Hosts in this very thread: each a node of its own, with frames that are cloned on their way as between
 * threads. Who decides what comes next is a parameter: the event loop, or a seeded simulation.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { HostServer } from "./host_server.ts";
import type { Frame } from "./frame.ts";
import type { FromHost, Link, ToHost, Transport, Wire, WireEvents } from "./port.ts";

/** Decides when what is due happens. */
export interface Schedule {
  /** Calls `fn` at the end of this turn of `host`. */
  soon(host: number, fn: () => void): void;
  /** Calls `fn` in a later turn of `host`. */
  later(host: number, fn: () => void): void;
  /** Brings something from one host to another: what was brought first arrives first. */
  deliver(from: number, to: number, fn: () => void): void;
}

/** What hosts in this thread are made of. */
export interface InlineTransportOptions {
  /** Its name. @default {"inline"} */
  readonly kind?: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly schedule: Schedule;
  /** Hears of each host that is started: what a simulation crashes. */
  readonly onStart?: (host: number, wire: InlineWire) => void;
  /** Called for each frame before it is sent; throws where a clone is to fail. */
  readonly onFrame?: (from: number, to: number) => void;
}

/** A transport whose hosts live in this thread. */
export function inlineTransport(options: InlineTransportOptions): Transport {
  return {
    kind: options.kind ?? "inline",
    killsLoops: false,
    keepsLimits: false,
    start(host, label, events) {
      const wire = new InlineWire(host, label, events, options);
      options.onStart?.(host, wire);
      return wire;
    },
    connect(a, aHost, b, bHost) {
      (a as InlineWire).join(bHost, b as InlineWire);
      (b as InlineWire).join(aHost, a as InlineWire);
      return true;
    },
  };
}

/** A host in this thread. */
export class InlineWire implements Wire {
  readonly host: number;
  readonly #label: string;
  readonly #events: WireEvents;
  readonly #options: InlineTransportOptions;
  #server: HostServer | undefined;
  /** Whether nothing in it goes on. */
  #dead = false;
  /** Whether its end was told. */
  #told = false;
  readonly #alarms = new Set<Cancel>();
  /** The hosts at the ends of its direct ways. */
  readonly #joined = new Map<number, InlineWire>();

  constructor(host: number, label: string, events: WireEvents, options: InlineTransportOptions) {
    this.host = host;
    this.#label = label;
    this.#events = events;
    this.#options = options;
  }

  order(order: ToHost): void {
    const copy = structuredClone(order);
    this.#options.schedule.deliver(0, this.host, () => this.#obey(copy));
  }

  deliver(from: number, frame: Frame): void {
    this.#deliver(from, frame, () => true);
  }

  #deliver(from: number, frame: Frame, isOpen: () => boolean): void {
    this.#options.onFrame?.(from, this.host);
    const copy = structuredClone(frame);
    this.#options.schedule.deliver(from, this.host, () => {
      if (!this.#dead && isOpen()) this.#server?.node.frame(from, copy);
    });
  }

  open(peer: number): void {
    this.#connect(peer, (frame) => this.#send(peer, frame), () => {});
  }

  /** A way to another host of this transport. What comes from there after it was closed here is not heard. */
  join(peer: number, other: InlineWire): void {
    this.#joined.set(peer, other);
    const post = (frame: Frame): void =>
      other.#deliver(this.host, frame, () => other.#joined.get(this.host) === this);
    this.#connect(peer, post, () => {
      if (this.#joined.get(peer) === other) this.#joined.delete(peer);
    });
  }

  /** In order with what it is told otherwise: it may not know yet that the last life of the peer is over. */
  #connect(peer: number, post: (frame: Frame) => void, close: () => void): void {
    this.#options.schedule.deliver(0, this.host, () => {
      if (!this.#dead) this.#server?.node.connected(peer, this.#link(post, close));
    });
  }

  kill(): void {
    this.crash();
    this.#told = true;
  }

  /** Ends it where it stands; `reason` is announced, unless it dies without a word. */
  crash(reason?: string): void {
    this.#dead = true;
    for (const cancel of this.#alarms) cancel();
    this.#alarms.clear();
    if (reason === undefined || this.#told) return;
    this.#told = true;
    this.#options.schedule.deliver(this.host, 0, () => this.#events.lost(reason));
  }

  #obey(order: ToHost): void {
    if (this.#dead) return;
    if (order.type !== "hello") return this.#server?.obey(order);
    const { random, schedule } = this.#options;
    this.#server = new HostServer({
      host: this.host,
      label: this.#label,
      clock: this.#clock(),
      random,
      soon: (fn) => schedule.soon(this.host, () => this.#dead ? undefined : fn()),
      later: (fn) => schedule.later(this.host, () => this.#dead ? undefined : fn()),
      post: (message) => this.#say(message),
    });
    this.#server.node.connected(0, this.#link((frame) => this.#send(0, frame)));
    this.#say({ type: "ready" });
  }

  #say(message: FromHost): void {
    const copy = structuredClone(message);
    if (!this.#dead) this.#options.schedule.deliver(this.host, 0, () => this.#events.said(copy));
  }

  #send(to: number, frame: Frame): void {
    this.#options.onFrame?.(this.host, to);
    const copy = structuredClone(frame);
    this.#options.schedule.deliver(this.host, to, () => this.#events.frame(to, copy));
  }

  #link(post: (frame: Frame) => void, close = (): void => {}): Link {
    return { post: (frame) => this.#dead ? undefined : post(frame), close };
  }

  /** The time, with alarms that end with the host. */
  #clock(): Clock {
    const { clock } = this.#options;
    return {
      now: () => clock.now(),
      after: (delayMs, fn) => {
        const cancel = clock.after(delayMs, () => {
          this.#alarms.delete(cancel);
          if (!this.#dead) fn();
        });
        this.#alarms.add(cancel);
        return () => {
          this.#alarms.delete(cancel);
          cancel();
        };
      },
    };
  }
}
