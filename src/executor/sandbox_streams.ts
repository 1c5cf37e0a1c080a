/**
 * Streams of bytes that go into a sandbox, or come out of it, block by block: each block is asked for, or answered
 * once there is room for the next, so that neither side holds much.
 *
 * @module
 */
import { fromWire, toWire, type WireError } from "../base/errors.ts";

/** What stands for a stream on its way: its number. */
export interface StreamTicket {
  readonly stream: number;
}

/** What an attempt asks for about streams. */
export type StreamCall =
  /** The next block of a stream that was lent to it; `null` is the end. */
  | { readonly verb: "pull"; readonly stream: number }
  /** A block of a stream that it saves; answered once there is room. */
  | { readonly verb: "push"; readonly stream: number; readonly block: unknown }
  /** The end of a stream that it saves, or why there is no more of it. */
  | { readonly verb: "end"; readonly stream: number; readonly error?: WireError };

/** Within a sandbox: a stream that is read from outside. Leaving it is said by `drop`. */
export function lentStream(
  { stream }: StreamTicket,
  call: (call: StreamCall) => Promise<unknown>,
  drop: (ticket: StreamTicket) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const block = await call({ verb: "pull", stream });
      if (block === null) controller.close();
      else controller.enqueue(block as Uint8Array);
    },
    cancel: () => drop({ stream }),
  }, { highWaterMark: 0 });
}

/** Within a sandbox: hands a stream out while `save` saves it outside; fails as that does. */
export async function handOut(
  source: ReadableStream,
  { stream }: StreamTicket,
  call: (call: StreamCall) => Promise<unknown>,
  save: () => Promise<unknown>,
): Promise<void> {
  const pump = async (): Promise<void> => {
    try {
      for await (const block of source) {
        // Who saves refuses what is no bytes; not all of it could be sent.
        const fit = block instanceof Uint8Array || typeof block === "string" ? block : {};
        await call({ verb: "push", stream, block: fit });
      }
      await call({ verb: "end", stream });
    } catch (error) {
      await call({ verb: "end", stream, error: toWire(error) });
    }
  };
  const [saved] = await Promise.allSettled([save(), pump()]);
  if (saved.status === "rejected") throw saved.reason;
}

/** Outside: the streams of one attempt. */
export class DeskStreams {
  readonly #lent = new Map<number, ReadableStreamDefaultReader<Uint8Array>>();
  readonly #taken = new Map<number, WritableStreamDefaultWriter<unknown>>();
  #last = 0;

  /** Lends a stream to the attempt. */
  lend(source: ReadableStream<Uint8Array>): StreamTicket {
    const stream = ++this.#last;
    this.#lent.set(stream, source.getReader());
    return { stream };
  }

  /** The attempt reads no more of a stream. */
  drop({ stream }: StreamTicket): void {
    void this.#lent.get(stream)?.cancel().catch(() => {});
    this.#lent.delete(stream);
  }

  /** Takes a stream from the attempt: gives what it will push. */
  take({ stream }: StreamTicket): ReadableStream {
    const { readable, writable } = new TransformStream();
    this.#taken.set(stream, writable.getWriter());
    return readable;
  }

  /** Does what the attempt asks for. */
  async perform(call: StreamCall): Promise<Uint8Array | null> {
    switch (call.verb) {
      case "pull": {
        const { done, value } = await known(this.#lent, call.stream).read();
        if (done) this.#lent.delete(call.stream);
        return done ? null : value;
      }
      case "push":
        await known(this.#taken, call.stream).write(call.block);
        return null;
      case "end": {
        const writer = known(this.#taken, call.stream);
        this.#taken.delete(call.stream);
        // Whether it was saved is answered where saving it was asked for.
        await (call.error === undefined ? writer.close() : writer.abort(fromWire(call.error))).catch(
          () => {},
        );
        return null;
      }
    }
  }

  /** The attempt has ended: nothing more comes, and nothing is read. */
  close(): void {
    for (const stream of [...this.#lent.keys()]) this.drop({ stream });
    const gone = new Error("its sandbox ended before the stream did");
    for (const writer of this.#taken.values()) void writer.abort(gone).catch(() => {});
    this.#taken.clear();
  }
}

function known<T>(streams: ReadonlyMap<number, T>, stream: number): T {
  const found = streams.get(stream);
  if (found === undefined) {
    throw new RangeError(`Cannot use stream ${stream} as this attempt has no such stream`);
  }
  return found;
}
