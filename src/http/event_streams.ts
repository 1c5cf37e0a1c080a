/**
 * Live events to HTTP clients as server-sent events (HTML standard, §9.2).
 *
 * Events are taken from their subscription only when the client has room for more, so a slow client fills the
 * bounded buffer of its own subscription and nothing else.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { type EncodedEvent, GAP_TOPIC } from "../event/event.ts";
import { problemOf } from "./problem.ts";

/** Below the 30 s after which common proxies give up on a silent connection. */
export const HEARTBEAT_MS = 15_000;

/** The header fields of a stream; the second keeps nginx from holding events back. */
export const EVENT_STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "x-accel-buffering": "no",
};

/** The open streams of an application. */
export interface EventStreams {
  /** Answers with the events as `text` writes them, until they end, the client leaves or `close` is called. */
  open(events: AsyncIterable<readonly EncodedEvent[]>, text?: EventText): Response;
  /** The same of anything that `framesOf` can write as frames; `last` is the frame after the last one. */
  openFrames<T>(items: AsyncIterable<T>, framesOf: (item: T) => string, last: string): Response;
  /** Ends all streams. */
  close(): void;
  /** How many are open. */
  readonly size: number;
}

/** Writes an event as JSON. */
export type EventText = (event: EncodedEvent) => string;

const encoder = new TextEncoder();

/** No streams yet. Heartbeats keep to the clock. */
export function createEventStreams(clock: Clock): EventStreams {
  const closers = new Set<() => void>();
  return {
    open(events, text = eventText) {
      return this.openFrames(events, (some) => some.map((event) => frameOf(event, text)).join(""), "");
    },
    openFrames(items, framesOf, last) {
      const iterator = items[Symbol.asyncIterator]();
      let cancelHeartbeat: Cancel = () => {};
      let controller: ReadableStreamDefaultController<Uint8Array>;

      /** Leaves nothing behind; says whether it was open until now. */
      function release(): boolean {
        cancelHeartbeat();
        // Not awaited: a subscription that never ends must not hold the client.
        Promise.resolve(iterator.return?.()).catch(() => {});
        return closers.delete(close);
      }
      function close(): void {
        if (release()) controller.close();
      }
      function beat(): void {
        cancelHeartbeat = clock.after(HEARTBEAT_MS, () => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(":\n\n"));
          beat();
        });
      }

      const body = new ReadableStream<Uint8Array>({
        start(started) {
          controller = started;
          closers.add(close);
          // Something at once, so that the client knows that it is connected.
          controller.enqueue(encoder.encode("retry: 1000\n\n"));
          beat();
        },
        async pull() {
          const frames = await nextFrames(iterator, framesOf, last);
          if (!closers.has(close)) return;
          if (frames.text !== "") controller.enqueue(encoder.encode(frames.text));
          if (frames.last) close();
        },
        // The client has left. Not heard by `request.signal`: Deno 2.9.6 prints a warning to those who listen.
        cancel() {
          release();
        },
      });
      return new Response(body, { headers: EVENT_STREAM_HEADERS });
    },
    close() {
      for (const close of [...closers]) close();
    },
    get size() {
      return closers.size;
    },
  };
}

/** An event as its own members; the data, which is JSON already, goes in as it is. */
export function eventText({ data, ...envelope }: EncodedEvent): string {
  return `${JSON.stringify(envelope).slice(0, -1)},"data":${data}}`;
}

/**
 * An event as one frame. It has no `event:` field, so it arrives at `EventSource.onmessage`; its id comes back
 * as `Last-Event-ID`. A gap is no event: it has a name, and no id to go on from.
 */
export function frameOf(event: EncodedEvent, text: EventText = eventText): string {
  if (event.topic === GAP_TOPIC) return `event: gap\n${field("data", event.data)}\n`;
  // An id that would break out of its line cannot come back either.
  const id = /[\r\n\0]/.test(event.id) ? "" : `id: ${event.id}\n`;
  return `${id}${field("data", text(event))}\n`;
}

/** What has gathered, as one piece: a frame a piece would cost ten times as much. */
async function nextFrames<T>(
  iterator: AsyncIterator<T>,
  framesOf: (item: T) => string,
  last: string,
): Promise<{ readonly text: string; readonly last: boolean }> {
  try {
    const next = await iterator.next();
    return next.done === true ? { text: last, last: true } : { text: framesOf(next.value), last: false };
  } catch (error) {
    // The status is long sent: the problem goes into the stream, under a name of its own.
    return { text: `event: problem\n${field("data", JSON.stringify(problemOf(error)))}\n`, last: true };
  }
}

/** A field whose value may have several lines (only white space of JSON text can). */
function field(name: string, value: string): string {
  return value.split(/\r\n|\r|\n/).map((line) => `${name}: ${line}\n`).join("");
}
