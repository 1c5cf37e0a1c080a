/**
 * Named consumers in SQLite: who has claimed what, until when, and what nobody could handle.
 *
 * @module
 */
import type { Row, SqliteWriter } from "../base/sqlite_writer.ts";
import { assertConsumerSettings, consumerUnknown, matcherOf, unsettledReason } from "./log_rules.ts";
import {
  type ClaimPage,
  type ConsumerInfo,
  type ConsumerSettings,
  type DeadEvent,
  type LogClaim,
  type LoggedEvent,
  MAX_DEAD_LETTERS,
  type Settled,
  type Settlement,
} from "./port.ts";
import { type Doomed, loggedEvent, type SqliteEvents } from "./sqlite_events.ts";

interface Consumer {
  readonly id: number;
  readonly settings: ConsumerSettings;
  position: number;
  token: number;
  missed: number;
}

/** A row of an event between its first claim and its end. */
interface Pending {
  readonly seq: number;
  readonly tries: number;
  readonly event: LoggedEvent;
}

const DUE = "SELECT * FROM pending WHERE consumer = ? AND due_ms <= ? ORDER BY due_ms, seq LIMIT ?";
const PUT = `INSERT INTO pending (consumer, seq, tries, due_ms, token) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET tries = excluded.tries, due_ms = excluded.due_ms, token = excluded.token`;
const CLAIMED = "SELECT seq FROM pending WHERE envelope IS NULL AND seq BETWEEN ? AND ?";
const COPY = `UPDATE pending SET topic = ?, envelope = ?, data = ?
  WHERE consumer IN (SELECT id FROM consumers) AND seq = ? AND envelope IS NULL`;
const ACK = "DELETE FROM pending WHERE consumer = ? AND seq = ? AND token = ?";
const WAIT = "UPDATE pending SET tries = ?, due_ms = ?, token = 0 WHERE consumer = ? AND seq = ?";

/** The consumers of one file. Everything here is called within a transaction, unless it only reads. */
export class SqliteConsumers {
  readonly #db: SqliteWriter;
  readonly #events: SqliteEvents;
  /** Those that found no room for more: whoever makes room wakes their members. */
  readonly #full = new Set<string>();

  /** Over an open file. */
  constructor(db: SqliteWriter, events: SqliteEvents) {
    this.#db = db;
    this.#events = events;
  }

  /** Lets go of all claims: who held them is gone. */
  releaseAll(): void {
    this.#db.run("UPDATE pending SET due_ms = 0, token = 0");
  }

  /** Makes a consumer, or changes its settings. */
  open(name: string, settings: ConsumerSettings, position: number): ConsumerInfo {
    assertConsumerSettings(settings);
    matcherOf(settings.patterns);
    const sql = `INSERT INTO consumers (name, settings, position, token, missed) VALUES (?, ?, ?, 0, 0)
      ON CONFLICT (name) DO UPDATE SET settings = excluded.settings`;
    this.#db.run(sql, name, JSON.stringify(settings), position);
    return this.#infoOf(this.#db.get("SELECT * FROM consumers WHERE name = ?", name)!);
  }

  /** All of them, by name. */
  list(): ConsumerInfo[] {
    return this.#db.all("SELECT * FROM consumers ORDER BY name").map((row) => this.#infoOf(row));
  }

  /** Forgets one. */
  remove(name: string): boolean {
    const row = this.#db.get("SELECT id FROM consumers WHERE name = ?", name);
    if (row === undefined) return false;
    const id = Number(row.id);
    for (const sql of ["DELETE FROM pending WHERE consumer = ?", "DELETE FROM dead WHERE consumer = ?"]) {
      this.#db.run(sql, id);
    }
    return this.#db.run("DELETE FROM consumers WHERE id = ?", id) > 0;
  }

  /** Claims what is due again, then new events. */
  claim(name: string, max: number, nowMs: number): ClaimPage {
    const consumer = this.#find(name);
    const { maxDeliveries, maxInFlight, patterns } = consumer.settings;
    const claims: LogClaim[] = [];
    const buried: DeadEvent[] = [];
    for (const row of this.#db.all(DUE, consumer.id, nowMs, max)) {
      const one = this.#pendingOf(row);
      if (one.tries >= maxDeliveries) {
        buried.push(this.#bury(consumer, one, unsettledReason(one.tries), nowMs));
      } else claims.push(this.#take(consumer, one.event, one.tries + 1, nowMs));
    }
    const inFlight = this.#count("pending", consumer.id);
    const room = Math.min(max - claims.length - buried.length, maxInFlight - inFlight);
    if (inFlight >= maxInFlight) this.#full.add(name);
    let looksOn = false;
    if (room > 0) {
      const page = this.#events.read(patterns, consumer.position, room);
      consumer.position = page.position;
      // A page looks through so much of other topics at most: whoever waits asks for the next one at once.
      looksOn = page.events.length === 0 && page.position < this.#events.head;
      for (const event of page.events) claims.push(this.#take(consumer, event, 1, nowMs));
    }
    const sql = "UPDATE consumers SET position = ?, token = ? WHERE id = ?";
    this.#db.run(sql, consumer.position, consumer.token, consumer.id);
    const dueMs = looksOn
      ? nowMs
      : this.#db.get("SELECT min(due_ms) AS due FROM pending WHERE consumer = ?", consumer.id)!.due;
    const ended = room > 0 && this.#isOver(consumer);
    return { claims, buried, ended, ...(dueMs === null ? {} : { nextDueMs: Number(dueMs) }) };
  }

  /** Settles claims; `wakes` says whether members that wait may go on. */
  settle(
    name: string,
    settlements: readonly Settlement[],
    nowMs: number,
  ): { readonly settled: Settled[]; readonly wakes: boolean } {
    const consumer = this.#find(name);
    const settled = settlements.map((one) => this.#settle(consumer, one, nowMs));
    const wakes = this.#full.delete(name) ||
      settlements.some(({ how }) => how !== "ack" && how !== "extend") || this.#isOver(consumer);
    return { settled, wakes };
  }

  /** Dead letters after a sequence. */
  deadLetters(name: string, after: number, max: number): DeadEvent[] {
    const { id } = this.#find(name);
    const sql = "SELECT * FROM dead WHERE consumer = ? AND seq > ? ORDER BY seq LIMIT ?";
    return this.#db.all(sql, id, after, max).map(letterOf);
  }

  /** Puts dead letters back; tells how many. */
  redeliver(name: string, nowMs: number, sequences?: readonly number[]): number {
    const { id } = this.#find(name);
    const which = sequences === undefined ? "" : "AND seq IN (SELECT value FROM json_each(?))";
    const params = sequences === undefined ? [id] : [id, JSON.stringify(sequences)];
    this.#db.run(
      `INSERT INTO pending (consumer, seq, tries, due_ms, token, topic, envelope, data)
       SELECT consumer, seq, 0, ?, 0, topic, envelope, data FROM dead WHERE consumer = ? ${which}`,
      nowMs,
      ...params,
    );
    return this.#db.run(`DELETE FROM dead WHERE consumer = ? ${which}`, ...params);
  }

  /** Retention deletes events: what is claimed is copied, what was not claimed yet is counted as missed. */
  forget({ topic, events }: Doomed): void {
    const [first, last] = [events[0]!.sequence, events.at(-1)!.sequence];
    const claimed = new Set(this.#db.all(CLAIMED, first, last).map(({ seq }) => seq));
    for (const { topic: _, data, sequence, ...envelope } of events) {
      if (claimed.has(sequence)) this.#db.run(COPY, topic, JSON.stringify(envelope), data, sequence);
    }
    for (const row of this.#db.all("SELECT * FROM consumers WHERE position < ?", last)) {
      const { id, settings, position } = consumerOf(row);
      if (!matcherOf(settings.patterns)(topic)) continue;
      const missed = events.filter(({ sequence }) => sequence > position).length;
      this.#db.run("UPDATE consumers SET missed = missed + ? WHERE id = ?", missed, id);
    }
  }

  #settle(
    consumer: Consumer,
    { sequence, token, how, delayMs = 0, reason }: Settlement,
    nowMs: number,
  ): Settled {
    const { id, settings: { ackWithinMs, maxDeliveries } } = consumer;
    if (how === "ack") return this.#db.run(ACK, id, sequence, token) > 0 ? "settled" : "lost";
    const row = this.#db.get("SELECT * FROM pending WHERE consumer = ? AND seq = ?", id, sequence);
    if (row === undefined || row.token !== token) return "lost";
    const tries = Number(row.tries);
    if (how === "reject" || how === "retry" && tries >= maxDeliveries) {
      this.#bury(consumer, this.#pendingOf(row), reason ?? unsettledReason(tries), nowMs);
      return "buried";
    }
    if (how === "extend") {
      const sql = "UPDATE pending SET due_ms = ? WHERE consumer = ? AND seq = ?";
      this.#db.run(sql, nowMs + ackWithinMs, id, sequence);
    } else if (how === "retry") this.#db.run(WAIT, tries, nowMs + delayMs, id, sequence);
    else this.#db.run(WAIT, tries - 1, nowMs, id, sequence);
    return "settled";
  }

  /** Whether its topics are complete, and all of their events settled. */
  #isOver({ id, position, settings: { patterns } }: Consumer): boolean {
    return position >= this.#events.head && this.#events.isComplete(patterns) &&
      this.#count("pending", id) === 0;
  }

  #take(consumer: Consumer, event: LoggedEvent, tries: number, nowMs: number): LogClaim {
    const token = ++consumer.token;
    this.#db.run(PUT, consumer.id, event.sequence, tries, nowMs + consumer.settings.ackWithinMs, token);
    return { event, tries, token };
  }

  #bury({ id }: Consumer, { seq, tries, event }: Pending, reason: string, timeMs: number): DeadEvent {
    const { topic, data, sequence: _, ...envelope } = event;
    this.#db.run("DELETE FROM pending WHERE consumer = ? AND seq = ?", id, seq);
    this.#db.run(
      "INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      id,
      seq,
      tries,
      timeMs,
      JSON.stringify(reason),
      topic,
      JSON.stringify(envelope),
      data,
    );
    if (this.#count("dead", id) > MAX_DEAD_LETTERS) {
      this.#db.run(
        "DELETE FROM dead WHERE consumer = ?1 AND seq = (SELECT min(seq) FROM dead WHERE consumer = ?1)",
        id,
      );
    }
    return { event, reason, tries, timeMs };
  }

  #pendingOf(row: Row): Pending {
    const seq = Number(row.seq);
    const event = row.envelope === null
      ? this.#events.event(seq)!
      : loggedEvent(seq, String(row.topic), String(row.envelope), String(row.data));
    return { seq, tries: Number(row.tries), event };
  }

  #count(table: "pending" | "dead", consumer: number): number {
    return Number(this.#db.get(`SELECT count(*) AS n FROM ${table} WHERE consumer = ?`, consumer)!.n);
  }

  #find(name: string): Consumer {
    const row = this.#db.get("SELECT * FROM consumers WHERE name = ?", name);
    if (row === undefined) throw consumerUnknown(name);
    return consumerOf(row);
  }

  #infoOf(row: Row): ConsumerInfo {
    const { id, settings, position, missed } = consumerOf(row);
    const [inFlight, deadLetters] = [this.#count("pending", id), this.#count("dead", id)];
    return { name: String(row.name), ...settings, position, inFlight, deadLetters, missed };
  }
}

function consumerOf(row: Row): Consumer {
  return {
    id: Number(row.id),
    settings: JSON.parse(String(row.settings)),
    position: Number(row.position),
    token: Number(row.token),
    missed: Number(row.missed),
  };
}

function letterOf(row: Row): DeadEvent {
  const event = loggedEvent(Number(row.seq), String(row.topic), String(row.envelope), String(row.data));
  return {
    event,
    reason: JSON.parse(String(row.reason)),
    tries: Number(row.tries),
    timeMs: Number(row.time_ms),
  };
}
