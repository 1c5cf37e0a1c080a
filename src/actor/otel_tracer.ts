/**
 * Traces by OpenTelemetry. Without `OTEL_DENO=true`, or an SDK of the program's own, nobody looks at them, and
 * they cost nothing.
 *
 * @module
 */
import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Tracer } from "./tracer.ts";

/** A tracer, if anybody looks at traces; else `undefined`. */
export function otelTracer(): Tracer | undefined {
  // The API's own no-op propagator has no fields.
  if (propagation.fields().length === 0) return undefined;
  const tracer = trace.getTracer("@millrace/millrace");
  return {
    current() {
      const carrier: { traceparent?: string } = {};
      propagation.inject(context.active(), carrier);
      return carrier.traceparent;
    },
    handle({ actor, verb }, traceparent, fn) {
      const parent = traceparent === undefined
        ? ROOT_CONTEXT
        : propagation.extract(ROOT_CONTEXT, { traceparent });
      const span = tracer.startSpan(`${actor} ${verb}`, {
        kind: SpanKind.CONSUMER,
        attributes: { "millrace.actor": actor, "millrace.verb": verb },
      }, parent);
      return context.with(trace.setSpan(parent, span), () => finishing(span, fn));
    },
  };
}

function finishing<T>(span: Span, fn: () => T): T {
  try {
    const result = fn();
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    // The caller sees the result, and its rejection, as it is.
    result.then(() => span.end(), (error) => failed(span, error));
    return result;
  } catch (error) {
    failed(span, error);
    throw error;
  }
}

function failed(span: Span, error: unknown): void {
  if (error instanceof Error) span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
