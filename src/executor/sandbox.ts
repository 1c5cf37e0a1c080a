/**
 * The inside of a sandbox: an attempt that reaches nothing by itself. What it needs of the platform (its inputs,
 * a place for its result, the event bus) it asks for, item by item, of the executor that started it.
 *
 * @module
 */
import { decode, encode, type Encoded } from "../base/codec.ts";
import { fromWire, type WireError } from "../base/errors.ts";
import { encodeData } from "../event/event.ts";
import type { ResultKey } from "../store/port.ts";
import type { ResultSource } from "../task/result_id.ts";
import type { AttemptPorts } from "./attempt.ts";
import type { MemoWords } from "./attempt_memo.ts";
import { handOut, lentStream, type StreamCall, type StreamTicket } from "./sandbox_streams.ts";
import type { AttemptKey, AttemptNotice, AttemptOutcome, StreamState } from "./port.ts";

/** A value on its way: bytes as they are, a stream of bytes by its number, anything else encoded. */
export type PackedValue = Uint8Array | StreamTicket | Encoded;

/** What an attempt asks for. */
export type SandboxCall =
  | { readonly verb: "load"; readonly key: ResultKey }
  | { readonly verb: "save"; readonly key: ResultKey; readonly value: PackedValue }
  | StreamCall
  | { readonly verb: "recall"; readonly words: MemoWords }
  | { readonly verb: "publish"; readonly topic: string; readonly data: string }
  | { readonly verb: "read"; readonly source: AttemptKey; readonly position: number }
  | { readonly verb: "room"; readonly chunks: number; readonly maxAhead: number };

/** What comes out of a sandbox. */
export type SandboxItem =
  | { readonly kind: "call"; readonly id: number; readonly call: SandboxCall }
  | { readonly kind: "notice"; readonly notice: AttemptNotice }
  | { readonly kind: "left"; readonly source: AttemptKey }
  | { readonly kind: "dropped"; readonly ticket: StreamTicket }
  /** The last item. */
  | { readonly kind: "outcome"; readonly outcome: AttemptOutcome };

/** What is answered to a call. */
export type SandboxReply =
  | { readonly id: number; readonly value: PackedValue | null }
  | { readonly id: number; readonly error: WireError };

/** Packs a value; throws `store/unencodable` for what cannot be kept. */
export function packValue(value: unknown): PackedValue {
  return value instanceof Uint8Array ? value : encode(value);
}

/** The value that was packed; `stream` gives back one that was not. */
export function unpackValue(
  packed: PackedValue,
  stream: (ticket: StreamTicket) => ReadableStream = noStream,
): unknown {
  if (packed instanceof Uint8Array) return packed;
  return "stream" in packed ? stream(packed) : decode(packed);
}

function noStream({ stream }: StreamTicket): never {
  throw new RangeError(`Cannot use stream ${stream} as no stream may stand here`);
}

/** The line between one attempt and its executor. */
export class SandboxLine {
  readonly #items: SandboxItem[] = [];
  readonly #calls = new Map<number, PromiseWithResolvers<PackedValue | null>>();
  #lastId = 0;
  #lastStream = 0;
  #wake = (): void => {};

  /** What the attempt is given in place of stores and brokers. */
  get ports(): Pick<AttemptPorts, "io" | "streams" | "notice" | "recall" | "publish"> {
    return {
      io: {
        load: async (key) =>
          unpackValue((await this.#call({ verb: "load", key }))!, (ticket) => this.#lent(ticket)),
        saveNew: async (key, value) => {
          const save = (value: PackedValue) => this.#call({ verb: "save", key, value });
          if (!(value instanceof ReadableStream)) return void await save(packValue(value));
          const ticket = { stream: ++this.#lastStream };
          await handOut(value, ticket, (call) => this.#call(call), () => save(ticket));
        },
      },
      streams: {
        read: async (source, position, signal) =>
          unpackValue((await this.#call({ verb: "read", source, position }, signal))!) as StreamState,
        left: (source) => this.#push({ kind: "left", source }),
        room: async (chunks, maxAhead, signal) =>
          unpackValue((await this.#call({ verb: "room", chunks, maxAhead }, signal))!) as number,
      },
      notice: (notice) => this.#push({ kind: "notice", notice }),
      recall: async (words) => {
        const found = await this.#call({ verb: "recall", words });
        return found === null ? undefined : unpackValue(found) as ResultSource;
      },
      publish: async (topic, data) => {
        await this.#call({ verb: "publish", topic, data: encodeData(topic, data) });
      },
    };
  }

  /** A call is answered. */
  replied(reply: SandboxReply): void {
    const call = this.#calls.get(reply.id);
    this.#calls.delete(reply.id);
    if ("error" in reply) call?.reject(fromWire(reply.error));
    else call?.resolve(reply.value);
  }

  /** What the attempt says, up to its outcome. */
  async *items(work: Promise<AttemptOutcome>): AsyncGenerator<SandboxItem> {
    void work.then((outcome) => this.#push({ kind: "outcome", outcome }));
    for (;;) {
      const item = this.#items.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      yield item;
      if (item.kind === "outcome") return;
    }
  }

  #lent(ticket: StreamTicket): ReadableStream<Uint8Array> {
    return lentStream(
      ticket,
      (call) => this.#call(call),
      (ticket) => this.#push({ kind: "dropped", ticket }),
    );
  }

  /** Rejects with the signal's reason if that comes before the answer. */
  #call(call: SandboxCall, signal?: AbortSignal): Promise<PackedValue | null> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<PackedValue | null>();
    if (signal?.aborted) answer.reject(signal.reason);
    else signal?.addEventListener("abort", () => answer.reject(signal.reason), { once: true });
    this.#calls.set(id, answer);
    this.#push({ kind: "call", id, call });
    return answer.promise;
  }

  #push(item: SandboxItem): void {
    // Who is told of progress wants the latest: what a loop says between two looks is not kept.
    const last = this.#items.at(-1);
    if (last !== undefined && isProgress(last) && isProgress(item)) this.#items.pop();
    this.#items.push(item);
    this.#wake();
  }
}

function isProgress(item: SandboxItem): boolean {
  return item.kind === "notice" && item.notice.kind === "progress";
}
