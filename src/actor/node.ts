/**
 * The node: everything that one thread knows of the actor system. It holds the cells that live here, routes
 * messages to those that live elsewhere, and keeps the asks and streams that wait for an answer.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { fromWire, MillraceError, toWire, type WireError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { Asks } from "./asks.ts";
import { Cell, stopped } from "./cell.ts";
import type { DeadLetter, DeadLetterReason } from "./counters.ts";
import { DeadLetters } from "./dead_letters.ts";
import type { ActorDefinition, AnyActor } from "./define_actor.ts";
import { type Frame, isMail, Kind, type MailMessage, type Message } from "./message.ts";
import { Loopback, RemotePeer } from "./peer.ts";
import type { Link, StopMode } from "./port.ts";
import type { Protocol } from "./protocol.ts";
import type { ActorRef, Address, AskOptions, OfferOptions, StreamOptions, Told } from "./ref.ts";
import { Readers } from "./readers.ts";
import type { NodeSnapshot } from "./snapshot.ts";

/** What a node needs of its surroundings. */
export interface NodeOptions {
  /** Its number; 0 is the thread that made the system. */
  readonly host: number;
  /** The time. */
  readonly clock: Clock;
  /** Where it logs. */
  readonly log: Logger;
  /** Calls `fn` in a later turn of the event loop. */
  readonly later: (fn: () => void) => void;
  /** Asks for a link to another host. */
  readonly connect: (host: number) => void;
}

/** One thread's part of the actor system. */
export class Node {
  readonly host: number;
  readonly #options: NodeOptions;
  readonly #cells = new Map<string, Cell>();
  readonly #peers = new Map<number, RemotePeer>();
  readonly #lost = new Map<number, string>();
  readonly #loopback = new Loopback((message, from) => this.#receive(message, from));
  readonly #asks: Asks;
  readonly #readers: Readers;
  readonly #dead = new DeadLetters();
  #lastId = 0;

  constructor(options: NodeOptions) {
    this.host = options.host;
    this.#options = options;
    const nextId = (): number => ++this.#lastId;
    const cancel = (address: Address, id: number): void => this.#peerOf(address)?.emit([Kind.Cancel, id]);
    this.#asks = new Asks({ clock: options.clock, nextId, cancel });
    this.#readers = new Readers({
      nextId,
      cancel,
      more: (address, id, credit) => this.#peerOf(address)?.emit([Kind.More, id, credit]),
    });
  }

  // --- actors that live here

  /** Spawns an actor; resolves once its state is made. */
  async spawn<P extends Protocol, O>(
    definition: ActorDefinition<P, O>,
    options: O,
    name: string,
  ): Promise<ActorRef<P>> {
    if (this.#cells.has(name)) {
      throw new MillraceError(
        "actor/name-taken",
        `Cannot spawn actor "${name}" as a name is used once: it is taken`,
        { details: { actor: name } },
      );
    }
    const cell = new Cell(name, definition as AnyActor, {
      deadLetter: (actor, verb, reason) => this.deadLetter(actor, verb, reason),
      failed: (actor, verb, error) =>
        this.#options.log.error("An actor failed at a message", { actor, verb, error: toWire(error) }),
      later: this.#options.later,
    });
    this.#cells.set(name, cell);
    const self = this.ref(definition.protocol, { host: this.host, name });
    try {
      const handlers = await definition.start({
        self,
        clock: this.#options.clock,
        log: this.#options.log.with({ actor: name }),
        ref: (protocol, address) => this.ref(protocol, address),
        onStop: (cleanUp) => cell.onStop(cleanUp),
      }, options);
      cell.begin(handlers as never);
    } catch (cause) {
      await this.stop(name, "now");
      throw MillraceError.is(cause) ? cause : new MillraceError(
        "actor/start-failed",
        `Cannot start actor "${name}" as its start failed: ${cause instanceof Error ? cause.message : cause}`,
        { details: { actor: name }, cause },
      );
    }
    return self;
  }

  /** Stops an actor that lives here. */
  async stop(name: string, mode: StopMode): Promise<void> {
    const cell = this.#cells.get(name);
    if (cell === undefined) return;
    await cell.stop(mode);
    this.#cells.delete(name);
    // What its streams still had to say has been said by the next turn; then whoever reads on is told.
    this.#options.later(() => {
      for (const peer of [this.#loopback, ...this.#peers.values()]) peer.stopped(name, stopped(name));
    });
  }

  // --- links

  /** The connection to another host is made. */
  connected(host: number, link: Link): void {
    this.#peer(host, false).connect(link);
  }

  /** A frame has arrived. One bad message must not take the others down. */
  frame(host: number, frame: Frame): void {
    const peer = this.#peer(host, false);
    for (const message of frame) {
      try {
        this.#receive(message, peer);
      } catch (error) {
        this.#options.log.error("A message could not be received", { host, error: toWire(error) });
      }
    }
  }

  /** Another host is gone: everything that waits for it fails. */
  peerLost(host: number, reason: string): void {
    if (this.#lost.has(host)) return;
    this.#lost.set(host, reason);
    const peer = this.#peers.get(host);
    this.#peers.delete(host);
    for (const message of peer?.close() ?? []) {
      if (message[0] === Kind.Tell) this.deadLetter(message[1], message[2], "host-lost");
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
      peer.close();
    }
    this.#peers.clear();
    this.#asks.fail(hostLost(this.host, "the system has stopped"));
    this.#readers.endAll(null);
  }

  // --- sending

  /** A ref to any actor. Answers are checked if the protocol is known. */
  ref<P extends Protocol>(protocol: P, address: Address): ActorRef<P> {
    const ref = {
      address,
      protocol,
      tell: (verb: string, payload: unknown): void => {
        const told = this.#tell(address, verb, payload);
        if (told !== "accepted") {
          this.deadLetter(address.name, verb, told === "full" ? "overflow" : "stopped");
        }
      },
      tryTell: (verb: string, payload: unknown): Told => this.#tell(address, verb, payload),
      offer: (verb: string, payload: unknown, options?: OfferOptions): Promise<void> =>
        this.#offer(address, verb, payload, options?.signal),
      ask: (verb: string, payload: unknown, options: AskOptions): Promise<unknown> =>
        this.#asks.ask(
          { address, verb, out: protocol.verbs[verb]?.out },
          options,
          (id, failed) => this.#enter(address, [Kind.Ask, address.name, verb, payload, id], failed),
        ),
      stream: (verb: string, payload: unknown, options: StreamOptions = {}): AsyncIterableIterator<unknown> =>
        this.#readers.open(
          address,
          options,
          (id, credit, failed) =>
            this.#enter(address, [Kind.Open, address.name, verb, payload, id, credit], failed),
        ),
    };
    return ref as unknown as ActorRef<P>;
  }

  #tell(address: Address, verb: string, payload: unknown): Told {
    const way = this.#way(address);
    if (!("full" in way)) return "stopped";
    if (way.full) return "full";
    way.enter([Kind.Tell, address.name, verb, payload]);
    return "accepted";
  }

  #offer(address: Address, verb: string, payload: unknown, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let leave = (): void => {};
    const abort = (): void => {
      leave();
      reject(signal!.reason);
    };
    const done = (): void => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort, { once: true });
    const message: MailMessage = [Kind.Tell, address.name, verb, payload];
    leave = this.#enter(address, message, (error) => {
      done();
      reject(fromWire(error));
    }, () => {
      done();
      resolve();
    });
    return promise;
  }

  /** Sends as soon as there is space, or says why it never can. The answer calls the waiting off. */
  #enter(
    address: Address,
    message: MailMessage,
    failed: (error: WireError) => void,
    sent: () => void = () => {},
  ): () => void {
    const go = (): void => {
      // While it waited the actor may have stopped, or its host gone.
      const way = this.#way(address);
      if (!("full" in way)) return failed(way);
      way.enter(message);
      sent();
    };
    const way = this.#way(address);
    if ("full" in way && way.full) return way.wait(go);
    go();
    return () => {};
  }

  /** The way to an actor, or why there is none. */
  #way(address: Address): WireError | {
    readonly full: boolean;
    enter(message: MailMessage): void;
    wait(go: () => void): () => void;
  } {
    if (address.host === this.host) {
      const cell = this.#cells.get(address.name);
      if (cell === undefined || cell.closed) return stopped(address.name);
      return {
        full: cell.full,
        enter: (message) => this.#receive(message, this.#loopback),
        wait: (go) => cell.wait(go),
      };
    }
    const reason = this.#lost.get(address.host);
    if (reason !== undefined) return hostLost(address.host, reason);
    const peer = this.#peer(address.host, true);
    const gate = peer.gate(address.name);
    return {
      full: gate.full,
      enter: (message) => {
        gate.enter();
        peer.emit(message);
      },
      wait: (go) => gate.wait(go),
    };
  }

  #peerOf(address: Address): Loopback | RemotePeer | undefined {
    return address.host === this.host ? this.#loopback : this.#peers.get(address.host);
  }

  #peer(host: number, connect: boolean): RemotePeer {
    let peer = this.#peers.get(host);
    if (peer === undefined) {
      this.#peers.set(
        host,
        peer = new RemotePeer(host, {
          uncloneable: (message, error) => this.#unsent(peer!, message, error),
          later: this.#options.later,
        }),
      );
      if (connect) this.#options.connect(host);
    }
    return peer;
  }

  #unsent(peer: RemotePeer, message: Message, error: WireError): void {
    if (isMail(message)) {
      peer.acknowledged(message[1], 1);
      this.deadLetter(message[1], message[2], "uncloneable");
      if (message[0] !== Kind.Tell) {
        this.#receive([message[0] === Kind.Ask ? Kind.Fail : Kind.End, message[4], error] as Message, peer);
      }
    } else if (message[0] === Kind.Reply) {
      peer.emit([Kind.Fail, message[1], error]);
    } else if (message[0] === Kind.Next) {
      peer.emit([Kind.End, message[1], error]);
      peer.cancelled(message[1]);
    }
  }

  // --- receiving

  #receive(message: Message, from: Loopback | RemotePeer): void {
    switch (message[0]) {
      case Kind.Tell:
      case Kind.Ask:
      case Kind.Open: {
        const cell = this.#cells.get(message[1]);
        if (message[0] !== Kind.Tell) from.opened(message[4]);
        if (cell?.accept(message, from)) return;
        if (from.remote) from.taken(message[1]);
        this.deadLetter(message[1], message[2], cell === undefined ? "no-actor" : "stopped");
        return from.fail(message, stopped(message[1]));
      }
      case Kind.Reply:
        return this.#asks.settle(message[1], undefined, message[2]);
      case Kind.Fail:
        return this.#asks.settle(message[1], message[2]);
      case Kind.Cancel:
        return from.cancelled(message[1]);
      case Kind.More:
        return from.more(message[1], message[2]);
      case Kind.Next:
        return this.#readers.push(message[1], message[2]);
      case Kind.End:
        return this.#readers.end(message[1], message[2]);
      case Kind.Ack:
        if (from instanceof RemotePeer) from.acknowledged(message[1], message[2]);
        return;
    }
  }

  // --- observing

  /** Records a message that nobody handled. */
  deadLetter(actor: string, verb: string, reason: DeadLetterReason): void {
    const letter: DeadLetter = { timeMs: this.#options.clock.now(), actor, verb, reason };
    this.#dead.add(letter);
    this.#options.log.debug("A message became a dead letter", { ...letter });
  }

  /** The latest dead letters, oldest first. */
  get deadLetters(): readonly DeadLetter[] {
    return this.#dead.latest;
  }

  /** What lives here and how it does, as plain data. */
  snapshot(): NodeSnapshot {
    return {
      host: this.host,
      actors: [...this.#cells.values()].map((cell) => ({
        name: cell.name,
        protocol: cell.protocolName,
        ...cell.load,
        counters: { ...cell.counters },
      })),
      deadLetters: this.#dead.byReason,
      pendingAsks: this.#asks.size,
    };
  }
}

function hostLost(host: number, reason: string): WireError {
  return toWire(
    new MillraceError("actor/host-lost", `Cannot reach host ${host} as it is gone: ${reason}`, {
      details: { host: String(host), reason },
    }),
  );
}
