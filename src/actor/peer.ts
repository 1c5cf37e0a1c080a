/**
 * Peers: who a host exchanges messages with. The host itself is one (the loopback), so that an actor cannot
 * tell whether its correspondent lives in the same thread.
 *
 * @module
 */
import { MillraceError, toWire, type WireError } from "../base/errors.ts";
import type { Origin } from "./cell.ts";
import { Gate } from "./gate.ts";
import { findUncloneable, isMail, Kind, type MailMessage, type Message } from "./message.ts";
import type { Link } from "./port.ts";
import { StreamServer } from "./stream.ts";

/** The answering side of a correspondence: signals and streams of what the other side asked. */
abstract class Correspondent implements Origin {
  abstract readonly remote: boolean;
  /** Asks and streams of the other side that are not answered yet. */
  readonly #open = new Set<number>();
  readonly #signals = new Map<number, AbortController>();
  readonly #servers = new Map<number, { readonly actor: string; readonly server: StreamServer }>();

  /** Sends a message to the other side. */
  abstract emit(message: Message): void;
  /** A message to `actor` has left the mailbox. */
  abstract taken(actor: string): void;
  /** Calls `fn` when it pays to send what has gathered. */
  abstract later(fn: () => void): void;

  /** An ask or a stream of the other side has come in. */
  opened(id: number): void {
    this.#open.add(id);
  }

  reply(id: number, value: unknown): void {
    this.#settled(id);
    this.emit([Kind.Reply, id, value]);
  }

  fail(message: MailMessage, error: WireError): void {
    if (message[0] !== Kind.Tell) this.#settled(message[4]);
    if (message[0] === Kind.Ask) this.emit([Kind.Fail, message[4], error]);
    if (message[0] === Kind.Open) this.emit([Kind.End, message[4], error]);
  }

  serve(actor: string, id: number, credit: number, items: AsyncIterable<unknown> | Iterable<unknown>): void {
    const server = new StreamServer(id, credit, {
      emit: (message) => this.emit(message),
      later: (fn) => this.later(fn),
      done: () => {
        this.#servers.delete(id);
        this.#settled(id);
      },
    });
    this.#servers.set(id, { actor, server });
    void server.run(items);
    if (this.hasLeft(id)) server.cancel();
  }

  hasLeft(id: number): boolean {
    return this.#signals.get(id)?.signal.aborted ?? false;
  }

  signal(id: number): AbortSignal {
    let controller = this.#signals.get(id);
    if (controller === undefined) this.#signals.set(id, controller = new AbortController());
    return controller.signal;
  }

  callOff(id: number): void {
    this.cancelled(id);
  }

  /** The other side has left an ask or a stream, perhaps one that still waits in a mailbox. */
  cancelled(id: number): void {
    if (!this.#open.has(id)) return;
    this.signal(id);
    this.#signals.get(id)!.abort(new DOMException("The asker has left", "AbortError"));
    this.#servers.get(id)?.server.cancel();
  }

  /** The other side takes more of a stream. */
  more(id: number, credit: number): void {
    this.#servers.get(id)?.server.more(credit);
  }

  /** An actor has stopped: the streams that it still serves end. */
  stopped(actor: string, error: WireError): void {
    for (const entry of this.#servers.values()) if (entry.actor === actor) entry.server.stop(error);
  }

  /** The other side is gone: nobody reads its streams or wants its answers. */
  protected dropAll(): void {
    for (const id of [...this.#open]) this.cancelled(id);
    this.#open.clear();
    this.#signals.clear();
  }

  #settled(id: number): void {
    this.#open.delete(id);
    this.#signals.delete(id);
  }
}

/** The host itself as its own peer. */
export class Loopback extends Correspondent {
  readonly remote = false;
  readonly #receive: (message: Message, from: Loopback) => void;

  constructor(receive: (message: Message, from: Loopback) => void) {
    super();
    this.#receive = receive;
  }

  override emit(message: Message): void {
    this.#receive(message, this);
  }

  override taken(): void {}

  /** Within a thread a message costs nothing: no item has to wait. */
  override later(fn: () => void): void {
    queueMicrotask(fn);
  }

  /** Ends all streams that this host serves itself. */
  close(): void {
    this.dropAll();
  }
}

/** How many messages go into one frame: beyond 256 a frame gains nothing (PERFORMANCE §A). */
const MAX_FRAME = 256;

/** What a remote peer tells its host. */
export interface PeerHooks {
  /** A message could not be cloned, and was not sent. */
  uncloneable(message: Message, error: WireError): void;
  /** Calls `fn` in a later turn of the event loop, after I/O had its chance. */
  later(fn: () => void): void;
}

/** Another host. What is sent before the link is there waits, in order. */
export class RemotePeer extends Correspondent {
  readonly remote = true;
  readonly host: number;
  readonly #hooks: PeerHooks;
  #link: Link | undefined;
  #outbox: Message[] = [];
  #scheduled = false;
  readonly #gates = new Map<string, Gate>();
  readonly #taken = new Map<string, number>();

  constructor(host: number, hooks: PeerHooks) {
    super();
    this.host = host;
    this.#hooks = hooks;
  }

  /** The connection is made. */
  connect(link: Link): void {
    this.#link = link;
    this.#flush();
  }

  /** The window towards one of its actors. */
  gate(actor: string): Gate {
    let gate = this.#gates.get(actor);
    if (gate === undefined) this.#gates.set(actor, gate = new Gate());
    return gate;
  }

  /** Its acknowledgement: so many messages have left the actor's mailbox. */
  acknowledged(actor: string, count: number): void {
    this.#gates.get(actor)?.leave(count);
  }

  override taken(actor: string): void {
    this.#taken.set(actor, (this.#taken.get(actor) ?? 0) + 1);
    this.#schedule();
  }

  override later(fn: () => void): void {
    this.#hooks.later(fn);
  }

  /** Messages of one turn leave in one frame; a lone one leaves at the end of the turn. */
  override emit(message: Message): void {
    this.#outbox.push(message);
    this.#schedule();
  }

  /** The host is gone: gives what was not sent. */
  close(): readonly Message[] {
    const unsent = this.#outbox;
    this.#outbox = [];
    this.#link?.close();
    this.#link = undefined;
    this.dropAll();
    for (const gate of this.#gates.values()) gate.release();
    return unsent;
  }

  #schedule(): void {
    if (this.#scheduled || this.#link === undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#link === undefined) return;
    for (const [actor, count] of this.#taken) this.#outbox.push([Kind.Ack, actor, count]);
    this.#taken.clear();
    const outbox = this.#outbox;
    this.#outbox = [];
    for (let start = 0; start < outbox.length; start += MAX_FRAME) {
      const frame = outbox.length <= MAX_FRAME ? outbox : outbox.slice(start, start + MAX_FRAME);
      try {
        this.#link.post(frame);
      } catch {
        // One message of the frame cannot be cloned: the others must not suffer for it.
        for (const message of frame) this.#postAlone(message);
      }
    }
  }

  /** Sends one message, or says why it cannot be sent; answers whether it was. */
  #postAlone(message: Message): boolean {
    if (message[0] === Kind.Next && message[2].length > 1) {
      // The items before the one that cannot be cloned arrive.
      return message[2].every((item) => this.#postAlone([Kind.Next, message[1], [item]]));
    }
    try {
      this.#link!.post([message]);
      return true;
    } catch (cause) {
      const path = findUncloneable(isMail(message) ? message[3] : message[2]);
      const [actor, verb] = isMail(message) ? [message[1], message[2]] : ["the asker", "reply"];
      const error = toWire(
        new MillraceError(
          "actor/uncloneable",
          `Cannot send "${verb}" to ${
            isMail(message) ? `actor "${actor}"` : actor
          } in another thread as its data must be cloneable: ` +
            `the value at "${path}" is not`,
          { details: { actor, verb, path }, cause },
        ),
      );
      this.#hooks.uncloneable(message, error);
      return false;
    }
  }
}
