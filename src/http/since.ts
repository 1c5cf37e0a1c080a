/**
 * From where a client wants events.
 *
 * @module
 */
import type { Since } from "../broker/port.ts";

/** RFC 3339, as far as `Date` needs to know. */
const TIME = /^\d{4}-\d\d-\d\dT/;

/**
 * What `since` means: `first`, a sequence of the event log, a time (RFC 3339), or else the id of an event, after
 * which the first one wanted comes.
 */
export function parseSince(text: string): Since {
  if (text === "first") return "first";
  if (/^\d{1,15}$/.test(text)) return { sequence: Number(text) };
  const timeMs = TIME.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(timeMs) ? { id: text } : { timeMs };
}

/** The event that a client had last, if it comes back: `Last-Event-ID` (HTML standard, §9.2.4). */
export function lastEventOf(headers: Headers): Since | undefined {
  const field = headers.get("last-event-id");
  return field === null || field === "" ? undefined : { id: utf8Of(field) };
}

/** A header field comes as bytes, one a code unit; the standard has ids in UTF-8. */
function utf8Of(field: string): string {
  try {
    const bytes = Uint8Array.from(field, (unit) => unit.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return field;
  }
}
