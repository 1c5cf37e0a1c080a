/**
 * Names of results: the attempt, and for a streaming task the chunk. The attempt in the name is the fence:
 * what a stale attempt still writes never takes the place of another attempt's result.
 *
 * @module
 */

/** The result of an attempt; of a streaming task the mark that all its chunks are there: `{ chunks }`. */
export function resultIdOf(attempt: number): string {
  return `a${attempt}`;
}

/** The result of one chunk, counted from 0; sorts in the order of the chunks. */
export function chunkIdOf(attempt: number, chunk: number): string {
  return `a${attempt}-${String(chunk).padStart(6, "0")}`;
}

/** All results of a succeeded attempt: one, or one for each chunk. */
export function resultIdsOf(attempt: number, chunks: number | undefined): readonly string[] {
  if (chunks === undefined) return [resultIdOf(attempt)];
  return Array.from({ length: chunks }, (_, chunk) => chunkIdOf(attempt, chunk));
}

/** What the mark of a complete stream holds. */
export interface StreamMark {
  /** How many chunks there are. */
  readonly chunks: number;
}

/** The result of an attempt of an earlier run that stands for one of a later run: by reference, never a copy. */
export interface ResultSource {
  /** The run that made it. */
  readonly runId: string;
  /** The attempt that succeeded there. */
  readonly attempt: number;
  /** How many chunks it gave, if it streams. */
  readonly chunks?: number;
}
