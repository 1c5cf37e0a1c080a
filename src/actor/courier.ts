/**
 * The courier of one thread: brings messages to the mailboxes of this thread and to other hosts, takes those
 * that come from there, and keeps the asks and streams that wait for an answer.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { fromWire, toWire, type WireError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { askCycle, hostLost, stopped } from "./actor_errors.ts";
import { Asks } from "./asks.ts";
import type { Cell } from "./cell.ts";
import type { DeadLetterReason } from "./counters.ts";
import type { DeathReason } from "./death.ts";
import { decodeFrame, type Frame } from "./frame.ts";
import type { Origin, Question } from "./mail.ts";
import {
  type AskRun,
  countOf,
  type HasRefs,
  isMail,
  Kind,
  type MailRun,
  type Message,
  valueAt,
} from "./message.ts";
import { Loopback, RemotePeer } from "./peer.ts";
import type { Link } from "./port.ts";
import { crossed, unpack } from "./ref_token.ts";
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
import type { Tracer } from "./tracer.ts";

/** What a courier needs of its node. */
export interface CourierPorts {
  /** The host's number. */
  readonly host: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tracer: Tracer | undefined;
  /** Whether what is sent within this thread is cloned, as it is between threads. */
  readonly clones: boolean;
  soon(fn: () => void): void;
  later(fn: () => void): void;
  /** An actor that lives here. */
  cell(name: string): Cell | undefined;
  /** Binds a ref of a message to this thread, and to whoever takes it. */
  bind(address: Address, protocol: string, owner?: object): unknown;
  /** Asks for a link to another host. */
  connect(host: number): void;
  /** Records messages that nobody handled. */
  deadLetter(
    to: Address,
    verb: string,
    payload: unknown,
    reason: DeadLetterReason,
    asked: boolean,
    count?: number,
  ): void;
  /** Somebody in another host wants to know when an actor of this one is gone, or no more. */
  watched(name: string, by: RemotePeer, on: boolean): void;
  /** An actor of another host is gone. */
  died(host: number, name: string, reason: DeathReason, error: WireError | null): void;
}

/** A way to an actor, in this thread or in another one. */
interface Way {
  readonly full: boolean;
  /** Calls `go` when there is space, or none will ever be; the answer calls the waiting off. */
  wait(go: () => void): () => void;
}

/** Brings messages. */
export class Courier implements Sender {
  readonly #ports: CourierPorts;
  readonly #loopback: Loopback;
  readonly #peers = new Map<number, RemotePeer>();
  /** Hosts to which a link was asked for. */
  readonly #connecting = new Set<number>();
  readonly #lost = new Map<number, string>();
  readonly #asks: Asks;
  readonly #readers: Readers;
  #lastId = 0;

  constructor(ports: CourierPorts) {
    this.#ports = ports;
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
        else this.#peers.get(address.host)?.emit([Kind.More, id, credit]);
      },
    });
    this.#loopback = new Loopback({
      settle: (id, error, value) => {
        if (error !== undefined || !ports.clones) return this.#asks.settle(id, error, value);
        const got = this.#cross(undefined, "reply", value);
        if ("error" in got) this.#asks.settle(id, got.error);
        else this.#settle(id, got.value, got.refs);
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
    this.#connecting.delete(host);
    const peer = this.#peerOf(host);
    peer.connect(link);
    return peer;
  }

  /**
   * Another host is gone, with all that was under way to it and all that waits for it. `returns` says that it
   * is started again: what is sent from now on waits for it.
   */
  peerLost(host: number, reason: string, returns: boolean): void {
    if (this.#lost.has(host)) return;
    if (!returns) this.#lost.set(host, reason);
    this.#connecting.delete(host);
    const peer = this.#peers.get(host);
    if (!returns) this.#peers.delete(host);
    for (const [name, count] of peer?.disconnect() ?? []) {
      this.#ports.deadLetter({ host, name }, "*", undefined, "host-lost", false, count);
    }
    const error = hostLost(host, reason);
    this.#asks.fail(error, host);
    this.#readers.endAll(error, host);
  }

  /** Ends all links and waits. */
  close(): void {
    this.#loopback.close();
    for (const [host, peer] of this.#peers) {
      // First lost, then closed: who waits at a gate finds no way.
      this.#lost.set(host, "the system has stopped");
      peer.disconnect();
    }
    this.#peers.clear();
    this.#asks.fail(hostLost(this.#ports.host, "the system has stopped"));
    this.#readers.endAll(null);
    this.#asks.close();
  }

  /** A peer to talk to, unless it is gone; asks for the link if there is none. */
  peer(host: number): RemotePeer | undefined {
    if (this.#lost.has(host)) return undefined;
    const peer = this.#peerOf(host);
    if (!peer.connected && !this.#connecting.has(host)) {
      this.#connecting.add(host);
      this.#ports.connect(host);
    }
    return this.#peers.get(host);
  }

  /** Why a host is gone. */
  lostReason(host: number): string | undefined {
    return this.#lost.get(host);
  }

  #peerOf(host: number): RemotePeer {
    let peer = this.#peers.get(host);
    if (peer === undefined) {
      const { soon, later } = this.#ports;
      const uncloneable = (message: Message, error: WireError): void => this.#unsent(peer!, message, error);
      this.#peers.set(host, peer = new RemotePeer(host, { uncloneable, soon, later }));
    }
    return peer;
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
    if (peer.gate(name).full) {
      peer.want(name);
      return "full";
    }
    peer.tell(name, verb, payload, this.#trace(options));
    return "accepted";
  }

  untold(address: Address, verb: string, payload: unknown, told: "full" | "stopped"): void {
    this.#ports.deadLetter(
      address,
      verb,
      payload,
      told === "full" ? "overflow" : this.#whyNot(address),
      false,
    );
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
        }, failed),
    );
  }

  stream(
    { address, protocol }: BoundRef,
    verb: string,
    payload: unknown,
    options: StreamOptions = {},
  ): AsyncIterableIterator<unknown> {
    const trace = this.#trace(options);
    const item = protocol.verbs[verb]?.stream;
    return this.#readers.open(
      address,
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
        }, failed),
    );
  }

  #trace(options: SendOptions | undefined): string | null {
    return options?.turn?.traceparent ?? this.#ports.tracer?.current() ?? null;
  }

  /** Goes as soon as there is space, or says why it never can. The answer calls the waiting off. */
  #enter(
    address: Address,
    go: (waitedMs: number) => void,
    failed: (error: WireError) => void,
  ): (() => void) | undefined {
    const way = this.#way(address);
    if (way === undefined || !way.full) {
      if (way === undefined) failed(this.#noWay(address));
      else go(0);
      return undefined;
    }
    const { clock } = this.#ports;
    const sinceMs = clock.now();
    return way.wait(() => {
      // While it waited the actor may have stopped, or its host gone.
      if (this.#way(address) === undefined) failed(this.#noWay(address));
      else go(clock.now() - sinceMs);
    });
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
    return hostLost(host, this.#lost.get(host) ?? "it is unknown");
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
    failed: (error: WireError) => void,
  ): void {
    const got = this.#ports.clones ? this.#cross(name, verb, payload) : { value: payload, refs: 0 as const };
    if ("error" in got) {
      this.#uncloneableHere(name, verb, true);
      return failed(got.error);
    }
    const { value, refs } = got;
    this.#loopback.opened(id);
    this.#deliver({
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

  // --- receiving

  /** Binds the refs in a value that has arrived to this thread, and to whoever takes it. */
  bind(value: unknown, owner?: object): unknown {
    return unpack(value, (address, protocol) => this.#ports.bind(address, protocol, owner));
  }

  /** A frame has arrived. One bad message must not take the others down. */
  frame(host: number, frame: Frame): void {
    const peer = this.#peerOf(host);
    for (const message of decodeFrame(frame)) {
      try {
        this.#receive(message, peer);
      } catch (error) {
        this.#ports.log.error("A message could not be received", { host, error: toWire(error) });
      }
    }
  }

  #receive(message: Message, from: RemotePeer): void {
    switch (message[0]) {
      case Kind.Tell: {
        const [, name, verb, payloads, refs, traceparent] = message;
        const cell = this.#ports.cell(name);
        if (cell === undefined || cell.closed) return this.#refuse(message, from, cell !== undefined);
        return cell.acceptTells(verb, payloads, refs, traceparent, from);
      }
      case Kind.Ask:
        return this.#receiveAsks(message, from);
      case Kind.Open: {
        const [kind, name, verb, payloads, refs, traceparent, id, credit] = message;
        from.opened(id);
        const payload = valueAt(payloads, 0);
        return this.#deliver({
          ...{ kind, verb, payload, refs, traceparent, origin: from, id, credit, budgetMs: undefined },
          ...{ deadlineMs: undefined, chain: null, bytes: 0, reported: false, next: undefined },
        }, name);
      }
      case Kind.Reply: {
        const [, ids, values, refs] = message;
        for (const [index, id] of ids.entries()) {
          const value = valueAt(values, index);
          this.#settle(id, value, refs);
        }
        return;
      }
      case Kind.Fail:
        return this.#asks.settle(message[1], message[2]);
      case Kind.Cancel:
        return from.cancelled(message[1]);
      case Kind.More:
        return from.more(message[1], message[2]);
      case Kind.Next: {
        const [, id, items, refs] = message;
        const bound = refs === 0 ? items : this.bind(items);
        return this.#readers.push(id, bound as readonly unknown[]);
      }
      case Kind.End:
        return this.#readers.end(message[1], message[2]);
      case Kind.Ack:
        return from.acknowledged(message[1], message[2]);
      case Kind.Want:
        return from.wanted(message[1]);
      case Kind.Watch:
        return this.#ports.watched(message[1], from, true);
      case Kind.Unwatch:
        return this.#ports.watched(message[1], from, false);
      case Kind.Death:
        return this.#ports.died(from.host, message[1], message[2], message[3]);
    }
  }

  #receiveAsks(run: AskRun, from: RemotePeer): void {
    const [kind, name, verb, payloads, refs, traceparent, ids, budgetMs, chain] = run;
    const deadlineMs = budgetMs === null ? undefined : this.#ports.clock.now() + budgetMs;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index]!;
      from.opened(id);
      const payload = valueAt(payloads, index);
      this.#deliver({
        kind,
        verb,
        payload,
        refs,
        traceparent,
        origin: from,
        id,
        credit: 0,
        budgetMs: budgetMs ?? undefined,
        deadlineMs,
        chain,
        bytes: 0,
        reported: false,
        next: undefined,
      }, name);
    }
  }

  #settle(id: number, value: unknown, refs: HasRefs): void {
    this.#asks.settle(id, undefined, refs === 0 ? value : this.bind(value, this.#asks.ownerOf(id)));
  }

  /** Puts a question into a mailbox, or answers why it cannot. */
  #deliver(question: Question, name: string): void {
    const cell = this.#ports.cell(name);
    const { chain, origin, kind, id, verb, payload } = question;
    const here = { host: this.#ports.host, name };
    const refuse = (reason: DeadLetterReason, error: WireError): void => {
      if (origin.remote) origin.taken(name, 1);
      this.#ports.deadLetter(here, verb, payload, reason, true);
      origin.fail(kind, id, error);
    };
    if (cell === undefined || cell.closed) {
      return refuse(cell === undefined ? "no-actor" : "stopped", stopped(name));
    }
    const self = `${here.host}/${name}`;
    if (chain !== null && cell.settings.concurrency === 1 && chain.includes(self)) {
      return refuse("cycle", askCycle(name, verb, [...chain, self]));
    }
    cell.accept(question);
  }

  #refuse([, name, verb, payloads]: MailRun, from: Origin, closed: boolean): void {
    const count = countOf(payloads);
    from.taken(name, count);
    for (let index = 0; index < count; index++) {
      const here = { host: this.#ports.host, name };
      this.#ports.deadLetter(here, verb, valueAt(payloads, index), closed ? "stopped" : "no-actor", false);
    }
  }

  /** An actor's streams and asks end; `owner` is the incarnation whose asks they were. */
  actorOver(name: string, owner: object, error: WireError): void {
    this.#asks.failOwner(owner, error);
    this.#loopback.stopped(name, error);
    for (const peer of this.#peers.values()) peer.stopped(name, error);
  }
}
