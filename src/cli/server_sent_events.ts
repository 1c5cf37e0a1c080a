/**
 * Reads server-sent events (HTML standard, §9.2) as they arrive.
 *
 * @module
 */

/** One server-sent event. */
export interface ServerSentEvent {
  /** Its type; `message` if it has none. */
  readonly type: string;
  /** Its data; several lines joined by line feeds. */
  readonly data: string;
}

/** The events of a byte stream, in order. An incomplete one at the end is dropped, as the standard says. */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
): AsyncIterable<ServerSentEvent> {
  let type = "";
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    if (line === "") {
      if (data.length > 0) yield { type: type === "" ? "message" : type, data: data.join("\n") };
      [type, data] = ["", []];
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") type = value;
  }
}

/** The lines of a byte stream, as they arrive: they end with CR LF, LF or CR; the first two bytes of such a pair may come in different chunks. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the very end waits: its LF may be on the way.
    const parts = rest.split(/\r\n|\n|\r(?!$)/);
    rest = parts.pop()!;
    yield* parts;
  }
}
