/**
 * The events of the log in SQLite: appended in groups, read in pages, deleted in small steps.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { SQLInputValue } from "node:sqlite";
import type { Row, SqliteWriter } from "../base/sqlite_writer.ts";
import type { EncodedEvent } from "../event/event.ts";
import {
  DEFAULT_RETENTION,
  matcherOf,
  mergeRetention,
  notDurable,
  PRUNE_STEP,
  topicCompleted,
} from "./log_rules.ts";
import type { Appended, LoggedEvent, LoggedTopic, LogPage, TopicRetention } from "./port.ts";

/** A topic as it is known in memory; its row says the same after each transaction. */
interface Topic {
  readonly id: number;
  readonly topic: string;
  retention: Required<TopicRetention>;
  completed: boolean;
  events: number;
  bytes: number;
  prunedTo: number;
}

/** What retention deletes. */
export interface Doomed {
  readonly topic: string;
  readonly topicId: number;
  /** Ascending. */
  readonly sequences: readonly number[];
}

/** The topics that a reader wants. */
interface Wanted {
  readonly version: number;
  readonly topics: readonly Topic[];
}

/** Rows of one INSERT: the fewer calls, the faster. */
const ROWS = 25;
/** How many sequences one page looks through for topics that are not all of the log's. */
const MAX_SCAN = 10_000;
/** How many sets of patterns are remembered. */
const MAX_WANTED = 1_000;

const COLUMNS = "(seq, id, topic, logged_ms, size, envelope, data)";
const INSERT_ONE = `INSERT INTO events ${COLUMNS} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const INSERT_MANY = `INSERT INTO events ${COLUMNS} VALUES ` +
  `${Array(ROWS).fill("(?, ?, ?, ?, ?, ?, ?)").join(", ")} ON CONFLICT DO NOTHING`;
const SELECT = "SELECT seq, topic, envelope, data FROM events";

/** Events and topics of one file. */
export class SqliteEvents {
  readonly #db: SqliteWriter;
  readonly #onDoomed: (doomed: Doomed) => void;
  readonly #topics = new Map<string, Topic>();
  readonly #byId = new Map<number, Topic>();
  readonly #wanted = new Map<string, Wanted>();
  readonly #touched = new Set<Topic>();
  #version = 0;
  #head = 0;
  #lastMs = 0;
  /** Events that this transaction has appended. */
  #grown = 0;

  /** Over an open file; `onDoomed` is told within the transaction before events are deleted. */
  constructor(db: SqliteWriter, onDoomed: (doomed: Doomed) => void) {
    this.#db = db;
    this.#onDoomed = onDoomed;
    this.reload();
  }

  /** The last sequence. */
  get head(): number {
    return this.#head;
  }

  /** Reads what is known of the file anew. */
  reload(): void {
    this.#version++;
    this.#touched.clear();
    this.#grown = 0;
    this.#topics.clear();
    this.#byId.clear();
    for (const row of this.#db.all("SELECT * FROM topics")) this.#know(topicOf(row));
    this.#head = Number(this.#db.get("SELECT head FROM log")!.head);
    this.#lastMs = Number(
      this.#db.get("SELECT logged_ms FROM events ORDER BY seq DESC LIMIT 1")?.logged_ms ?? 0,
    );
  }

  /** The topics, sorted. */
  topics(): LoggedTopic[] {
    return [...this.#topics.values()].sort((a, b) => a.topic < b.topic ? -1 : 1).map((
      { topic, retention, completed, events, bytes },
    ) => ({ topic, retention, completed, events, bytes }));
  }

  /** Makes a topic durable, or changes what is kept of it. */
  declare(topic: string, retention: TopicRetention): void {
    const known = this.#topics.get(topic);
    const merged = mergeRetention(known?.retention ?? DEFAULT_RETENTION, retention);
    const limits = [merged.maxAgeMs, merged.maxEvents, merged.maxBytes];
    if (known === undefined) {
      this.#db.run("INSERT INTO topics VALUES (NULL, ?, ?, ?, ?, 0, 0, 0, 0)", topic, ...limits);
      this.#know(topicOf(this.#db.get("SELECT * FROM topics WHERE topic = ?", topic)!));
      return;
    }
    const sql = "UPDATE topics SET max_age_ms = ?, max_events = ?, max_bytes = ? WHERE id = ?";
    this.#db.run(sql, ...limits, known.id);
    known.retention = merged;
  }

  /** Lets a topic take no more events. */
  complete(topic: string): void {
    const known = this.#topics.get(topic);
    if (known === undefined) throw notDurable(topic);
    this.#db.run("UPDATE topics SET completed = 1 WHERE id = ?", known.id);
    known.completed = true;
  }

  /** Throws unless all events may be appended. */
  assertTakes(events: readonly EncodedEvent[]): void {
    for (const { topic } of events) {
      const known = this.#topics.get(topic);
      if (known === undefined) throw notDurable(topic);
      if (known.completed) throw topicCompleted(topic);
    }
  }

  /** Whether all events may be appended. */
  takes(events: readonly EncodedEvent[]): boolean {
    return events.every(({ topic }) => this.#topics.get(topic)?.completed === false);
  }

  /** Appends events, each unless its id is known. */
  append(events: readonly EncodedEvent[], nowMs: number): Appended[] {
    // Times of a log never go back, so that it can be read from a time on.
    this.#lastMs = Math.max(this.#lastMs, nowMs);
    const before = this.#head;
    const appended: Appended[] = [];
    for (let from = 0; from < events.length; from += ROWS) {
      const chunk = events.slice(from, from + ROWS);
      appended.push(...(chunk.length === ROWS && this.#insertMany(chunk) || this.#insertEach(chunk)));
    }
    this.#grown += this.#head - before;
    if (this.#head > before) this.#db.run("UPDATE log SET head = ?", this.#head);
    return appended;
  }

  /** Enforces what the topics that grew keep by count and bytes. */
  enforce(nowMs: number): void {
    for (const topic of this.#touched) {
      const { events, bytes, retention: { maxEvents, maxBytes } } = topic;
      // A little more than came: so a topic whose retention was made smaller shrinks step by step.
      if (events > maxEvents || bytes > maxBytes) this.#prune(topic, nowMs, PRUNE_STEP + this.#grown);
    }
  }

  /** Writes the numbers of the topics that changed. */
  save(): void {
    const sql = "UPDATE topics SET events = ?, bytes = ?, pruned_to = ? WHERE id = ?";
    for (const { events, bytes, prunedTo, id } of this.#touched) {
      this.#db.run(sql, events, bytes, prunedTo, id);
    }
    this.#touched.clear();
    this.#grown = 0;
  }

  /** Deletes some of what retention does not keep; tells how much. */
  prune(nowMs: number): number {
    let left = PRUNE_STEP;
    for (const topic of this.#topics.values()) {
      if (left > 0) left -= this.#prune(topic, nowMs, left);
    }
    return PRUNE_STEP - left;
  }

  /** A page of events. */
  read(patterns: readonly string[], after: number, max: number): LogPage {
    const { topics } = this.#topicsOf(patterns);
    const missed = topics.some(({ prunedTo }) => prunedTo > after);
    const until = topics.length > 1 && topics.length < this.#topics.size ? after + MAX_SCAN : Infinity;
    const rows = max < 1 || after >= this.#head ? [] : this.#select(topics, after, max, until);
    const end = Math.max(after, Math.min(until, this.#head));
    const position = rows.length < max ? end : Number(rows.at(-1)?.seq ?? after);
    return { events: rows.map((row) => this.#eventOf(row)), position, missed };
  }

  /** One event. */
  event(sequence: number): LoggedEvent | undefined {
    const row = this.#db.get(`${SELECT} WHERE seq = ?`, sequence);
    return row && this.#eventOf(row);
  }

  /** The sequence of an id. */
  sequenceOf(id: string): number | undefined {
    const row = this.#db.get("SELECT seq FROM events WHERE id = ?", id);
    return row && Number(row.seq);
  }

  /** The sequence after which all events were logged at `timeMs` or later: times only grow, so it is halved. */
  positionAt(timeMs: number): number {
    let [low, high] = [0, this.#head];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#db.get(
        "SELECT seq, logged_ms FROM events WHERE seq > ? ORDER BY seq LIMIT 1",
        middle,
      );
      if (row === undefined || Number(row.logged_ms) >= timeMs) high = middle;
      else low = Number(row.seq);
    }
    return low;
  }

  /** Whether there are topics that match, and none takes more events. */
  isComplete(patterns: readonly string[]): boolean {
    const { topics } = this.#topicsOf(patterns);
    return topics.length > 0 && topics.every(({ completed }) => completed);
  }

  #know(topic: Topic): void {
    this.#version++;
    this.#topics.set(topic.topic, topic);
    this.#byId.set(topic.id, topic);
  }

  /** Inserts a full chunk at once; gives nothing if an id of it is known, and then nothing was written. */
  #insertMany(chunk: readonly EncodedEvent[]): Appended[] | undefined {
    const first = this.#head + 1;
    const params: SQLInputValue[] = [];
    const sizes: number[] = [];
    for (const [index, event] of chunk.entries()) {
      const row = this.#rowOf(event, first + index);
      sizes.push(row[4]);
      params.push(...row);
    }
    if (this.#db.run(INSERT_MANY, ...params) < chunk.length) {
      this.#db.run("DELETE FROM events WHERE seq >= ?", first);
      return undefined;
    }
    for (const [index, { topic }] of chunk.entries()) this.#count(topic, sizes[index]!);
    this.#head += chunk.length;
    return chunk.map((_, index) => ({ sequence: first + index, duplicate: false }));
  }

  #insertEach(chunk: readonly EncodedEvent[]): Appended[] {
    return chunk.map((event) => {
      const row = this.#rowOf(event, this.#head + 1);
      if (this.#db.run(INSERT_ONE, ...row) === 0) {
        return { sequence: this.sequenceOf(event.id)!, duplicate: true };
      }
      this.#count(event.topic, row[4]);
      return { sequence: ++this.#head, duplicate: false };
    });
  }

  #rowOf(event: EncodedEvent, sequence: number): [number, string, number, number, number, string, string] {
    const { topic, data, ...rest } = event;
    const envelope = JSON.stringify(rest);
    const size = Buffer.byteLength(envelope) + Buffer.byteLength(data);
    return [sequence, event.id, this.#topics.get(topic)!.id, this.#lastMs, size, envelope, data];
  }

  #count(name: string, size: number): void {
    const topic = this.#topics.get(name)!;
    topic.events++;
    topic.bytes += size;
    this.#touched.add(topic);
  }

  #prune(topic: Topic, nowMs: number, max: number): number {
    const { maxAgeMs, maxEvents, maxBytes } = topic.retention;
    const oldestMs = nowMs - maxAgeMs;
    const isExcess = (row: Row): boolean =>
      topic.events > maxEvents || topic.bytes > maxBytes || Number(row.logged_ms) < oldestMs;
    const oldest = "SELECT seq, size, logged_ms FROM events WHERE topic = ? ORDER BY seq LIMIT ?";
    // Most of the time nothing is too old: a look at one tells.
    if (!this.#db.all(oldest, topic.id, 1).some(isExcess)) return 0;
    const sequences: number[] = [];
    for (const row of this.#db.all(oldest, topic.id, max)) {
      if (!isExcess(row)) break;
      sequences.push(Number(row.seq));
      topic.events--;
      topic.bytes -= Number(row.size);
    }
    this.#onDoomed({ topic: topic.topic, topicId: topic.id, sequences });
    topic.prunedTo = sequences.at(-1)!;
    this.#db.run("DELETE FROM events WHERE topic = ? AND seq <= ?", topic.id, topic.prunedTo);
    this.#touched.add(topic);
    return sequences.length;
  }

  #select(topics: readonly Topic[], after: number, max: number, until: number): Row[] {
    const order = "ORDER BY seq LIMIT ?";
    if (topics.length === 0) return [];
    if (topics.length === this.#topics.size) {
      return this.#db.all(`${SELECT} WHERE seq > ? ${order}`, after, max);
    }
    if (topics.length === 1) {
      return this.#db.all(`${SELECT} WHERE topic = ? AND seq > ? ${order}`, topics[0]!.id, after, max);
    }
    // The plus keeps the index of topics out of it: rows are wanted in the order of the log.
    const sql =
      `${SELECT} WHERE seq > ? AND seq <= ? AND +topic IN (SELECT value FROM json_each(?)) ${order}`;
    return this.#db.all(sql, after, until, JSON.stringify(topics.map(({ id }) => id)), max);
  }

  #topicsOf(patterns: readonly string[]): Wanted {
    const key = JSON.stringify(patterns);
    const known = this.#wanted.get(key);
    if (known?.version === this.#version) return known;
    const matches = matcherOf(patterns);
    const topics = [...this.#topics.values()].filter(({ topic }) => matches(topic));
    const wanted = { version: this.#version, topics };
    if (this.#wanted.size >= MAX_WANTED) this.#wanted.clear();
    this.#wanted.set(key, wanted);
    return wanted;
  }

  #eventOf(row: Row): LoggedEvent {
    const { topic } = this.#byId.get(Number(row.topic))!;
    return loggedEvent(Number(row.seq), topic, String(row.envelope), String(row.data));
  }
}

/** An event from its columns. */
export function loggedEvent(sequence: number, topic: string, envelope: string, data: string): LoggedEvent {
  return { ...JSON.parse(envelope), topic, data, sequence };
}

function topicOf(row: Row): Topic {
  return {
    id: Number(row.id),
    topic: String(row.topic),
    retention: {
      maxAgeMs: Number(row.max_age_ms),
      maxEvents: Number(row.max_events),
      maxBytes: Number(row.max_bytes),
    },
    completed: row.completed === 1,
    events: Number(row.events),
    bytes: Number(row.bytes),
    prunedTo: Number(row.pruned_to),
  };
}
