/**
 * Events of the log as they stand in SQLite: those of one topic that follow one another share a row.
 *
 * A row of its own for each event costs twice the time: most of it goes into binding columns and into an index
 * of topics.
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import type { Row, SqliteWriter } from "../base/sqlite_writer.ts";
import type { EncodedEvent } from "../event/event.ts";
import { decodeBatch, encodeBatch } from "../event/event_batch.ts";
import type { LoggedEvent } from "./port.ts";

/** Which events to read. */
export interface BlockRange {
  /** Ids of their topics; `undefined` for all of the log's. */
  readonly topics: readonly number[] | undefined;
  /** Those with a greater sequence. */
  readonly after: number;
  /** Those with this sequence or a lesser one. */
  readonly until: number;
  /** How many at most. */
  readonly max: number;
}

/** How many events share a row at most: who wants one reads them all. */
const MAX_EVENTS = 256;
/** How long their data may be together, unless it is one event's. */
const MAX_LENGTH = 64 * 1024;

/** Where topics alternate, rows are many: the fewer calls, the faster. */
const ROWS = 20;
const INSERT = "INSERT INTO blocks (seq, topic, logged_ms, heads, data) VALUES (?, ?, ?, ?, ?)";
const INSERT_MANY = INSERT + ", (?, ?, ?, ?, ?)".repeat(ROWS - 1);

/** The blocks of one file, each known by the sequence of its last event. */
export class SqliteBlocks {
  readonly #db: SqliteWriter;
  /** The block that was read last: pages end within blocks. */
  #read: { readonly seq: number; readonly events: readonly LoggedEvent[] } | undefined;

  /** Over an open file. */
  constructor(db: SqliteWriter) {
    this.#db = db;
  }

  /** Forgets what was read: it may have been rolled back. */
  reload(): void {
    this.#read = undefined;
  }

  /** When the last event was logged, in ms since 1970; 0 if there is none. */
  lastMs(): number {
    return Number(this.#db.get("SELECT logged_ms FROM blocks ORDER BY seq DESC LIMIT 1")?.logged_ms ?? 0);
  }

  /** Writes events, which get the sequences from `first` on. */
  insert(
    events: readonly EncodedEvent[],
    first: number,
    loggedMs: number,
    topicIdOf: (topic: string) => number,
  ): void {
    const rows: SQLInputValue[][] = [];
    for (let from = 0, end = 0; from < events.length; from = end) {
      end = endOfBlock(events, from);
      const { heads, data } = encodeBatch(events.slice(from, end));
      rows.push([first + end - 1, topicIdOf(events[from]!.topic), loggedMs, heads, data]);
    }
    let written = 0;
    for (; written + ROWS <= rows.length; written += ROWS) {
      this.#db.run(INSERT_MANY, ...rows.slice(written, written + ROWS).flat());
    }
    for (const row of rows.slice(written)) this.#db.run(INSERT, ...row);
  }

  /** Events in their order; those of retention that are still in a block with others, too. */
  *read({ topics, after, until, max }: BlockRange): Generator<LoggedEvent> {
    // Of blocks that are full, so many rows are enough.
    let rows = Math.ceil(max / MAX_EVENTS);
    for (let last = after;; rows *= 2) {
      const found = this.#select(topics, last, until + MAX_EVENTS, rows);
      for (const row of found) {
        for (const event of this.#eventsOf(row)) {
          if (event.sequence > until) return;
          if (event.sequence > after) yield event;
        }
      }
      if (found.length < rows) return;
      last = Number(found.at(-1)!.seq);
    }
  }

  /** One event. */
  event(sequence: number): LoggedEvent | undefined {
    const row = this.#db.get("SELECT * FROM blocks WHERE seq >= ? ORDER BY seq LIMIT 1", sequence);
    return row && this.#eventsOf(row).find((event) => event.sequence === sequence);
  }

  /** The events of a topic after a sequence, with the time at which they were logged. */
  *of(topicId: number, after: number): Generator<{ readonly event: LoggedEvent; readonly loggedMs: number }> {
    const sql = "SELECT * FROM blocks WHERE topic = ? AND seq > ? ORDER BY seq LIMIT 1";
    for (let last = after;;) {
      const row = this.#db.get(sql, topicId, last);
      if (row === undefined) return;
      const loggedMs = Number(row.logged_ms);
      for (const event of this.#eventsOf(row)) if (event.sequence > after) yield { event, loggedMs };
      last = Number(row.seq);
    }
  }

  /** Deletes the blocks of a topic that have nothing after a sequence. */
  delete(topicId: number, until: number): void {
    this.#db.run("DELETE FROM blocks WHERE topic = ? AND seq <= ?", topicId, until);
  }

  /** The last sequence before the events that were logged at `timeMs` or later: times only grow, so it is halved. */
  positionAt(timeMs: number, head: number): number {
    let [low, high] = [0, head];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#db.get(
        "SELECT seq, logged_ms FROM blocks WHERE seq > ? ORDER BY seq LIMIT 1",
        middle,
      );
      if (row === undefined || Number(row.logged_ms) >= timeMs) high = middle;
      else low = Number(row.seq);
    }
    return low;
  }

  #select(topics: readonly number[] | undefined, after: number, until: number, rows: number): Row[] {
    const range = "seq > ? AND seq <= ?";
    const order = "ORDER BY seq LIMIT ?";
    if (topics === undefined) {
      return this.#db.all(`SELECT * FROM blocks WHERE ${range} ${order}`, after, until, rows);
    }
    if (topics.length === 1) {
      const sql = `SELECT * FROM blocks WHERE topic = ? AND ${range} ${order}`;
      return this.#db.all(sql, topics[0]!, after, until, rows);
    }
    // The plus keeps the index of topics out of it: rows are wanted in the order of the log.
    const sql = `SELECT * FROM blocks WHERE ${range} AND +topic IN (SELECT value FROM json_each(?)) ${order}`;
    return this.#db.all(sql, after, until, JSON.stringify(topics), rows);
  }

  #eventsOf(row: Row): readonly LoggedEvent[] {
    const seq = Number(row.seq);
    if (this.#read?.seq === seq) return this.#read.events;
    const decoded = decodeBatch({ heads: String(row.heads), data: String(row.data) });
    const first = seq - decoded.length + 1;
    const events = decoded.map((event, index) => Object.assign(event, { sequence: first + index }));
    this.#read = { seq, events };
    return events;
  }
}

function endOfBlock(events: readonly EncodedEvent[], from: number): number {
  const { topic } = events[from]!;
  let length = 0;
  let end = from;
  while (end < events.length && end - from < MAX_EVENTS && events[end]!.topic === topic) {
    length += events[end]!.data.length;
    if (end > from && length > MAX_LENGTH) break;
    end++;
  }
  return end;
}
