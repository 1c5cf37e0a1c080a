/**
 * What comes in: messages of other hosts, and questions of this one, are brought to their mailboxes or refused.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import { askCycle, stopped } from "./actor_errors.ts";
import type { Asks } from "./asks.ts";
import type { DeadLetterReason } from "./counters.ts";
import type { CourierPorts } from "./courier_ports.ts";
import type { Origin, Question } from "./mail.ts";
import { type AskRun, countOf, type HasRefs, Kind, type MailRun, type Message, valueAt } from "./message.ts";
import type { RemotePeer } from "./peer.ts";
import { unpack } from "./ref_token.ts";
import type { Readers } from "./readers.ts";

/** Takes what comes in. */
export class Inbound {
  readonly #ports: CourierPorts;
  readonly #asks: Asks;
  readonly #readers: Readers;

  constructor(ports: CourierPorts, asks: Asks, readers: Readers) {
    this.#ports = ports;
    this.#asks = asks;
    this.#readers = readers;
  }

  /** Binds the refs in a value that has arrived to this thread, and to whoever takes it. */
  bind(value: unknown, owner?: object): unknown {
    return unpack(value, (address, protocol) => this.#ports.bind(address, protocol, owner));
  }

  /** Takes a message of another host. */
  receive(message: Message, from: RemotePeer): void {
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
        return this.deliver({
          ...{ kind, verb, payload, refs, traceparent, origin: from, id, credit, budgetMs: undefined },
          ...{ deadlineMs: undefined, chain: null, bytes: 0, reported: false, next: undefined },
        }, name);
      }
      case Kind.Reply: {
        const [, ids, values, refs] = message;
        for (let index = 0; index < ids.length; index++) {
          this.settle(ids[index]!, valueAt(values, index), refs);
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
      this.deliver({
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

  /** Takes the answer to an ask. */
  settle(id: number, value: unknown, refs: HasRefs): void {
    this.#asks.settle(id, undefined, refs === 0 ? value : this.bind(value, this.#asks.ownerOf(id)));
  }

  /** Puts a question into a mailbox, or answers why it cannot. */
  deliver(question: Question, name: string): void {
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
}
