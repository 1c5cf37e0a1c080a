/**
 * The event log in one SQLite file, over `node:sqlite`: WAL, one writer, group commit.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { assertKeys } from "../base/names.ts";
import { lockSqliteFile, openSqliteFile } from "../base/sqlite_file.ts";
import { SqliteWriter } from "../base/sqlite_writer.ts";
import { systemClock } from "../base/system_clock.ts";
import type { EncodedEvent } from "../event/event.ts";
import { logClosed } from "./log_rules.ts";
import type {
  Appended,
  ClaimPage,
  ConsumerInfo,
  ConsumerSettings,
  DeadEvent,
  EventLog,
  LoggedTopic,
  LogPage,
  ReadRequest,
  Settled,
  Settlement,
  Since,
  TopicRetention,
} from "./port.ts";
import { SqliteConsumers } from "./sqlite_consumers.ts";
import { EVENT_LOG_FILE } from "./sqlite_event_file.ts";
import { SqliteEvents } from "./sqlite_events.ts";

/** How to open an event log in a SQLite file. */
export interface SqliteEventLogOptions {
  /** The file; `:memory:` for none. Its folder must be there. */
  readonly path: string;
  /**
   * What an answered write survives: `batched` the end of the process, `always` the end of the machine too,
   * for one fsync per group of writes. @default {"batched"}
   */
  readonly fsync?: "always" | "batched";
  /** The time. @default {the machine's} */
  readonly clock?: Clock;
}

/** What is to be appended, and once it is, where it stands. */
interface Append {
  readonly events: readonly EncodedEvent[];
  appended?: readonly Appended[];
}

/**
 * Keeps an event log in one SQLite file. What is written in the same turn of the event loop shares one
 * transaction.
 */
export class SqliteEventLog implements EventLog {
  readonly #db: SqliteWriter;
  readonly #unlock: () => void;
  readonly #clock: Clock;
  readonly #events: SqliteEvents;
  readonly #consumers: SqliteConsumers;
  readonly #listeners = new Set<() => void>();
  #appends: Append[] = [];
  /** Whether listeners are to be told of the transaction. */
  #tells = false;

  /** Takes an open database of the log's schema and its lock; use {@linkcode openSqliteEventLog}. */
  constructor(path: string, db: DatabaseSync, clock: Clock, unlock: () => void = () => {}) {
    this.#unlock = unlock;
    this.#clock = clock;
    this.#db = new SqliteWriter({
      path,
      db,
      kind: EVENT_LOG_FILE,
      closed: logClosed,
      onGroup: () => this.#appendAll(),
      onCommit: () => this.#tell(),
      onRollback: () => this.#events.reload(),
    });
    this.#events = new SqliteEvents(this.#db, (doomed) => this.#consumers.forget(doomed));
    this.#consumers = new SqliteConsumers(this.#db, this.#events);
    this.#consumers.releaseAll();
  }

  /** Makes a topic durable, or changes what is kept of it. */
  declare(topic: string, retention: TopicRetention): Promise<void> {
    return this.#db.write(() => this.#events.declare(topic, retention));
  }

  /** The durable topics. */
  topics(): Promise<readonly LoggedTopic[]> {
    return this.#db.read(() => this.#events.topics());
  }

  /** Lets a topic take no more events. */
  complete(topic: string): Promise<void> {
    return this.#db.write(() => {
      this.#events.complete(topic);
      this.#tells = true;
    });
  }

  /** Appends events, each unless its id is known. */
  append(events: readonly EncodedEvent[]): Promise<readonly Appended[]> {
    const append: Append = { events };
    this.#appends.push(append);
    return this.#db.write(() => {
      if (append.appended === undefined) {
        this.#events.assertTakes(events);
        this.#append([append]); // the same turn has declared its topic
      }
      return append.appended!;
    });
  }

  /** Reads events. */
  read({ patterns, after, max }: ReadRequest): Promise<LogPage> {
    return this.#db.read(() => this.#events.read(patterns, after, max));
  }

  /** After which sequence to read. */
  find(since: Since): Promise<number | undefined> {
    return this.#db.read(() => {
      if (since === "first") return 0;
      if ("sequence" in since) return Math.min(Math.max(since.sequence - 1, 0), this.#events.head);
      if ("id" in since) return this.#events.sequenceOf(since.id);
      return this.#events.positionAt(since.timeMs);
    });
  }

  /** The last sequence. */
  head(): Promise<number> {
    return this.#db.read(() => this.#events.head);
  }

  /** Calls `listener` after changes. */
  watch(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Deletes some of what retention does not keep. */
  prune(): Promise<number> {
    return this.#db.write(() => {
      const count = this.#events.prune(this.#clock.now());
      this.#events.save();
      return count;
    });
  }

  /** Makes a consumer, or changes its settings. */
  openConsumer(name: string, settings: ConsumerSettings, position: number): Promise<ConsumerInfo> {
    return this.#db.write(() => this.#consumers.open(name, settings, position));
  }

  /** The consumers. */
  consumers(): Promise<readonly ConsumerInfo[]> {
    return this.#db.read(() => this.#consumers.list());
  }

  /** Forgets a consumer. */
  removeConsumer(name: string): Promise<boolean> {
    return this.#db.write(() => this.#consumers.remove(name));
  }

  /** Claims events. */
  claim(name: string, max: number): Promise<ClaimPage> {
    return this.#db.write(() => this.#consumers.claim(name, max, this.#clock.now()));
  }

  /** Settles claims. */
  settle(name: string, settlements: readonly Settlement[]): Promise<readonly Settled[]> {
    return this.#db.write(() => {
      const { settled, wakes } = this.#consumers.settle(name, settlements, this.#clock.now());
      if (wakes) this.#tells = true;
      return settled;
    });
  }

  /** Dead letters of a consumer. */
  deadLetters(name: string, after: number, max: number): Promise<readonly DeadEvent[]> {
    return this.#db.read(() => this.#consumers.deadLetters(name, after, max));
  }

  /** Delivers dead letters anew. */
  redeliver(name: string, sequences?: readonly number[]): Promise<number> {
    return this.#db.write(() => {
      this.#tells = true;
      return this.#consumers.redeliver(name, this.#clock.now(), sequences);
    });
  }

  /** Writes what still waits, then closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      this.#db.close();
      this.#unlock();
      for (const listener of [...this.#listeners]) listener(); // who waits asks once more, and learns of the end
      this.#listeners.clear();
      resolve();
    });
  }

  /** All appends of this turn, in as few statements as they take; those that are refused say so by themselves. */
  #appendAll(): void {
    const appends = this.#appends.filter(({ events }) => this.#events.takes(events));
    this.#appends = [];
    if (appends.length > 0) this.#append(appends);
  }

  #append(appends: readonly Append[]): void {
    const nowMs = this.#clock.now();
    const appended = this.#events.append(appends.flatMap(({ events }) => events), nowMs);
    this.#events.enforce(nowMs);
    this.#events.save();
    let from = 0;
    for (const append of appends) append.appended = appended.slice(from, from += append.events.length);
    this.#tells ||= appended.some(({ duplicate }) => !duplicate);
  }

  #tell(): void {
    if (!this.#tells) return;
    this.#tells = false;
    for (const listener of [...this.#listeners]) listener();
  }
}

/**
 * Opens the event log in a SQLite file, which is made if it is missing. One log may have it open, which a lock sees to
 * (an empty file beside it); others may read the file.
 *
 * @throws {MillraceError} `broker/log-unusable` if the file cannot be opened, is open already, is no event log, is
 * corrupt or was written by a newer version of Millrace.
 */
export function openSqliteEventLog(options: SqliteEventLogOptions): Promise<SqliteEventLog> {
  return new Promise((resolve) => {
    assertKeys("a SQLite event log", options, ["path", "fsync", "clock"]);
    const { path, fsync = "batched", clock = systemClock } = options;
    const unlock = lockSqliteFile(path, EVENT_LOG_FILE);
    try {
      resolve(new SqliteEventLog(path, openSqliteFile(path, fsync, EVENT_LOG_FILE), clock, unlock));
    } catch (error) {
      unlock();
      throw error;
    }
  });
}
