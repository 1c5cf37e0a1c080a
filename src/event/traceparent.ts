/**
 * W3C Trace Context: which spans a run and its attempts are, told to whoever they call.
 *
 * @module
 */
import { hash } from "node:crypto";

/** The parts of a `traceparent` that go on: its trace, its span, and whether anybody records it. */
const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-|$)/;

/** A `traceparent` from outside; `undefined` if it breaks the form, so that the trace begins here. */
export function readTraceparent(text: string | null | undefined): string | undefined {
  return text !== null && text !== undefined && FORM.test(text) ? text : undefined;
}

/**
 * The `traceparent` of a span of a run, always the same for the same run and parts.
 *
 * @param parent The span that caused it. Without one, or if it breaks the form, the run starts a trace of its
 * own, whose id is the run's without dashes, and which is recorded.
 * @param runId The run, a UUID.
 * @param parts What of the run: nothing for the run itself, task and attempt for an attempt.
 */
export function traceparentOf(
  parent: string | undefined,
  runId: string,
  ...parts: readonly string[]
): string {
  const [, traceId = runId.replaceAll("-", ""), flags = "01"] = FORM.exec(parent ?? "") ?? [];
  const span = hash("sha256", JSON.stringify([runId, ...parts]), "hex").slice(0, 16);
  return `00-${traceId}-${span}-${flags}`;
}
