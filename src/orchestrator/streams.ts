/**
 * The streams of running attempts: readers wait for chunks, and a writer waits for the slowest of its readers.
 *
 * Nothing of it is journalled, as an attempt does not outlive the process. What is stored is the buffer, so a
 * reader that comes late, or is slow, misses nothing.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { AttemptKey, StreamState } from "../executor/port.ts";

interface Reader {
  /** How many chunks it has asked beyond. */
  position: number;
  /** Told once there are more, or no more. */
  wake?: PromiseWithResolvers<StreamState>;
}

interface Stream {
  /** Who writes. */
  readonly source: AttemptKey;
  /** How many chunks are stored. */
  chunks: number;
  /** Those that are reading now, by attempt: one that has not begun, or has left, holds nobody up. */
  readonly readers: Map<string, Reader>;
  /** The writer, while it has no room. */
  waiting?: PromiseWithResolvers<number> & { readonly maxAhead: number };
}

/** All streams of all runs that somebody has written to, or waits for. */
export class Streams {
  readonly #runs = new Map<string, Map<string, Stream>>();

  /** An attempt has stored so many chunks. */
  stored(source: AttemptKey, chunks: number): void {
    const stream = this.#stream(source);
    stream.chunks = Math.max(stream.chunks, chunks);
    for (const reader of stream.readers.values()) {
      if (stream.chunks > reader.position) wake(reader, { chunks: stream.chunks, done: false });
    }
  }

  /**
   * Resolves once there are more than `position` chunks, which the reader has then read. Rejects with
   * `task/cancelled` if the attempt comes to nothing: the reader is being called off.
   */
  read(reader: AttemptKey, source: AttemptKey, position: number): Promise<StreamState> {
    const stream = this.#stream(source);
    const own = stream.readers.get(keyOf(reader)) ?? { position };
    stream.readers.set(keyOf(reader), own);
    own.position = Math.max(own.position, position);
    this.#makeRoom(stream);
    if (stream.chunks > position) return Promise.resolve({ chunks: stream.chunks, done: false });
    own.wake ??= Promise.withResolvers();
    return own.wake.promise;
  }

  /** A reader reads no more of a stream, for now; unless it does so in another place. */
  left(reader: AttemptKey, source: AttemptKey): void {
    const stream = this.#runs.get(source.runId)?.get(keyOf(source));
    if (stream?.readers.get(keyOf(reader))?.wake !== undefined) return;
    if (stream?.readers.delete(keyOf(reader))) this.#makeRoom(stream);
  }

  /** An attempt has ended, and reads nothing more. */
  forget(reader: AttemptKey): void {
    for (const stream of this.#runs.get(reader.runId)?.values() ?? []) {
      const own = stream.readers.get(keyOf(reader));
      if (own === undefined) continue;
      own.wake?.reject(calledOff(reader));
      stream.readers.delete(keyOf(reader));
      this.#makeRoom(stream);
    }
  }

  /**
   * Resolves, with how many chunks the writer may have stored in all, once that is more than it has: `maxAhead`
   * more than its slowest reader has read. Without readers it may always go on.
   */
  room(source: AttemptKey, chunks: number, maxAhead: number): Promise<number> {
    this.stored(source, chunks);
    const stream = this.#stream(source);
    stream.waiting = { ...Promise.withResolvers<number>(), maxAhead };
    const { promise } = stream.waiting;
    this.#makeRoom(stream);
    return promise;
  }

  /** An attempt that wrote has ended: with so many chunks, or, with `undefined`, with nothing. */
  ended(source: AttemptKey, chunks: number | undefined): void {
    const streams = this.#runs.get(source.runId);
    const stream = streams?.get(keyOf(source));
    if (streams === undefined || stream === undefined) return;
    streams.delete(keyOf(source));
    if (streams.size === 0) this.#runs.delete(source.runId);
    stream.waiting?.resolve(Infinity); // nobody is held up by what is over
    for (const { wake } of stream.readers.values()) {
      if (chunks === undefined) wake?.reject(calledOff(source));
      else wake?.resolve({ chunks, done: true });
    }
  }

  /** A run has ended. */
  drop(runId: string): void {
    for (const { source } of this.#runs.get(runId)?.values() ?? []) this.ended(source, undefined);
  }

  #makeRoom(stream: Stream): void {
    const { waiting, readers, chunks } = stream;
    if (waiting === undefined) return;
    const slowest = Math.min(chunks, ...[...readers.values()].map(({ position }) => position));
    const limit = slowest + waiting.maxAhead;
    if (limit <= chunks) return;
    delete stream.waiting;
    waiting.resolve(limit);
  }

  #stream(source: AttemptKey): Stream {
    const { runId } = source;
    let streams = this.#runs.get(runId);
    if (streams === undefined) this.#runs.set(runId, streams = new Map());
    let stream = streams.get(keyOf(source));
    if (stream === undefined) streams.set(keyOf(source), stream = { source, chunks: 0, readers: new Map() });
    return stream;
  }
}

/** Why an attempt reads no more. */
export function calledOff({ task, attempt }: AttemptKey): MillraceError<"task/cancelled"> {
  return new MillraceError(
    "task/cancelled",
    `Cannot read on as attempt ${attempt} of task "${task}" must be running or complete`,
    { details: { task, attempt } },
  );
}

function wake(reader: Reader, state: StreamState): void {
  reader.wake?.resolve(state);
  delete reader.wake;
}

function keyOf({ runId, task, attempt }: AttemptKey): string {
  return `${runId}/${task}/${attempt}`;
}
