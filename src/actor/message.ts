/**
 * What crosses the boundary between two hosts: flat arrays, which clone faster than objects (ACTORS §2.3),
 * gathered into one frame per turn of the loop.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";

/** The kinds of message. */
export const Kind = {
  Tell: 0,
  Ask: 1,
  Reply: 2,
  Fail: 3,
  Cancel: 4,
  Open: 5,
  Next: 6,
  More: 7,
  End: 8,
  Ack: 9,
} as const;

/** A notice to an actor. */
export type TellMessage = readonly [typeof Kind.Tell, name: string, verb: string, payload: unknown];
/** A question to an actor. */
export type AskMessage = readonly [typeof Kind.Ask, name: string, verb: string, payload: unknown, id: number];
/** A stream asked of an actor, with the credit to start with. */
export type OpenMessage = readonly [
  typeof Kind.Open,
  name: string,
  verb: string,
  payload: unknown,
  id: number,
  credit: number,
];
/** A message that goes into a mailbox. */
export type MailMessage = TellMessage | AskMessage | OpenMessage;

/** Everything that crosses. */
export type Message =
  | MailMessage
  /** The answer to an ask. */
  | readonly [typeof Kind.Reply, id: number, value: unknown]
  /** The failure of an ask. */
  | readonly [typeof Kind.Fail, id: number, error: WireError]
  /** The asker or reader has left. */
  | readonly [typeof Kind.Cancel, id: number]
  /** Items of a stream. */
  | readonly [typeof Kind.Next, id: number, items: readonly unknown[]]
  /** The reader takes so many more items. */
  | readonly [typeof Kind.More, id: number, credit: number]
  /** The end of a stream. */
  | readonly [typeof Kind.End, id: number, error: WireError | null]
  /** So many messages have left an actor's mailbox. */
  | readonly [typeof Kind.Ack, name: string, count: number];

/** What travels in one `postMessage`. */
export type Frame = readonly Message[];

/** The verb of a message that goes into a mailbox, for errors and dead letters. */
export function isMail(message: Message): message is MailMessage {
  return message[0] === Kind.Tell || message[0] === Kind.Ask || message[0] === Kind.Open;
}

/** How deep the culprit is searched for: a path longer than this helps nobody. */
const MAX_SEARCH_DEPTH = 16;

/** The path of the first part of `value` that structured clone refuses; "" for the value itself. */
export function findUncloneable(value: unknown, path = "", depth = 0): string {
  // What is nested without end cannot be cloned either: looking for the place must not fail in its turn.
  if (value !== null && typeof value === "object" && depth < MAX_SEARCH_DEPTH) {
    for (const [key, part] of Object.entries(value)) {
      try {
        structuredClone(part);
      } catch {
        return findUncloneable(part, path === "" ? key : `${path}.${key}`, depth + 1);
      }
    }
  }
  return path;
}
