/**
 * The courier of one thread: brings messages to the mailboxes of this thread and to other hosts, takes those
 * that come from there, and keeps the asks and streams that wait for an answer.
 *
 * @module
 */
import { fromWire, toWire, type WireError } from "../base/errors.ts";
import { hostLost, stopped } from "./actor_errors.ts";
import { Asks } from "./asks.ts";
import type { Cell } from "./cell.ts";
import type { CourierPorts } from "./courier_ports.ts";
import type { DeadLetterReason } from "./counters.ts";
import { decodeFrame, type Frame } from "./frame.ts";
import type { Question } from "./mail.ts";
import { isMail, Kind, type Message } from "./message.ts";
import { Inbound } from "./inbound.ts";
import { Loopback } from "./loopback.ts";
import { RemotePeer } from "./peer.ts";
import { Peers } from "./peers.ts";
import type { Link } from "./port.ts";
import { crossed } from "./ref_token.ts";
import type { Sent } from "./outbox.ts";
import { Readers } from "./readers.ts";
import type {
  Address,
  AskOptions,
  BoundRef,
  OfferOptions,
  Sender,
  SendOptions,
  StreamOptions,
  Told,
} from "./ref.ts";

/** A way to an actor, in this thread or in another one. */
interface Way {
  readonly full: boolean;
  /** Calls `go` when there is space, or none will ever be; the answer calls the waiting off. */
  wait(go: () => void): () => void;
}

/** Says why something cannot be sent. */
type Failed = (error: WireError) => void;

/** Brings messages. */
export class Courier implements Sender {
  readonly #ports: CourierPorts;
  readonly #loopback: Loopback;
  readonly #peers: Peers;
  readonly #asks: Asks;
  readonly #readers: Readers;
  readonly #inbound: Inbound;
  #lastId = 0;

  constructor(ports: CourierPorts) {
    this.#ports = ports;
    this.#peers = new Peers({
      soon: ports.soon,
      later: ports.later,
      connect: ports.connect,
      uncloneable: (peer, message, error) => this.#unsent(peer, message, error),
    });
    const nextId = (): number => ++this.#lastId;
    const cancel = (address: Address, id: number): void => {
      if (address.host === ports.host) this.#loopback.cancelled(id);
      else this.#peers.get(address.host)?.emit([Kind.Cancel, id]);
    };
    const late = (): void => {
      ports.deadLetter({ host: ports.host, name: "(asker gone)" }, "reply", undefined, "late-reply", true);
    };
    this.#asks = new Asks({ clock: ports.clock, nextId, cancel, late });
    this.#readers = new Readers({
      nextId,
      cancel,
      more: (address, id, credit) => {
        if (address.host === ports.host) this.#loopback.more(id, credit);
        else this.#peers.get(address.host)?.emitAlong([Kind.More, id, credit]);
      },
    });
    this.#inbound = new Inbound(ports, this.#asks, this.#readers);
    this.#loopback = new Loopback({
      settle: (id, error, value) => {
        if (error !== undefined || !ports.clones) return this.#asks.settle(id, error, value);
        const got = this.#cross(undefined, "reply", value);
        if ("error" in got) this.#asks.settle(id, got.error);
        else this.#inbound.settle(id, got.value, got.refs);
      },
      push: (id, items) => ports.clones ? this.#pushClones(id, items) : this.#readers.push(id, items),
      end: (id, error) => this.#readers.end(id, error),
      soon: ports.soon,
    });
  }

  /** Asks and streams that wait for the other side. */
  get waiting(): { readonly asks: number; readonly streams: number } {
    return { asks: this.#asks.size, streams: this.#readers.size };
  }

  // --- links

  /** The connection to another host is made, for the first time or again. */
  connected(host: number, link: Link): RemotePeer {
    return this.#peers.connected(host, link);
  }

  /**
   * Another host is gone, with all that was under way to it and all that waits for it. `returns` says that it
   * is started again: what is sent from now on waits for it.
   */
  peerLost(host: number, reason: string, returns: boolean): void {
    // Asks first: of those that wait for room none is to be sent when they are let go.
    const error = hostLost(host, reason);
    this.#asks.fail(error, host);
    this.#readers.endAll(error, host);
    for (const [name, count] of this.#peers.lost(host, reason, returns)) {
      this.#ports.deadLetter({ host, name }, "*", undefined, "host-lost", false, count);
    }
  }

  /** Ends all links and waits. */
  close(): void {
    this.#loopback.close();
    this.#peers.close();
    this.#asks.fail(hostLost(this.#ports.host, "the system has stopped"));
    this.#readers.endAll(null);
    this.#asks.close();
  }

  /** A peer to talk to, unless it is gone; asks for the link if there is none. */
  peer(host: number): RemotePeer | undefined {
    return this.#peers.to(host);
  }

  // --- sending

  tell(address: Address, verb: string, payload: unknown, options?: SendOptions): Told {
    const { host, name } = address;
    if (host === this.#ports.host) {
      const cell = this.#ports.cell(name);
      if (cell === undefined || cell.closed) return "stopped";
      if (cell.full) return "full";
      this.#tellHere(cell, verb, payload, this.#trace(options));
      return "accepted";
    }
    const peer = this.peer(host);
    if (peer === undefined) return "stopped";
    const gate = peer.gate(name);
    if (gate.full) {
      gate.want();
      return "full";
    }
    peer.tell(name, verb, payload, this.#trace(options));
    return "accepted";
  }

  untold(address: Address, verb: string, payload: unknown, told: "full" | "stopped"): void {
    const reason = told === "full" ? "overflow" : this.#whyNot(address);
    this.#ports.deadLetter(address, verb, payload, reason, false);
  }

  #whyNot({ host, name }: Address): DeadLetterReason {
    if (host !== this.#ports.host) return "host-lost";
    return this.#ports.cell(name) === undefined ? "no-actor" : "stopped";
  }

  offer(address: Address, verb: string, payload: unknown, options: OfferOptions = {}): Promise<void> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const way = this.#way(address);
    if (way !== undefined && !way.full) {
      this.#tellOn(address, verb, payload, this.#trace(options));
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      let leave: (() => void) | undefined = undefined;
      const abort = (): void => {
        leave?.();
        reject(signal!.reason);
      };
      const trace = this.#trace(options);
      leave = this.#enter(address, () => {
        signal?.removeEventListener("abort", abort);
        this.#tellOn(address, verb, payload, trace);
        resolve();
      }, (error) => {
        signal?.removeEventListener("abort", abort);
        reject(fromWire(error));
      });
      if (leave !== undefined) signal?.addEventListener("abort", abort, { once: true });
    });
  }

  ask(ref: BoundRef, verb: string, payload: unknown, options: AskOptions): Promise<unknown> {
    const { address, protocol, owner } = ref;
    const trace = this.#trace(options);
    const chain = options.turn?.chain ?? null;
    return this.#asks.ask(
      { address, verb, out: protocol.verbs[verb]?.out, owner },
      options,
      (id, timeoutMs, failed) =>
        this.#enter(address, (waitedMs) => {
          const budgetMs = timeoutMs === undefined ? undefined : Math.max(0, timeoutMs - waitedMs);
          if (address.host !== this.#ports.host) {
            const header = { id, budgetMs: budgetMs ?? null, chain };
            return this.#peers.get(address.host)!.ask(address.name, verb, payload, trace, header);
          }
          this.#questionHere(Kind.Ask, address.name, verb, payload, trace, id, 0, budgetMs, chain, failed);
        }, this.#buried(address, verb, payload, failed)),
    );
  }

  stream(
    ref: BoundRef,
    verb: string,
    payload: unknown,
    options: StreamOptions = {},
  ): AsyncIterableIterator<unknown> {
    const { address, protocol } = ref;
    const trace = this.#trace(options);
    const item = protocol.verbs[verb]?.stream;
    return this.#readers.open(
      ref,
      verb,
      item,
      options,
      (id, credit, failed) =>
        this.#enter(address, () => {
          const { host, name } = address;
          if (host !== this.#ports.host) {
            return this.#peers.get(host)!.openStream(name, verb, payload, trace, id, credit);
          }
          this.#questionHere(Kind.Open, name, verb, payload, trace, id, credit, undefined, null, failed);
        }, this.#buried(address, verb, payload, failed)),
    );
  }

  #trace(options: SendOptions | undefined): string | null {
    return options?.turn?.traceparent ?? this.#ports.tracer?.current() ?? null;
  }

  /** Goes as soon as there is space, or says why it never can. The answer calls the waiting off. */
  #enter(
    address: Address,
    go: (waitedMs: number) => void,
    failed: Failed,
  ): (() => void) | undefined {
    const { clock } = this.#ports;
    let sinceMs: number | undefined;
    let callOff: (() => void) | undefined;
    // While it waits the actor may stop, or its host be lost, and come back with a new window.
    const enter = (): void => {
      callOff = undefined;
      const way = this.#way(address);
      if (way === undefined) return failed(this.#noWay(address));
      if (!way.full) return go(sinceMs === undefined ? 0 : clock.now() - sinceMs);
      sinceMs ??= clock.now();
      callOff = way.wait(enter);
    };
    enter();
    return callOff && (() => callOff?.());
  }

  /** A question that cannot go is a dead letter, as it is where only its host finds out. */
  #buried(address: Address, verb: string, payload: unknown, failed: Failed): Failed {
    return (error) => {
      this.#ports.deadLetter(address, verb, payload, this.#whyNot(address), true);
      failed(error);
    };
  }

  /** The way to an actor: what bounds it. */
  #way({ host, name }: Address): Way | undefined {
    if (host !== this.#ports.host) return this.peer(host)?.gate(name);
    const cell = this.#ports.cell(name);
    return cell === undefined || cell.closed ? undefined : cell;
  }

  /** Why there is no way to an actor. */
  #noWay({ host, name }: Address): WireError {
    if (host === this.#ports.host) return stopped(name);
    return hostLost(host, this.#peers.lostReason(host) ?? "it is unknown");
  }

  #tellOn({ host, name }: Address, verb: string, payload: unknown, trace: string | null): void {
    if (host !== this.#ports.host) return this.#peers.get(host)!.tell(name, verb, payload, trace);
    const cell = this.#ports.cell(name);
    if (cell !== undefined) this.#tellHere(cell, verb, payload, trace);
  }

  #tellHere(cell: Cell, verb: string, payload: unknown, trace: string | null): void {
    if (!this.#ports.clones) return cell.tell(verb, payload, trace, this.#loopback, 0);
    const got = this.#cross(cell.name, verb, payload);
    if ("error" in got) this.#uncloneableHere(cell.name, verb, false);
    else cell.tell(verb, got.value, trace, this.#loopback, got.refs);
  }

  #questionHere(
    kind: Question["kind"],
    name: string,
    verb: string,
    payload: unknown,
    traceparent: string | null,
    id: number,
    credit: number,
    budgetMs: number | undefined,
    chain: readonly string[] | null,
    failed: Failed,
  ): void {
    const got = this.#ports.clones ? this.#cross(name, verb, payload) : { value: payload, refs: 0 as const };
    if ("error" in got) {
      this.#uncloneableHere(name, verb, true);
      return failed(got.error);
    }
    const { value, refs } = got;
    this.#loopback.opened(id);
    this.#inbound.deliver({
      kind,
      verb,
      payload: value,
      refs,
      traceparent,
      origin: this.#loopback,
      id,
      credit,
      budgetMs,
      deadlineMs: budgetMs === undefined ? undefined : this.#ports.clock.now() + budgetMs,
      chain,
      bytes: 0,
      reported: false,
      next: undefined,
    }, name);
  }

  /** What another thread would get, or why it cannot. */
  #cross(actor: string | undefined, verb: string, value: unknown): Sent | { readonly error: WireError } {
    try {
      return crossed(value);
    } catch (cause) {
      return { error: RemotePeer.uncloneable({ actor, verb, value, cause }) };
    }
  }

  #pushClones(id: number, items: readonly unknown[]): void {
    for (const item of items) {
      const got = this.#cross(undefined, "reply", item);
      if ("error" in got) {
        this.#readers.end(id, got.error);
        return this.#loopback.cancelled(id);
      }
      this.#readers.push(id, [got.refs === 0 ? got.value : this.bind(got.value)]);
    }
  }

  #uncloneableHere(name: string, verb: string, asked: boolean): void {
    this.#ports.deadLetter({ host: this.#ports.host, name }, verb, undefined, "uncloneable", asked);
  }

  #unsent(peer: RemotePeer, message: Message, error: WireError): void {
    if (isMail(message)) {
      const [kind, name, verb] = message;
      peer.acknowledged(name, 1);
      this.#ports.deadLetter({ host: peer.host, name }, verb, undefined, "uncloneable", kind !== Kind.Tell);
      if (kind === Kind.Ask) this.#asks.settle(message[6][0]!, error);
      if (kind === Kind.Open) this.#readers.end(message[6], error);
    } else if (message[0] === Kind.Reply) {
      peer.emit([Kind.Fail, message[1][0]!, error]);
    } else if (message[0] === Kind.Next) {
      peer.emit([Kind.End, message[1], error]);
      peer.cancelled(message[1]);
    }
  }

  /** Binds the refs in a value that has arrived to this thread, and to whoever takes it. */
  bind(value: unknown, owner?: object): unknown {
    return this.#inbound.bind(value, owner);
  }

  /** A frame has arrived. One bad message must not take the others down. */
  frame(host: number, frame: Frame): void {
    if (this.#peers.lostReason(host) !== undefined) return; // its last words, too late
    // One that is back speaks before the connection is made anew.
    const peer = this.#peers.of(host);
    for (const message of decodeFrame(frame)) {
      try {
        this.#inbound.receive(message, peer);
      } catch (error) {
        this.#ports.log.error("A message could not be received", { host, error: toWire(error) });
      }
    }
  }

  /** An actor's streams and asks end; `owner` is the incarnation whose asks they were. */
  actorOver(name: string, owner: object, error: WireError): void {
    this.#asks.failOwner(owner, error);
    this.#readers.failOwner(owner, error);
    this.#loopback.stopped(name, error);
    this.#peers.stopped(name, error);
  }
}
