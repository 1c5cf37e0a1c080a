/**
 * Events, and the names that lead them to whoever wants them.
 *
 * An event is an immutable fact on a topic; a pattern is a topic with wildcards. What holds:
 *
 * - `*` is exactly one segment, `**` zero or more at any place, `a|b` either; compared by code unit.
 * - An invalid topic or pattern is an error that names the position, never "no match".
 * - A first segment that starts with `$` is matched only by a pattern that spells it.
 * - Matching takes time proportional to the topic, whatever the pattern.
 *
 * @example Match topics
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { matchTopic } from "@millrace/millrace";
 *
 * const topics = ["sales.orders.created", "sales.orders.eu.created", "sales"];
 * assertEquals(topics.filter((topic) => matchTopic("sales.*.created", topic)), ["sales.orders.created"]);
 * assertEquals(topics.filter((topic) => matchTopic("sales.**", topic)), topics);
 * ```
 *
 * @module
 */
export { type CloudEvent, fromCloudEvent, toCloudEvent } from "./cloud_event.ts";
export {
  assertHops,
  decodeEvent,
  encodeData,
  type EncodedEvent,
  encodeEvent,
  GAP_TOPIC,
  MAX_HOPS,
  type MillraceEvent,
} from "./event.ts";
export { createTopicMatcher, type TopicMatcher } from "./matcher.ts";
export { isSubset, patternsOverlap } from "./pattern_relation.ts";
export {
  assertPublishable,
  assertTopic,
  compilePattern,
  isLiteral,
  matchTopic,
  MAX_GLOBS,
  MAX_SEGMENTS,
  MAX_TOPIC_BYTES,
  parsePattern,
  type Pattern,
} from "./topic.ts";
