/**
 * What the kernel needs to take part in traces.
 *
 * @module
 */

/** Makes spans. */
export interface Tracer {
  /** The `traceparent` of the span in which the caller runs, if any (W3C Trace Context). */
  current(): string | undefined;
  /** Calls `fn` in a span for one turn, which ends when what `fn` returns has settled. */
  handle<T>(
    turn: { readonly actor: string; readonly verb: string },
    traceparent: string | undefined,
    fn: () => T,
  ): T;
}
