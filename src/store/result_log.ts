/**
 * The format of a log of results: one record after the other, each a line of JSON that says what follows, the
 * payload, and a line end.
 *
 * `{"millrace":"log/1","task":"sum","resultId":"a1","atMs":1767…,"codec":"json","bytes":1,"sha256":"…"}` ⏎ `3` ⏎
 *
 * A record that is not there in full was not saved: whoever wrote it was interrupted. One that says
 * `"deleted":true` has no payload.
 *
 * @module
 */
import type { ResultHead, ResultKey, StoredResult } from "./port.ts";

const FORMAT = "log/1";
const LINE_END = 10;
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A record as it is found. */
export interface LogRecord {
  readonly task: string;
  readonly resultId: string;
  readonly atMs: number;
  /** Where the payload is, and what it is; `undefined` of a result that was deleted. */
  readonly found: { readonly head: ResultHead; readonly at: number } | undefined;
}

/** A record of a result; also says where in it the payload begins. */
export function toLogRecord(
  { task, resultId }: ResultKey,
  { head: { codec, bytes, sha256 }, payload }: StoredResult,
  atMs: number,
): { readonly record: Uint8Array<ArrayBuffer>; readonly at: number } {
  const line = JSON.stringify({ millrace: FORMAT, task, resultId, atMs, codec, bytes, sha256 });
  // All of it is ASCII: names are, by their rule.
  const record = new Uint8Array(line.length + 1 + payload.length + 1);
  utf8.encodeInto(line, record);
  record[line.length] = LINE_END;
  record.set(payload, line.length + 1);
  record[record.length - 1] = LINE_END;
  return { record, at: line.length + 1 };
}

/** A record that a result was deleted. */
export function toDeletedRecord({ task, resultId }: ResultKey, atMs: number): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify({ millrace: FORMAT, task, resultId, atMs, deleted: true }) + "\n");
}

/**
 * Reads whole records from the beginning of `bytes`; says where the last one ends, and whether what follows is
 * no record at all, as opposed to the beginning of one.
 */
export function readLog(bytes: Uint8Array<ArrayBuffer>): {
  readonly records: readonly LogRecord[];
  readonly end: number;
  readonly corrupt: boolean;
} {
  const records: LogRecord[] = [];
  for (let end = 0;;) {
    const lineEnd = bytes.indexOf(LINE_END, end);
    if (lineEnd < 0) return { records, end, corrupt: false };
    const record = readHead(bytes.subarray(end, lineEnd), lineEnd + 1);
    if (record === undefined) return { records, end, corrupt: true };
    const next = record.found === undefined ? lineEnd + 1 : lineEnd + 1 + record.found.head.bytes + 1;
    if (next > bytes.length) return { records, end, corrupt: false };
    if (bytes[next - 1] !== LINE_END) return { records, end, corrupt: true };
    records.push(record);
    end = next;
  }
}

function readHead(line: Uint8Array, at: number): LogRecord | undefined {
  try {
    const { millrace, task, resultId, atMs, codec, bytes, sha256, deleted } = JSON.parse(text.decode(line));
    const isRecord = millrace === FORMAT && typeof task === "string" && typeof resultId === "string" &&
      typeof atMs === "number";
    if (!isRecord) return undefined;
    if (deleted === true) return { task, resultId, atMs, found: undefined };
    const isHead = (codec === "json" || codec === "devalue" || codec === "bytes") &&
      Number.isSafeInteger(bytes) && bytes >= 0 && typeof sha256 === "string";
    return isHead ? { task, resultId, atMs, found: { head: { codec, bytes, sha256 }, at } } : undefined;
  } catch {
    return undefined;
  }
}
