import { assert, assertEquals } from "@std/assert";
import type { Clock } from "../../src/base/clock.ts";
import { MillraceError } from "../../src/base/errors.ts";
import { createApp, type HttpApp } from "../../src/http/app.ts";
import { frameOf, HEARTBEAT_MS } from "../../src/http/event_streams.ts";
import { createFakeBackend, encoded, type FakeBackend, START_MS } from "./fake_backend.ts";

/** A clock that stands still until it is told to go on. */
class StillClock implements Clock {
  #nowMs = START_MS;
  readonly alarms: Set<{ atMs: number; fn: () => void }> = new Set();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fn: () => void): () => void {
    const alarm = { atMs: this.#nowMs + delayMs, fn };
    this.alarms.add(alarm);
    return () => void this.alarms.delete(alarm);
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const alarm of [...this.alarms]) {
      if (alarm.atMs > this.#nowMs || !this.alarms.delete(alarm)) continue;
      alarm.fn();
    }
  }
}

interface Scene {
  readonly app: HttpApp;
  readonly backend: FakeBackend;
  readonly clock: StillClock;
  readonly response: Response;
  readonly reader: ReadableStreamDefaultReader<string>;
}

/** An application with one open stream, of which the opening has been read. */
async function open(query = "?pattern=run.**"): Promise<Scene> {
  const clock = new StillClock();
  const backend = createFakeBackend();
  const app = createApp(backend, { clock });
  const response = await app.fetch(new Request(`http://localhost/api/events${query}`));
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "retry: 1000\n\n");
  return { app, backend, clock, response, reader };
}

function assertNothingLeft({ backend, clock }: Scene): void {
  assert(backend.subscriptions.every(({ returned }) => returned));
  assertEquals(clock.alarms.size, 0);
}

Deno.test("frameOf() puts id and event as JSON into one frame without a name, for EventSource.onmessage", () => {
  const frame = frameOf(encoded("run.sales.started", { runId: "r1", text: "a\nb" }, "e1"));
  assertEquals(
    frame,
    `id: e1\ndata: {"id":"e1","topic":"run.sales.started","timeMs":${START_MS},"source":"app","data":{"runId":"r1","text":"a\\nb"}}\n\n`,
  );
});

Deno.test("frameOf() keeps JSON text with line breaks in one frame", () => {
  const frame = frameOf({ ...encoded("a", 0, "e1"), data: '{\r\n"b": 1}' });
  assertEquals(frame.split("\n").filter((line) => line.startsWith("data: ")).length, 2);
  assertEquals(frame.indexOf("\n\n"), frame.length - 2);
});

Deno.test("GET /api/events streams what matches, as it happens", async () => {
  const scene = await open();
  assertEquals(scene.response.headers.get("content-type"), "text/event-stream");
  assertEquals(scene.backend.calls, [["subscribe", "run.**"]]);
  for (const id of ["e1", "e2"]) {
    const event = encoded("run.sales.started", { id }, id);
    scene.backend.subscriptions[0]!.push(event);
    assertEquals((await scene.reader.read()).value, frameOf(event));
  }
  await scene.reader.cancel();
});

Deno.test("GET /api/events sends at once what has gathered", async () => {
  const scene = await open();
  const events = ["e1", "e2", "e3"].map((id) => encoded("run.sales.started", { id }, id));
  scene.backend.subscriptions[0]!.push(...events);
  assertEquals((await scene.reader.read()).value, events.map((event) => frameOf(event)).join(""));
  await scene.reader.cancel();
});

Deno.test("GET /api/events without a pattern streams everything", async () => {
  const scene = await open("");
  assertEquals(scene.backend.calls, [["subscribe", "**"]]);
  await scene.reader.cancel();
});

Deno.test("frameOf() lets no id break out of its line", () => {
  const frame = frameOf({ ...encoded("a", 0), id: 'e1\ndata: {"topic":"forged"}' });
  assertEquals(frame.split("\n").map((line) => line.split(":")[0]), ["data", "", ""]);
});

Deno.test("frameOf() gives a gap a name, and no id to go on from", () => {
  assertEquals(frameOf(encoded("$sys.advisory.gap", { lost: 3 })), 'event: gap\ndata: {"lost":3}\n\n');
});

Deno.test("GET /api/events begins where ?since= says, or after the event that a client had last", async () => {
  const backend = createFakeBackend();
  const app = createApp(backend, { clock: new StillClock() });
  const ask = async (query: string, headers: Record<string, string> = {}): Promise<void> => {
    const response = await app.fetch(
      new Request(`http://localhost/api/events?pattern=a${query}`, { headers }),
    );
    await response.body!.cancel();
  };
  await ask("&since=first");
  await ask("&since=17");
  await ask("&since=2025-01-01T00:00:00%2B01:00");
  await ask("&since=01941f29-7c00-7000-8000-000000000001");
  await ask("&since=first", { "last-event-id": "17" });
  // As EventSource sends it: bytes of UTF-8.
  await ask("", { "last-event-id": "\u00c3\u00a9" });
  await ask("", { "last-event-id": "" });
  assertEquals(backend.calls.map(([, , since]) => since), [
    "first",
    { sequence: 17 },
    { timeMs: START_MS - 3_600_000 },
    { id: "01941f29-7c00-7000-8000-000000000001" },
    { id: "17" },
    { id: "é" },
    undefined,
  ]);
});

Deno.test("GET /api/events refuses an invalid pattern before the stream begins", async () => {
  const backend = createFakeBackend();
  const response = await createApp(backend).fetch(new Request("http://localhost/api/events?pattern=a..b"));
  assertEquals([response.status, (await response.json()).code], [422, "pattern/invalid"]);
  assertEquals(backend.subscriptions.length, 0);
});

Deno.test("GET /api/events leaves neither timer nor subscription behind when the client goes away", async () => {
  const scene = await open();
  assertEquals(scene.clock.alarms.size, 1);
  await scene.reader.cancel();
  assertNothingLeft(scene);
});

Deno.test("GET /api/events ends with the subscription", async () => {
  const scene = await open();
  await scene.backend.subscriptions[0]!.return();
  assertEquals((await scene.reader.read()).done, true);
  assertNothingLeft(scene);
});

Deno.test("GET /api/events tells of a subscription that breaks, and ends", async () => {
  const scene = await open();
  scene.backend.subscriptions[0]!.fail(
    new MillraceError("broker/closed", "Cannot subscribe", { details: {} }),
  );
  const { value } = await scene.reader.read();
  assert(value?.startsWith('event: problem\ndata: {"type":"urn:millrace:error:broker/closed"'), value);
  assertEquals((await scene.reader.read()).done, true);
  assertNothingLeft(scene);
});

Deno.test("GET /api/events sends a heartbeat while nothing happens", async () => {
  const scene = await open();
  for (let beat = 0; beat < 3; beat++) {
    scene.clock.advance(HEARTBEAT_MS);
    assertEquals((await scene.reader.read()).value, ":\n\n");
  }
  await scene.reader.cancel();
  assertNothingLeft(scene);
});

Deno.test("GET /api/events takes no more from the subscription than a slow client reads", async () => {
  const clock = new StillClock();
  const backend = createFakeBackend();
  const response = await createApp(backend, { clock }).fetch(new Request("http://localhost/api/events"));
  const subscription = backend.subscriptions[0]!;
  for (let n = 0; n < 1000; n++) subscription.push(encoded("a", n, `e${n}`));
  const reader = response.body!.getReader();
  await reader.read();
  await reader.read();
  // Heartbeats do not pile up either.
  for (let beat = 0; beat < 100; beat++) clock.advance(HEARTBEAT_MS);
  assert(subscription.taken <= 3, `took ${subscription.taken}`);
  await reader.cancel();
  assert(subscription.returned);
});

Deno.test("HttpApp.close() ends all streams", async () => {
  const scene = await open();
  const second = await scene.app.fetch(new Request("http://localhost/api/events"));
  scene.app.close();
  assertEquals((await scene.reader.read()).done, true);
  assertEquals(await second.text(), "retry: 1000\n\n");
  assertNothingLeft(scene);
  scene.app.close();
});
