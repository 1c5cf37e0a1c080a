/**
 * Streams that are read while they are written: the store is the buffer between the two, and the orchestrator
 * knows how far each side is.
 *
 * @module
 */
import { chunkIdOf } from "../task/result_id.ts";
import type { AttemptKey, StreamState } from "./port.ts";

/** What an attempt asks about streams, its own and those that it reads. */
export interface StreamPorts {
  /** Resolves once an attempt has stored more than `position` chunks, or all of them. */
  read(source: AttemptKey, position: number, signal: AbortSignal): Promise<StreamState>;
  /** Tells that an attempt is not read any more, for now. */
  left(source: AttemptKey): void;
  /** Resolves, with how many chunks this attempt may have stored in all, once that is more than it has. */
  room(chunks: number, maxAhead: number, signal: AbortSignal): Promise<number>;
}

/** How far a stream may run ahead of its readers, in chunks, unless its task says otherwise. */
export const MAX_AHEAD = 256;

/** The chunks of an attempt that still runs, as they come: only one is held at a time. May be read again. */
export function liveChunks(
  source: AttemptKey,
  load: (resultId: string) => Promise<unknown>,
  streams: StreamPorts,
  signal: AbortSignal,
): AsyncIterable<unknown> {
  let state: StreamState = { chunks: 0, done: false };
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (let chunk = 0;; chunk++) {
          while (chunk >= state.chunks && !state.done) state = await streams.read(source, chunk, signal);
          if (chunk >= state.chunks) return;
          yield await load(chunkIdOf(source.attempt, chunk));
        }
      } finally {
        if (!state.done) streams.left(source);
      }
    },
  };
}
