/**
 * Frames: what travels in one `postMessage`. Plain messages travel as JSON text, which is the fastest way
 * between threads; what JSON cannot keep is left to structured clone.
 *
 * @module
 */
import type { Message } from "./message.ts";

/** Text stands for an array of messages; anything else is one message as it is. */
export type Frame = string | readonly (string | Message)[];

/** A message, and whether JSON gives it back as it is. */
export interface Parcel {
  /** The message. */
  readonly message: Message;
  /** Whether it may travel as text. */
  readonly plain: boolean;
}

/** Packs messages, in order. */
export function encodeFrame(parcels: readonly Parcel[]): Frame {
  const parts: (string | Message)[] = [];
  let plain: Message[] = [];
  const flush = (): void => {
    if (plain.length > 0) parts.push(JSON.stringify(plain));
    plain = [];
  };
  for (const parcel of parcels) {
    if (parcel.plain) plain.push(parcel.message);
    else {
      flush();
      parts.push(parcel.message);
    }
  }
  flush();
  return parts.length === 1 && typeof parts[0] === "string" ? parts[0] : parts;
}

/** Unpacks messages, in order. */
export function decodeFrame(frame: Frame): readonly Message[] {
  if (typeof frame === "string") return JSON.parse(frame);
  return frame.flatMap((part) => typeof part === "string" ? JSON.parse(part) as Message[] : [part]);
}
