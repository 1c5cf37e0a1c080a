/**
 * The tracer of a host, loaded only if somebody looks at traces: the package takes 40 ms to load in a process of
 * its own, twice as long as Deno itself (measured on 2.9.6).
 *
 * @module
 */
import type { Tracer } from "./tracer.ts";

/** Where OpenTelemetry's packages look for who listens; Deno puts itself there if `OTEL_DENO=true`. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/** A tracer, if anybody looks at traces; else `undefined`. */
export async function loadTracer(): Promise<Tracer | undefined> {
  if (!(REGISTRY in globalThis)) return undefined;
  const { otelTracer } = await import("./otel_tracer.ts");
  return otelTracer();
}
