/**
 * Request bodies: read within a limit, parsed as JSON or refused.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import { isTooDeep, MAX_JSON_DEPTH } from "../base/json_depth.ts";

/** `application/json` or any type with the structured suffix `+json` (RFC 6839), for example CloudEvents. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/**
 * The body of a request, empty if it has none. The limit holds while reading, so a body without
 * Content-Length cannot fill the memory either.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop by an error cancels the stream: the rest is not read.
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const body = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}

/** The body as a JSON value; `undefined` if it is empty. */
export function parseJsonBody(body: Uint8Array, contentType: string | null): unknown {
  if (body.byteLength === 0) return undefined;
  if (contentType === null || !JSON_TYPE.test(contentType)) {
    throw new MillraceError(
      "http/unsupported-media-type",
      `Cannot read the body as its Content-Type must be application/json: current value is ${
        JSON.stringify(contentType ?? "")
      }`,
      { details: { contentType: contentType ?? "" } },
    );
  }
  return readJson(() => new TextDecoder("utf-8", { fatal: true }).decode(body));
}

/** A text as a JSON value. */
export function parseJsonText(text: string): unknown {
  return readJson(() => text);
}

function readJson(read: () => string): unknown {
  try {
    const text = read();
    if (isTooDeep(text)) throw new RangeError(`it may be nested at most ${MAX_JSON_DEPTH} levels deep`);
    return JSON.parse(text);
  } catch (error) {
    throw new MillraceError(
      "http/bad-request",
      `Cannot read the body as it must be JSON: ${messageOf(error)}`,
      {
        details: { issues: [messageOf(error)] },
        cause: error,
      },
    );
  }
}

function tooLarge(maxBytes: number): MillraceError {
  return new MillraceError("http/body-too-large", `Cannot read the body as it must be <= ${maxBytes} bytes`, {
    details: { maxBytes },
  });
}
