/**
 * The format of a stored result: one line of JSON that says what follows, then the payload.
 *
 * `{"millrace":"result/1","codec":"json","bytes":14,"sha256":"…"}` ⏎ `{"rows":[1,2]}`
 *
 * A file of any length other than said, or with another checksum, is corrupt: it is never decoded.
 *
 * @module
 */
import { hash } from "node:crypto";
import { decode, encode } from "../base/codec.ts";
import { messageOf, MillraceError } from "../base/errors.ts";

const FORMAT = "result/1";

/** Longer than any header of ours: what has no line end before is no result. */
const MAX_HEADER_BYTES = 512;

const LINE_END = 10;

interface Header {
  /** Format and version. */
  readonly millrace: string;
  /** How to read the payload. */
  readonly codec: "json" | "devalue" | "bytes";
  /** Length of the payload. */
  readonly bytes: number;
  /** SHA-256 of the payload, hexadecimal. */
  readonly sha256: string;
}

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Makes the stored form of a value; a `Uint8Array` is stored as it is, everything else by the codec.
 *
 * @throws {MillraceError} `store/unencodable` for a value that no codec can keep.
 */
export function toResultFile(value: unknown): Uint8Array<ArrayBuffer> {
  const { codec, payload } = toPayload(value);
  const header: Header = {
    millrace: FORMAT,
    codec,
    bytes: payload.length,
    sha256: hash("sha256", payload, "hex"),
  };
  const head = utf8.encode(JSON.stringify(header) + "\n");
  const file = new Uint8Array(head.length + payload.length);
  file.set(head);
  file.set(payload, head.length);
  return file;
}

/**
 * Reads the stored form of a value.
 *
 * @param path Where it was found, for the error.
 * @throws {MillraceError} `store/corrupt` if it is not whole.
 */
export function fromResultFile(file: Uint8Array<ArrayBuffer>, path: string): unknown {
  const { codec, payload } = open(file, path);
  try {
    // A copy, so that the value's buffer holds the value and nothing else.
    return codec === "bytes" ? payload.slice() : decode({ codec, text: text.decode(payload) });
  } catch (error) {
    throw corrupt(path, messageOf(error), error);
  }
}

/** Whether the stored form is whole, that is, of the length and checksum that it says. */
export function isWholeResultFile(file: Uint8Array<ArrayBuffer>): boolean {
  try {
    open(file, "");
    return true;
  } catch {
    return false;
  }
}

function toPayload(value: unknown): { codec: Header["codec"]; payload: Uint8Array } {
  if (value instanceof Uint8Array) return { codec: "bytes", payload: value };
  const encoded = encode(value);
  return { codec: encoded.codec, payload: utf8.encode(encoded.text) };
}

function open(
  file: Uint8Array<ArrayBuffer>,
  path: string,
): { codec: Header["codec"]; payload: Uint8Array<ArrayBuffer> } {
  const end = file.subarray(0, MAX_HEADER_BYTES).indexOf(LINE_END);
  if (end < 0) throw corrupt(path, "it has no header");
  const header = readHeader(file.subarray(0, end), path);
  const payload = file.subarray(end + 1);
  if (payload.length !== header.bytes) {
    throw corrupt(path, `it has ${payload.length} of ${header.bytes} bytes`);
  }
  if (hash("sha256", payload, "hex") !== header.sha256) throw corrupt(path, "its checksum does not match");
  return { codec: header.codec, payload };
}

function readHeader(line: Uint8Array<ArrayBuffer>, path: string): Header {
  let header: Partial<Header> | null;
  try {
    header = JSON.parse(text.decode(line));
  } catch (error) {
    throw corrupt(path, "its header is not JSON", error);
  }
  if (header?.millrace !== FORMAT) {
    throw corrupt(path, `its format is ${JSON.stringify(header?.millrace)}, not "${FORMAT}"`);
  }
  if (!["json", "devalue", "bytes"].includes(String(header.codec))) {
    throw corrupt(path, `its codec ${JSON.stringify(header.codec)} is unknown`);
  }
  return header as Header;
}

function corrupt(path: string, reason: string, cause?: unknown): MillraceError<"store/corrupt"> {
  return new MillraceError(
    "store/corrupt",
    `Cannot load the result ${path} as a stored result must be whole: ${reason}`,
    { details: { path, reason }, cause },
  );
}
