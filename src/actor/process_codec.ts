/**
 * Values as bytes for the way to another process: whatever structured clone keeps, and nothing else.
 *
 * @module
 */
import { Deserializer, Serializer } from "node:v8";
import type { Frame } from "./frame.ts";
import { bytesPacket, type Packet, PacketType, textOf, textPacket } from "./packet.ts";
import type { ToHost } from "./port.ts";

/** What a system says to the process of a host. */
export type ToProcess =
  | { readonly type: "order"; readonly order: ToHost }
  /** The way to another host: packets of this link come from it, and go to it. */
  | { readonly type: "link"; readonly host: number; readonly link: number };

/** A packet for what is no message between actors; throws if part of it cannot be cloned. */
export function controlPacket(message: unknown): Uint8Array<ArrayBuffer> {
  return bytesPacket(PacketType.Control, 0, serialize(message));
}

/** A packet for a frame; throws if part of it cannot be cloned. */
export function framePacket(link: number, frame: Frame): Uint8Array<ArrayBuffer> {
  if (typeof frame === "string") return textPacket(link, frame);
  return bytesPacket(PacketType.Parts, link, serialize(frame));
}

/** The frame of a packet. */
export function frameOf({ type, body }: Packet): Frame {
  return type === PacketType.Text ? textOf(body) : deserialize(body) as Frame;
}

/**
 * A value as bytes, in V8's own format for structured clone.
 *
 * The plain `Serializer`, not `serialize()`: that one cuts each view out of the buffer that it shares with others
 * (measured on Deno 2.9.6).
 *
 * @throws {DOMException} `DataCloneError` for what `postMessage` refuses, and for what only this process has: a
 * `SharedArrayBuffer`, a `Blob`, a `WebAssembly.Module`.
 */
export function serialize(value: unknown): Uint8Array {
  let data = value;
  if (!isData(value, new Set())) {
    // Instances become plain objects, or are refused, by the rules of structured clone.
    data = structuredClone(value);
    if (!isData(data, new Set())) throw uncloneable("it belongs to this process");
  }
  const serializer = new Serializer();
  serializer.writeHeader();
  try {
    serializer.writeValue(data);
  } catch (error) {
    throw uncloneable(error instanceof Error ? error.message : String(error));
  }
  return serializer.releaseBuffer();
}

/** The value that bytes stand for. */
export function deserialize(bytes: Uint8Array): unknown {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

function uncloneable(reason: string): DOMException {
  return new DOMException(`Cannot send a value to another process: ${reason}`, "DataCloneError");
}

/** What V8 writes by itself, part by part. */
const WHOLE = [Date, RegExp, ArrayBuffer, Error, Boolean, Number, String, BigInt] as const;

/**
 * Whether a value holds only what V8's serializer itself knows: for anything else, such as a `Blob`, it writes
 * `{}` without a word.
 */
function isData(value: unknown, seen: Set<object>): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (seen.has(value)) return true;
  seen.add(value);
  const prototype = Object.getPrototypeOf(value);
  if (Array.isArray(value) || prototype === Object.prototype || prototype === null) {
    return Object.values(value).every((part) => isData(part, seen));
  }
  if (value instanceof Map) {
    return [...value].every(([key, part]) => isData(key, seen) && isData(part, seen));
  }
  if (value instanceof Set) return [...value].every((part) => isData(part, seen));
  return ArrayBuffer.isView(value) || WHOLE.some((kind) => value instanceof kind);
}
