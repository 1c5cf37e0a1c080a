/**
 * What the writes of the journal are in SQL.
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import { toFactsText, toText } from "./journal_text.ts";
import type { JournalWrite } from "./port.ts";

/** A statement and what it is run with. */
export type Step =
  | { readonly sql: string; readonly params: readonly SQLInputValue[]; readonly rule?: undefined }
  | {
    readonly sql: string;
    readonly params: readonly SQLInputValue[];
    /** What it means if the statement changed nothing. */
    readonly rule: { readonly unchanged: "duplicate" } | {
      readonly unchanged: "no-run";
      readonly runId: string;
    };
  };

/** The statements of a write. */
export function stepsOf(write: JournalWrite): Step[] {
  switch (write.kind) {
    case "event": {
      const { data, ...envelope } = write.event;
      // Text columns end at NUL on reading (Deno 2.9.6), so free text is kept as JSON, which escapes it.
      const sql =
        "INSERT INTO events (id, envelope, data, routed, time_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
      const params = [envelope.id, toText("an event", envelope), data, write.routed ? 1 : 0, envelope.timeMs];
      return [{ sql, params, rule: { unchanged: "duplicate" } }];
    }
    case "routed":
      return [{ sql: "UPDATE events SET routed = 1 WHERE id = ?", params: [write.eventId] }];
    case "run": {
      const { id, pipeline, status, endedMs = null, eventId } = write.run;
      const sql =
        "INSERT INTO runs (id, pipeline, status, ended_ms, accepted, event_id) VALUES (?, ?, ?, ?, ?, ?) " +
        "ON CONFLICT DO NOTHING";
      return [{ sql, params: [id, pipeline, status, endedMs, toText("a run", write.run), eventId] }];
    }
    case "facts": {
      const { runId } = write;
      const sql = "INSERT INTO facts (run_id, fact) SELECT id, ? FROM runs WHERE id = ?";
      // No facts are written as none, whether the run is there or not.
      if (write.facts.length === 0) return [];
      return [{ sql, params: [toFactsText(write.facts), runId], rule: { unchanged: "no-run", runId } }];
    }
    case "status": {
      const { runId, status, endedMs = null } = write;
      const sql = "UPDATE runs SET status = ?, ended_ms = ? WHERE id = ?";
      return [{ sql, params: [status, endedMs, runId], rule: { unchanged: "no-run", runId } }];
    }
    case "result": {
      const { task, runId, source = null, resultIds, timeMs } = write;
      // Always changes the row if the run is there, so that "unchanged" can only mean that it is not.
      const sql =
        `INSERT INTO results (task, run_id, result_ids, time_ms) SELECT ?, coalesce(?, id), ?, ? FROM runs
        WHERE id = ?
        ON CONFLICT (task) DO UPDATE SET
          run_id = iif(excluded.time_ms >= time_ms, excluded.run_id, run_id),
          result_ids = iif(excluded.time_ms >= time_ms, excluded.result_ids, result_ids),
          time_ms = max(excluded.time_ms, time_ms)`;
      const params = [task, source, toText("result ids", resultIds), timeMs, runId];
      return [{ sql, params, rule: { unchanged: "no-run", runId } }];
    }
    case "memo": {
      const { task, key, runId, attempt, chunks = null, digest, timeMs } = write.memo;
      const sql = `INSERT OR REPLACE INTO memos (task, key, run_id, attempt, chunks, digest, time_ms)
        SELECT ?, ?, id, ?, ?, ?, ? FROM runs WHERE id = ?`;
      const params = [task, key, attempt, chunks, digest, timeMs, runId];
      return [{ sql, params, rule: { unchanged: "no-run", runId } }];
    }
    case "start": {
      const { runId, task, attempt, key, perMs } = write;
      const sql = "INSERT OR REPLACE INTO starts (run_id, task, attempt, key, per_ms) VALUES (?, ?, ?, ?, ?)";
      return [{ sql, params: [runId, task, attempt, key, perMs] }];
    }
    case "begun": {
      const { runId, task, attempt, atMs } = write;
      const one = "WHERE run_id = ? AND task = ? AND attempt = ?";
      const params = [runId, task, attempt];
      if (atMs === undefined) return [{ sql: `DELETE FROM starts ${one}`, params }];
      return [
        { sql: `UPDATE starts SET begun_ms = ? ${one}`, params: [atMs, ...params] },
        { sql: "DELETE FROM starts WHERE begun_ms IS NOT NULL AND begun_ms + per_ms <= ?", params: [atMs] },
      ];
    }
    case "reads": {
      const { runId } = write;
      const sql =
        "INSERT OR REPLACE INTO reads (run_id, source_run_id, task) SELECT id, ?, ? FROM runs WHERE id = ?";
      return write.sources.map((source) => (
        { sql, params: [source.runId, source.task, runId], rule: { unchanged: "no-run", runId } }
      ));
    }
    case "trigger": {
      const { name, firedMs, scheduledMs = null } = write;
      const sql = `INSERT INTO triggers (name, count, fired_ms, scheduled_ms) VALUES (?, 1, ?, ?)
        ON CONFLICT (name) DO UPDATE SET count = count + 1, fired_ms = max(fired_ms, excluded.fired_ms),
          scheduled_ms = coalesce(max(scheduled_ms, excluded.scheduled_ms), scheduled_ms, excluded.scheduled_ms)`;
      return [{ sql, params: [name, firedMs, scheduledMs] }];
    }
  }
}
