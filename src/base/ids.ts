/**
 * Identifiers: UUIDv7 (RFC 9562), sortable by time, either random or derived from what they stand for.
 *
 * @module
 */
import { hash } from "node:crypto";
import { UUID, V7Generator } from "uuidv7";
import type { Clock } from "./clock.ts";

/** Makes identifiers; each is greater than the one before. */
export interface IdSource {
  /** The next identifier; `nowMs` is the time, if the caller has just looked at the clock. */
  next(nowMs?: number): string;
}

/**
 * Random, monotonic UUIDv7s on the given clock.
 *
 * @param clock Where the time comes from.
 * @param random A source of 32 random bits; the platform's secure one by default.
 */
export function createIdSource(clock: Clock, random?: () => number): IdSource {
  return new CountedIds(
    clock,
    random === undefined ? new V7Generator() : new V7Generator({ nextUint32: random }),
  );
}

/** All bytes as text. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * The generator's id begins each millisecond; between it and the next one lie 2^32 more, of which the last 16
 * bits are counted through: a fifth of the cost of drawing each id, and greater than the one before as well.
 */
class CountedIds implements IdSource {
  readonly #clock: Clock;
  readonly #generator: V7Generator;
  #nowMs = NaN;
  /** The last id without its last 16 bits, and those. */
  #head = "";
  #tail = 0;

  constructor(clock: Clock, generator: V7Generator) {
    this.#clock = clock;
    this.#generator = generator;
  }

  next(nowMs: number = this.#clock.now()): string {
    if (nowMs !== this.#nowMs || this.#tail === 0xffff) return this.#draw(nowMs);
    const tail = ++this.#tail;
    return this.#head + HEX[tail >> 8]! + HEX[tail & 0xff]!;
  }

  #draw(nowMs: number): string {
    const id = this.#generator.generateOrResetWithTs(nowMs).toString();
    this.#nowMs = nowMs;
    this.#head = id.slice(0, 32);
    this.#tail = Number.parseInt(id.slice(32), 16);
    return id;
  }
}

/**
 * The same UUIDv7 for the same time and parts, anywhere and at any time: what makes an accepted cause
 * idempotent. The random bits are the head of a SHA-256 over the parts.
 */
export function deriveId(timeMs: number, ...parts: readonly string[]): string {
  // In one call and as text: through an object and a buffer it takes five times as long (Deno 2.9.6).
  const digest = hash("sha256", JSON.stringify(parts), "hex");
  const bits = (from: number, bytes: number): number =>
    parseInt(digest.slice(2 * from, 2 * (from + bytes)), 16);
  return UUID.fromFieldsV7(timeMs, bits(0, 2) & 0xfff, bits(2, 4) & 0x3fffffff, bits(6, 4)).toString();
}

/** The time that a UUIDv7 was made at, in ms since 1970, or `undefined` if it is not a UUIDv7. */
export function timeOfId(id: string): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
