/**
 * Where attempts ask about streams: lets those wait that are still at it, and tells the others that they are not.
 *
 * @module
 */
import type { AttemptKey, StreamState } from "../executor/port.ts";
import type { RunDriver } from "./run_driver.ts";
import { isRunning } from "./run_state.ts";
import { calledOff, Streams } from "./streams.ts";

/** The streams of an engine. */
export class StreamDesk {
  readonly #streams = new Streams();
  readonly #driverOf: (runId: string) => Pick<RunDriver, "state" | "chunkStored"> | undefined;

  /** @param driverOf The driver of a run that has not ended. */
  constructor(driverOf: (runId: string) => Pick<RunDriver, "state" | "chunkStored"> | undefined) {
    this.#driverOf = driverOf;
  }

  /**
   * Resolves once an attempt has stored more than `position` chunks, or all of them. Rejects if it came to
   * nothing, or if the reader was called off itself.
   */
  async read(reader: AttemptKey, source: AttemptKey, position: number): Promise<StreamState> {
    if (!this.#isRunning(reader)) throw calledOff(reader);
    const written = this.#driverOf(source.runId)?.state.tasks.get(source.task)?.succeeded;
    if (written?.attempt === source.attempt && written.runId === undefined) {
      return { chunks: written.chunks ?? 0, done: true };
    }
    if (!this.#isRunning(source)) throw calledOff(source);
    return await this.#streams.read(reader, source, position);
  }

  /** A reader reads no more of a stream, for now. */
  left(reader: AttemptKey, source: AttemptKey): void {
    this.#streams.left(reader, source);
  }

  /** Resolves, with how many chunks an attempt may have stored in all, once that is more than it has. */
  async room(source: AttemptKey, chunks: number, maxAhead: number): Promise<number> {
    if (!this.#isRunning(source)) return Infinity; // it is being called off
    this.stored(source, chunks);
    return await this.#streams.room(source, chunks, maxAhead);
  }

  /** An attempt that runs has stored so many chunks. */
  stored(source: AttemptKey, chunks: number): void {
    this.#streams.stored(source, chunks);
    this.#driverOf(source.runId)!.chunkStored(source);
  }

  /** An attempt has ended, and reads nothing more. */
  forget(reader: AttemptKey): void {
    this.#streams.forget(reader);
  }

  /** An attempt that wrote has ended: with so many chunks, or, with `undefined`, with nothing. */
  ended(source: AttemptKey, chunks: number | undefined): void {
    this.#streams.ended(source, chunks);
  }

  /** A run has ended. */
  drop(runId: string): void {
    this.#streams.drop(runId);
  }

  #isRunning(key: AttemptKey): boolean {
    return isRunning(this.#driverOf(key.runId)?.state, key);
  }
}
