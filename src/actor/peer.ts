/**
 * Peers: the other hosts that a host exchanges messages with.
 *
 * @module
 */
import { MillraceError, toWire, type WireError } from "../base/errors.ts";
import { encodeFrame, type Parcel } from "./frame.ts";
import { Gate, WINDOW } from "./gate.ts";
import { Correspondent } from "./correspondent.ts";
import { isMail, Kind, type Message, type Values } from "./message.ts";
import { Outbox } from "./outbox.ts";
import type { Link } from "./port.ts";
import { pack } from "./ref_token.ts";
import { findUncloneable } from "./uncloneable.ts";

/** How many windows are kept before those are forgotten through which nothing is on its way. */
const KEPT_WINDOWS = 256;
/** Of how many actors the other side may not know yet what they have taken. */
const MAX_UNTOLD = 64;

/** How many messages go into one frame: beyond 256 a frame gains nothing (PERFORMANCE §A). */
const MAX_FRAME = 256;

/** What a remote peer tells its host. */
export interface PeerHooks {
  /** A message could not be cloned, and was not sent. */
  uncloneable(message: Message, error: WireError): void;
  /** Calls `fn` at the end of this turn of the event loop. */
  soon(fn: () => void): void;
  /** Calls `fn` in a later turn of the event loop, after I/O had its chance. */
  later(fn: () => void): void;
}

/** How a question is sent on. */
export interface AskHeader {
  readonly id: number;
  readonly budgetMs: number | null;
  readonly chain: readonly string[] | null;
}

/** Another host. What is sent before the link is there waits, in order. */
export class RemotePeer extends Correspondent {
  readonly remote = true;
  readonly host: number;
  readonly #hooks: PeerHooks;
  readonly #outbox = new Outbox();
  #link: Link | undefined;
  #scheduled = false;
  /** Whether a later turn sends what waits. */
  #along = false;
  readonly #gates = new Map<string, Gate>();
  /** At how many windows they are looked through. */
  #sweepAt = KEPT_WINDOWS;
  /** Messages taken by actors here that the other side does not know of. */
  readonly #taken = new Map<string, number>();
  /** Actors here at whose window somebody there waits. */
  readonly #wanted = new Set<string>();

  constructor(host: number, hooks: PeerHooks) {
    super();
    this.host = host;
    this.#hooks = hooks;
  }

  /** Whether there is a connection. */
  get connected(): boolean {
    return this.#link !== undefined;
  }

  /** The connection is made. */
  connect(link: Link): void {
    this.#link?.close();
    this.#link = link;
    this.#flush();
  }

  /** The window towards one of its actors. */
  gate(actor: string): Gate {
    let gate = this.#gates.get(actor);
    if (gate === undefined) {
      if (this.#gates.size >= this.#sweepAt) this.#sweep();
      this.#gates.set(actor, gate = new Gate(() => this.emit([Kind.Want, actor])));
    }
    return gate;
  }

  /** How many windows it keeps. */
  get windows(): number {
    return this.#gates.size;
  }

  /** Forgets windows through which nothing is on its way: many are of actors that are gone. */
  #sweep(): void {
    for (const [actor, { used, waiting }] of this.#gates) {
      if (used === 0 && waiting === 0) this.#gates.delete(actor);
    }
    this.#sweepAt = Math.max(KEPT_WINDOWS, 2 * this.#gates.size);
  }

  /** Sends a notice. */
  tell(actor: string, verb: string, payload: unknown, traceparent: string | null): void {
    const sent = pack(payload);
    this.gate(actor).enter(sent.bytes);
    this.#outbox.tell(actor, verb, sent, traceparent);
    this.#schedule();
  }

  /** Sends a question. */
  ask(actor: string, verb: string, payload: unknown, traceparent: string | null, header: AskHeader): void {
    const sent = pack(payload);
    this.gate(actor).enter(sent.bytes);
    this.#outbox.ask(actor, verb, sent, traceparent, header.id, header.budgetMs, header.chain);
    this.#schedule();
  }

  /** Asks for a stream. */
  openStream(
    actor: string,
    verb: string,
    payload: unknown,
    traceparent: string | null,
    id: number,
    credit: number,
  ): void {
    const { value, plain, refs, bytes } = pack(payload);
    this.gate(actor).enter(bytes);
    const values: Values = value === undefined ? 1 : [value];
    this.emit([Kind.Open, actor, verb, values, refs, traceparent, id, credit], plain);
  }

  /** Sends any message that goes into no mailbox. */
  emit(message: Message, plain = true): void {
    this.#outbox.push(message, plain);
    this.#schedule();
  }

  /** Sends a message that is in no hurry: with whatever is sent next, or in a later turn. */
  emitAlong(message: Message): void {
    this.#outbox.push(message, true);
    if (this.#along || this.#scheduled) return;
    this.#along = true;
    this.#hooks.later(() => {
      this.#along = false;
      this.#flush();
    });
  }

  /** Somebody there waits at the window of an actor here. */
  wanted(actor: string): void {
    this.#wanted.add(actor);
    if (this.#taken.has(actor)) this.#schedule();
  }

  /** The other side's acknowledgement: so many messages have left the actor's mailbox. */
  acknowledged(actor: string, count: number): void {
    this.#gates.get(actor)?.leave(count);
  }

  override taken(actor: string, count: number): void {
    const total = (this.#taken.get(actor) ?? 0) + count;
    this.#taken.set(actor, total);
    // Half a window leaves the other half to send on; who waits is told at once (ACTORS D8).
    const due = total >= WINDOW / 2 || this.#wanted.has(actor) || this.#taken.size >= MAX_UNTOLD;
    if (due) this.#schedule();
  }

  /**
   * The host is gone, or about to come back: nothing of what was under way arrives. Gives how many messages to
   * each of its actors that were.
   */
  disconnect(): readonly (readonly [actor: string, count: number])[] {
    const lost = [...this.#gates].filter(([, { used }]) => used > 0).map(([actor, { used }]) =>
      [actor, used] as const
    );
    this.#outbox.take();
    this.#link?.close();
    this.#link = undefined;
    this.#taken.clear();
    this.#wanted.clear();
    this.dropAll();
    const gates = [...this.#gates.values()];
    this.#gates.clear();
    for (const gate of gates) gate.release();
    return lost;
  }

  protected override later(fn: () => void): void {
    this.#hooks.later(fn);
  }

  protected override sendReply(id: number, value: unknown): void {
    this.#outbox.reply(id, pack(value));
    this.#schedule();
  }

  protected override sendFail(id: number, error: WireError): void {
    this.emit([Kind.Fail, id, error]);
  }

  protected override sendNext(id: number, items: readonly unknown[]): void {
    const { value, plain, refs } = pack(items);
    this.emit([Kind.Next, id, value as readonly unknown[], refs], plain);
  }

  protected override sendEnd(id: number, error: WireError | null): void {
    this.emit([Kind.End, id, error]);
  }

  /** Messages of one turn leave in one frame; a lone one leaves at the end of the turn; a full frame at once. */
  #schedule(): void {
    if (this.#link === undefined) return;
    if (this.#outbox.count >= MAX_FRAME) return this.#flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#hooks.soon(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#link === undefined) return;
    this.#acknowledge();
    if (this.#outbox.count === 0) return;
    const parcels = this.#outbox.take();
    try {
      this.#link.post(encodeFrame(parcels));
    } catch {
      // One message of the frame cannot be cloned: the others must not suffer for it.
      const broken = new Set<number>();
      for (const parcel of parcels) this.#postSingly(parcel, broken);
    }
  }

  /** Acknowledgements ride along with whatever is sent. */
  #acknowledge(): void {
    for (const [actor, count] of this.#taken) {
      this.#outbox.push([Kind.Ack, actor, count], true);
      this.#wanted.delete(actor);
    }
    this.#taken.clear();
  }

  /**
   * Sends a run as runs of one; of a stream those items that come before the first that cannot be sent, and then
   * no end that would call it complete.
   */
  #postSingly(parcel: Parcel, broken: Set<number>): void {
    for (const single of singles(parcel)) {
      const [kind, id] = single.message;
      const streamed = kind === Kind.Next || kind === Kind.End;
      if (streamed && broken.has(id)) return;
      if (!this.#postAlone(single) && streamed) broken.add(id);
    }
  }

  /** Sends one message, or says why it cannot be sent; whether it could. */
  #postAlone({ message, plain }: Parcel): boolean {
    try {
      this.#link?.post(encodeFrame([{ message, plain }]));
      return true;
    } catch (cause) {
      const [actor, verb] = isMail(message) ? [message[1], message[2]] : [undefined, "reply"];
      const error = RemotePeer.uncloneable({ actor, verb, value: valueOf(message), cause });
      this.#hooks.uncloneable(message, error);
      return false;
    }
  }

  /** The error of a value that cannot be sent. */
  static uncloneable(
    { actor, verb, value, cause }: {
      readonly actor: string | undefined;
      readonly verb: string;
      readonly value: unknown;
      readonly cause: unknown;
    },
  ): WireError {
    const path = findUncloneable(value);
    const to = actor === undefined ? "the asker" : `actor "${actor}"`;
    return toWire(
      new MillraceError(
        "actor/uncloneable",
        `Cannot send "${verb}" to ${to} in another thread as its data must be cloneable: ` +
          `the value at "${path}" is not`,
        { details: { actor: actor ?? "", verb, path }, cause },
      ),
    );
  }
}

/** The one value that a message of {@linkcode singles} carries. */
function valueOf(message: Message): unknown {
  if (isMail(message)) return typeof message[3] === "number" ? undefined : message[3][0];
  if (message[0] === Kind.Reply || message[0] === Kind.Next) {
    return typeof message[2] === "number" ? undefined : message[2][0];
  }
  return message[2];
}

/** A run as runs of one. */
function singles({ message, plain }: Parcel): Parcel[] {
  const at = isMail(message) ? 3 : message[0] === Kind.Reply || message[0] === Kind.Next ? 2 : undefined;
  const ids = message[0] === Kind.Ask ? 6 : message[0] === Kind.Reply ? 1 : undefined;
  const values = at === undefined ? undefined : message[at];
  if (at === undefined || !Array.isArray(values) || values.length <= 1) return [{ message, plain }];
  return values.map((value, index) => {
    const single: unknown[] = [...message];
    single[at] = [value];
    if (ids !== undefined) single[ids] = [(message[ids] as number[])[index]];
    return { message: single as unknown as Message, plain };
  });
}
