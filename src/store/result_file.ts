/**
 * The format of a stored result: one line of JSON that says what follows, then the payload.
 *
 * `{"millrace":"result/1","codec":"json","bytes":14,"sha256":"…"}` ⏎ `{"rows":[1,2]}`
 *
 * A payload of any length other than said, or with another checksum, is corrupt: it is never decoded.
 *
 * @module
 */
import { createHash, hash } from "node:crypto";
import { decode, encode } from "../base/codec.ts";
import { messageOf } from "../base/errors.ts";
import { corrupt, wrongChecksum, wrongLength } from "./result_errors.ts";
import type { ResultHead, StoredResult } from "./port.ts";

const FORMAT = "result/1";

/**
 * Longer than any head of ours: what has no line end before is no result. A head that is written before its
 * payload is known takes as much, whatever it says in the end.
 */
export const MAX_HEAD_BYTES = 256;

const LINE_END = 10;

const MAX_HASHED_AT_ONCE = 8 * 1024;

const CODECS: readonly string[] = ["json", "devalue", "bytes", "stream"];

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Makes the stored form of a value; a `Uint8Array` is stored as it is (and not copied), everything else by
 * the codec.
 *
 * @throws {MillraceError} `store/unencodable` for a value that no codec can keep.
 */
export function toStored(value: unknown): StoredResult {
  const { codec, payload } = toPayload(value);
  return { head: { codec, bytes: payload.length, sha256: sha256Of(payload) }, payload };
}

function toPayload(value: unknown): { codec: ResultHead["codec"]; payload: Uint8Array<ArrayBuffer> } {
  if (value instanceof Uint8Array) return { codec: "bytes", payload: value as Uint8Array<ArrayBuffer> };
  const encoded = encode(value);
  return { codec: encoded.codec, payload: utf8.encode(encoded.text) };
}

/**
 * Gives back the value; for bytes the payload itself, if it has a buffer of its own.
 *
 * @param path Where it was found, for the error.
 * @throws {MillraceError} `store/corrupt` if it is not whole.
 */
export function fromStored(stored: StoredResult, path: string): unknown {
  assertWhole(stored, path);
  const { head: { codec }, payload } = stored;
  if (codec === "bytes" || codec === "stream") {
    return payload.length === payload.buffer.byteLength ? payload : payload.slice();
  }
  try {
    return decode({ codec, text: text.decode(payload) });
  } catch (error) {
    throw corrupt(path, messageOf(error), error);
  }
}

/** Throws `store/corrupt` unless the payload is of the length and checksum that the head says. */
export function assertWhole({ head, payload }: StoredResult, path: string): void {
  if (payload.length !== head.bytes) throw wrongLength(path, payload.length, head.bytes);
  if (sha256Of(payload) !== head.sha256) throw wrongChecksum(path);
}

/** The one call is twice as fast for small payloads, and half as fast for large ones (measured on Deno 2.9.6). */
function sha256Of(payload: Uint8Array<ArrayBuffer>): string {
  return payload.length < MAX_HASHED_AT_ONCE
    ? hash("sha256", payload, "hex")
    : createHash("sha256").update(payload).digest("hex");
}

/** Head and payload in one. */
export function toResultFile({ head, payload }: StoredResult): Uint8Array<ArrayBuffer> {
  const line = toHeadLine(head);
  const file = new Uint8Array(line.length + payload.length);
  file.set(line);
  file.set(payload, line.length);
  return file;
}

/** Reads head and payload; the payload is a part of the file, not a copy. Checks the form of the head only. */
export function fromResultFile(file: Uint8Array<ArrayBuffer>, path: string): StoredResult {
  const { head, headBytes } = readHead(file, path);
  return { head, payload: file.subarray(headBytes) };
}

/** The first line, if need be with spaces up to a length that is the same for every head. */
export function toHeadLine(head: ResultHead, padded: boolean = false): Uint8Array<ArrayBuffer> {
  const { codec, bytes, sha256 } = head;
  const line = JSON.stringify({ millrace: FORMAT, codec, bytes, sha256 });
  return utf8.encode((padded ? line.padEnd(MAX_HEAD_BYTES - 1) : line) + "\n");
}

/** Reads the first line from the beginning of a file; also says where the payload begins. */
export function readHead(
  beginning: Uint8Array<ArrayBuffer>,
  path: string,
): { readonly head: ResultHead; readonly headBytes: number } {
  const end = beginning.subarray(0, MAX_HEAD_BYTES).indexOf(LINE_END);
  if (end < 0) throw corrupt(path, "it has no header");
  let head: Partial<ResultHead> & { readonly millrace?: unknown } | null;
  try {
    head = JSON.parse(text.decode(beginning.subarray(0, end)));
  } catch (error) {
    throw corrupt(path, "its header is not JSON", error);
  }
  if (head?.millrace !== FORMAT) {
    throw corrupt(path, `its format is ${JSON.stringify(head?.millrace)}, not "${FORMAT}"`);
  }
  const { codec, bytes, sha256 } = head;
  if (!CODECS.includes(String(codec))) throw corrupt(path, `its codec ${JSON.stringify(codec)} is unknown`);
  if (!Number.isSafeInteger(bytes) || typeof sha256 !== "string") {
    throw corrupt(path, "its header says no length and checksum");
  }
  return { head: { codec: codec!, bytes: bytes!, sha256 }, headBytes: end + 1 };
}
