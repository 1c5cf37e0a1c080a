/**
 * Results that are streams of bytes: measured while they are saved, checked while they are loaded.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { MillraceError } from "../base/errors.ts";
import type { ResultBlocks, ResultHead } from "./port.ts";
import { wrongChecksum, wrongLength } from "./result_errors.ts";

/** Cuts a stream into blocks, and measures it. Each block is the caller's own. Leaving it cancels the source. */
export function measureBytes(source: ReadableStream<unknown>, blockBytes: number): ResultBlocks {
  const sum = createHash("sha256");
  let bytes = 0;
  async function* blocks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let block = new Uint8Array(blockBytes);
    let filled = 0;
    let count = 0;
    for await (const piece of source) {
      if (!(piece instanceof Uint8Array)) throw notBytes(piece, count);
      count++;
      sum.update(piece);
      bytes += piece.length;
      for (let taken = 0; taken < piece.length;) {
        const part = piece.subarray(taken, taken + blockBytes - filled);
        block.set(part, filled);
        taken += part.length;
        filled += part.length;
        if (filled < blockBytes) continue;
        yield block;
        block = new Uint8Array(blockBytes);
        filled = 0;
      }
    }
    if (filled > 0) yield block.subarray(0, filled);
  }
  return {
    blocks: blocks(),
    head: () => ({ codec: "stream", bytes, sha256: sum.digest("hex") }),
  };
}

/** Passes stored bytes on, and fails at their end if they are not what the head says. */
export async function* checkedBytes(
  head: ResultHead,
  blocks: AsyncIterable<Uint8Array<ArrayBuffer>> | Iterable<Uint8Array<ArrayBuffer>>,
  path: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const sum = createHash("sha256");
  let bytes = 0;
  for await (const block of blocks) {
    // Before the reader has it, who may change it.
    sum.update(block);
    bytes += block.length;
    if (bytes > head.bytes) throw wrongLength(path, bytes, head.bytes);
    yield block;
  }
  if (bytes !== head.bytes) throw wrongLength(path, bytes, head.bytes);
  if (sum.digest("hex") !== head.sha256) throw wrongChecksum(path);
}

function notBytes(piece: unknown, index: number): MillraceError<"store/unencodable"> {
  const path = `$[${index}]`;
  return new MillraceError(
    "store/unencodable",
    `Cannot save a stream as each of its chunks must be a Uint8Array: current chunk at ${path} is a ${typeof piece}`,
    { details: { path } },
  );
}
