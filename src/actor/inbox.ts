/**
 * The inbox of an actor: its mailbox, from which messages are taken one by one, and what it has put aside.
 *
 * @module
 */
import { stashFull } from "./actor_errors.ts";
import { type Entry, type Mail, type Question, report, type Tell, type Tells, tells } from "./mail.ts";
import { Mailbox } from "./mailbox.ts";
import { countOf, Kind, valueAt } from "./message.ts";

/** After how many messages a run that still grows forgets those that were taken. */
const FORGET = 1_024;

/** A mailbox whose entries are runs and questions of other actors. */
export class Inbox extends Mailbox<Entry> {
  readonly #actor: string;
  readonly #capacity: number;
  readonly #aside: Entry[] = [];

  /** @param actor Whose it is, for those who are told that their mail was taken. */
  constructor(actor: string, capacity: number, maxBytes: number) {
    super(capacity, maxBytes);
    this.#actor = actor;
    this.#capacity = capacity;
  }

  /** How many messages were put aside. */
  get stashed(): number {
    return this.#aside.length;
  }

  /** Takes one message from the oldest entry. */
  take(entry: Tells | Question): Mail {
    if (entry.kind === Kind.Tell) return this.takeTell(entry);
    this.shift();
    this.shrank(entry.bytes);
    if (entry.origin.remote && !entry.reported) entry.origin.taken(this.#actor, 1);
    return entry;
  }

  /** Takes one notice from the oldest entry. */
  takeTell(entry: Tells): Tell {
    const { kind, verb, refs, traceparent, origin } = entry;
    const payload = valueAt(entry.payloads, entry.taken++);
    if (entry.taken === countOf(entry.payloads)) {
      this.shift();
      report(entry, this.#actor);
    } else if (entry.taken === FORGET && typeof entry.payloads === "object") {
      report(entry, this.#actor);
      (entry.payloads as unknown[]).splice(0, FORGET);
      entry.taken = entry.reported = 0;
    }
    this.shrank(entry.each);
    return { kind, verb, payload, refs, traceparent, origin };
  }

  /** Tells the sender of the oldest entry how much of it has been taken. */
  report(): void {
    if (this.first?.kind === Kind.Tell) report(this.first, this.#actor);
  }

  /**
   * Puts a message that was taken aside.
   *
   * @throws {MillraceError} `actor/stash-full` if as many are aside as the mailbox may hold.
   */
  putAside(mail: Mail): void {
    if (this.#aside.length >= this.#capacity) throw stashFull(this.#actor, this.#capacity);
    // It has left the mailbox once: its sender is not told again.
    if (mail.kind === Kind.Tell) {
      const entry = tells(mail.verb, [mail.payload], mail.refs, mail.traceparent, mail.origin, 0);
      entry.reported = 1;
      this.#aside.push(entry);
    } else {
      mail.reported = true;
      this.#aside.push(mail);
    }
  }

  /** Puts all that is aside back, before what has come since; says how many. */
  putBack(): number {
    const entries = this.#aside.splice(0);
    for (const entry of entries.toReversed()) {
      this.unshift(entry);
      this.grew(1, entry.kind === Kind.Ask || entry.kind === Kind.Open ? entry.bytes : 0);
    }
    return entries.length;
  }
}
