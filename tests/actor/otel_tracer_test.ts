/** Traces across threads, seen by a collector; programs run in processes of their own, as the switch is one's. */
import { assert, assertEquals } from "@std/assert";
import { otelTracer } from "../../src/actor/otel_tracer.ts";
import { runDeno } from "../fixtures_canary/children.ts";

const program = new URL("./fixtures/traced.ts", import.meta.url).href;
const GIVEN = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
}

/** Runs the program with OpenTelemetry on; gives what it says, and the spans that it exports. */
async function trace(): Promise<
  { readonly said: Record<string, readonly string[]>; readonly spans: Span[] }
> {
  const spans: Span[] = [];
  const collector = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const body = await request.json();
    for (const { scopeSpans } of body.resourceSpans ?? []) {
      for (const scope of scopeSpans) {
        if (scope.scope.name === "@millrace/millrace") spans.push(...scope.spans);
      }
    }
    return Response.json({});
  });
  try {
    const { code, stdout, stderr } = await runDeno(["run", "-A", "--no-check", program], {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
    });
    assertEquals([code, stderr], [0, ""]);
    return { said: JSON.parse(stdout), spans };
  } finally {
    await collector.shutdown();
  }
}

Deno.test("otelTracer makes one trace of an ask that is asked on from thread to thread, each the child of the one before", async () => {
  const { said, spans } = await trace();
  const named = Object.fromEntries(
    spans.filter(({ traceId }) => traceId !== GIVEN.trace).map((span) => [span.name, span]),
  );
  const { "a relay": a, "b relay": b } = named;
  assert(a !== undefined && b !== undefined, JSON.stringify(spans));
  assertEquals(Object.keys(named).length, 2);
  assertEquals([a.parentSpanId, b.parentSpanId, b.traceId], ["", a.spanId, a.traceId]);
  // Kind 5 is a consumer (OTLP).
  assertEquals([a.kind, a.attributes.map(({ key, value }) => [key, value.stringValue])], [5, [
    ["millrace.actor", "a"],
    ["millrace.verb", "relay"],
  ]]);
  // A handler sees its own span: what it sends with its turn follows from that.
  assertEquals(said.seen, [a, b].map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`));
});

Deno.test("otelTracer takes a traceparent that was given by hand for the parent", async () => {
  const { spans } = await trace();
  const given = spans.filter(({ traceId }) => traceId === GIVEN.trace);
  assertEquals(given.map(({ name, parentSpanId }) => [name, parentSpanId]), [["a relay", GIVEN.span]]);
});

Deno.test("otelTracer is none where nobody looks at traces; a traceparent given by hand reaches the handler", async () => {
  assertEquals(otelTracer(), undefined);
  const { code, stdout } = await runDeno(["run", "-A", "--no-check", program]);
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout), {
    seen: ["none", "none"],
    given: [`00-${GIVEN.trace}-${GIVEN.span}-01`],
  });
});

// If it fails: Deno has another major version of the API, or one that asks for more than we have.
Deno.test("otelTracer's API is one that Deno's own OpenTelemetry takes", async () => {
  const code =
    `const { version } = globalThis[Symbol.for("opentelemetry.js.api.1")] ?? {}; console.log(version)`;
  const { stdout } = await runDeno(["eval", code], {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "console",
  });
  const [registered] = stdout.split("\n");
  const [major, minor] = registered!.split(".").map(Number);
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const [, ownMajor, ownMinor] = /@(\d+)\.(\d+)/.exec(imports["@opentelemetry/api"].slice(5))!.map(Number);
  // The API takes a global of its own major version, and of its own minor version or a later one.
  assert(major === ownMajor && minor! >= ownMinor!, `${registered} for ${imports["@opentelemetry/api"]}`);
});
