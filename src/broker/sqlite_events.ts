/**
 * The events of the log in SQLite: appended in groups, read in pages, deleted in small steps.
 *
 * @module
 */
import type { Row, SqliteWriter } from "../base/sqlite_writer.ts";
import type { EncodedEvent } from "../event/event.ts";
import {
  bytesOf,
  DEFAULT_RETENTION,
  matcherOf,
  mergeRetention,
  notDurable,
  PRUNE_STEP,
  topicCompleted,
} from "./log_rules.ts";
import type { Appended, LoggedEvent, LoggedTopic, LogPage, TopicRetention } from "./port.ts";
import { SqliteBlocks } from "./sqlite_blocks.ts";

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
  /** In the order of the log; at least one. */
  readonly events: readonly LoggedEvent[];
}

/** The topics that a reader wants. */
interface Wanted {
  readonly version: number;
  readonly topics: readonly Topic[];
}

/** How many sequences one page looks through for topics that are not all of the log's. */
const MAX_SCAN = 10_000;
/** How many sets of patterns are remembered. */
const MAX_WANTED = 1_000;

// Ids travel as one JSON text: so many in one statement, and any text is what it was.
const INSERT_IDS =
  `INSERT INTO ids (id, seq) SELECT value, ? + key FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`;
const FIND_IDS = "SELECT asked.key, ids.seq FROM json_each(?) AS asked JOIN ids ON ids.id = asked.value";
const DELETE_IDS = "DELETE FROM ids WHERE seq > ? AND id IN (SELECT value FROM json_each(?))";

/** Events and topics of one file. */
export class SqliteEvents {
  readonly #db: SqliteWriter;
  readonly #blocks: SqliteBlocks;
  readonly #onDoomed: (doomed: Doomed) => void;
  readonly #topics = new Map<string, Topic>();
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
    this.#blocks = new SqliteBlocks(db);
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
    this.#blocks.reload();
    for (const row of this.#db.all("SELECT * FROM topics")) this.#know(topicOf(row));
    this.#head = Number(this.#db.get("SELECT head FROM log")!.head);
    this.#lastMs = this.#blocks.lastMs();
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
    const { fresh, appended } = this.#place(events);
    if (fresh.length === 0) return appended;
    this.#blocks.insert(fresh, this.#head + 1, this.#lastMs, (topic) => this.#topics.get(topic)!.id);
    for (const event of fresh) {
      const topic = this.#topics.get(event.topic)!;
      topic.events++;
      topic.bytes += bytesOf(event);
      this.#touched.add(topic);
    }
    this.#grown += fresh.length;
    this.#head += fresh.length;
    this.#db.run("UPDATE log SET head = ?", this.#head);
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
    const events = max < 1 || after >= this.#head ? [] : this.#select(topics, after, max, until);
    const end = Math.max(after, Math.min(until, this.#head));
    return { events, position: events.length < max ? end : events.at(-1)?.sequence ?? after, missed };
  }

  /** One event. */
  event(sequence: number): LoggedEvent | undefined {
    return this.#blocks.event(sequence);
  }

  /** The sequence of an id. */
  sequenceOf(id: string): number | undefined {
    const row = this.#db.get(FIND_IDS, JSON.stringify([id]));
    return row && Number(row.seq);
  }

  /** The sequence after which all events were logged at `timeMs` or later. */
  positionAt(timeMs: number): number {
    return this.#blocks.positionAt(timeMs, this.#head);
  }

  /** Whether there are topics that match, and none takes more events. */
  isComplete(patterns: readonly string[]): boolean {
    const { topics } = this.#topicsOf(patterns);
    return topics.length > 0 && topics.every(({ completed }) => completed);
  }

  #know(topic: Topic): void {
    this.#version++;
    this.#topics.set(topic.topic, topic);
  }

  /** Takes ids that are not known; tells which events are new, and where all of them stand. */
  #place(events: readonly EncodedEvent[]): { fresh: readonly EncodedEvent[]; appended: Appended[] } {
    const ids = JSON.stringify(events.map(({ id }) => id));
    const first = this.#head + 1;
    if (this.#db.run(INSERT_IDS, first, ids) === events.length) {
      return { fresh: events, appended: events.map((_, at) => ({ sequence: first + at, duplicate: false })) };
    }
    this.#db.run(DELETE_IDS, this.#head, ids);
    const known = new Map(
      this.#db.all(FIND_IDS, ids).map((row) => [events[Number(row.key)]!.id, Number(row.seq)]),
    );
    const fresh: EncodedEvent[] = [];
    const appended = events.map((event) => {
      const sequence = known.get(event.id);
      if (sequence !== undefined) return { sequence, duplicate: true };
      known.set(event.id, first + fresh.length);
      return { sequence: first + fresh.push(event) - 1, duplicate: false };
    });
    this.#db.run(INSERT_IDS, first, JSON.stringify(fresh.map(({ id }) => id)));
    return { fresh, appended };
  }

  #prune(topic: Topic, nowMs: number, max: number): number {
    const { maxAgeMs, maxEvents, maxBytes } = topic.retention;
    const oldestMs = nowMs - maxAgeMs;
    const events: LoggedEvent[] = [];
    for (const { event, loggedMs } of this.#blocks.of(topic.id, topic.prunedTo)) {
      const isExcess = topic.events > maxEvents || topic.bytes > maxBytes || loggedMs < oldestMs;
      if (events.length >= max || !isExcess) break;
      events.push(event);
      topic.events--;
      topic.bytes -= bytesOf(event);
    }
    if (events.length === 0) return 0;
    this.#onDoomed({ topic: topic.topic, events });
    topic.prunedTo = events.at(-1)!.sequence;
    this.#blocks.delete(topic.id, topic.prunedTo);
    this.#db.run(DELETE_IDS, 0, JSON.stringify(events.map(({ id }) => id)));
    this.#touched.add(topic);
    return events.length;
  }

  #select(topics: readonly Topic[], after: number, max: number, until: number): LoggedEvent[] {
    if (topics.length === 0) return [];
    const ids = topics.length === this.#topics.size ? undefined : topics.map(({ id }) => id);
    const events: LoggedEvent[] = [];
    for (const event of this.#blocks.read({ topics: ids, after, until, max })) {
      // What retention took may still stand in a block with others.
      if (event.sequence > this.#topics.get(event.topic)!.prunedTo && events.push(event) === max) break;
    }
    return events;
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
