/**
 * Where a replay begins: what the broker remembers, and what the log keeps.
 *
 * @module
 */
import { timeOfId } from "../base/ids.ts";
import type { EncodedEvent } from "../event/event.ts";
import { parsePattern } from "../event/topic.ts";
import type { EventLog, Since } from "./port.ts";
import type { Recent } from "./recent_events.ts";
import type { SubscribeOptions } from "./subscription.ts";

/** What is known when a replay begins. */
export interface ReplayFacts {
  /** Where it is to begin. */
  readonly since: Since;
  /** What the broker remembers of the topics, taken when live events began. */
  readonly recent: Recent;
  /** The last sequence that had been shown then. */
  readonly now: number;
  /** The log, if there is one. */
  readonly log: Pick<EventLog, "find"> | undefined;
  /** Whether all topics are in the log. */
  readonly keepsAll: boolean;
}

/** The beginning of a replay. */
export interface ReplayBeginning {
  /** What comes first: events of topics that are not durable. */
  readonly events: readonly EncodedEvent[];
  /** The log is read after this sequence. */
  readonly after: number;
  /** Whether nothing is missing. */
  readonly whole: boolean;
}

/** Finds the place in both. */
export async function replayStart(
  { since, recent, now, log, keepsAll }: ReplayFacts,
): Promise<ReplayBeginning> {
  const events = recent.events.filter(({ sequence }) => sequence === undefined);
  if (since === "first" || !("id" in since)) {
    return { events, after: await log?.find(since) ?? now, whole: recent.whole || keepsAll };
  }
  if (recent.whole) return { events, after: recent.after ?? now, whole: true };
  const found = await log?.find(since);
  if (found !== undefined) return { events, after: found, whole: keepsAll };
  // An id that nobody knows: most say when they were made.
  const timeMs = timeOfId(since.id);
  if (timeMs === undefined) return { events: [], after: now, whole: false };
  const later = events.filter((event) => event.timeMs > timeMs);
  return { events: later, after: await log?.find({ timeMs }) ?? now, whole: false };
}

/** Whether a pattern can match nothing but these topics. */
export function isLiteralOf(pattern: string, topics: ReadonlySet<string>): boolean {
  return parsePattern(pattern).alternatives.every((segments) => topics.has(segments.join(".")));
}

/** Throws unless a subscription can begin where its options say. */
export function assertReplayable({ since, group }: Pick<SubscribeOptions, "since" | "group">): void {
  if (since === undefined) return;
  assertSince(since);
  if (group === undefined) return;
  throw new TypeError(
    "Cannot subscribe with both a group and since: a group that begins in the past is consume()",
  );
}

/** Throws unless it says where to begin. */
export function assertSince(since: unknown): asserts since is Since {
  if (since === "first") return;
  const keys = typeof since === "object" && since !== null ? Object.entries(since) : [];
  const [[key, value] = ["", undefined]] = keys;
  const fits = (key === "sequence" || key === "timeMs") && Number.isFinite(value) ||
    key === "id" && typeof value === "string";
  if (fits && keys.length === 1) return;
  throw new TypeError(
    `Cannot begin as since must be "first", { sequence }, { timeMs } or { id }: current value is ` +
      JSON.stringify(since),
  );
}
