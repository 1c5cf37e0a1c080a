import { assert, assertEquals } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { createApp } from "../../src/http/app.ts";
import { createEventSockets, type EventSockets, type Socket } from "../../src/http/event_sockets.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/virtual_clock.ts";
import { createFakeBackend, encoded, type FakeBackend, START_MS } from "./fake_backend.ts";

// deno-lint-ignore no-explicit-any -- JSON of any shape; the tests compare it
type Json = any;

/** The server's end of a connection, with what it sent. */
class FakeSocket implements Socket {
  bufferedAmount = 0;
  onopen = null;
  onmessage: WebSocket["onmessage"] = null;
  onclose: WebSocket["onclose"] = null;
  onerror: WebSocket["onerror"] = null;
  readonly sent: Json[] = [];
  readonly closed: [code: number | undefined, reason: string | undefined][] = [];

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(code?: number, reason?: string): void {
    this.closed.push([code, reason]);
    this.leave();
  }

  /** The client says something. */
  say(message: unknown): void {
    const data = typeof message === "string" ? message : JSON.stringify(message);
    this.onmessage?.call(this as never, new MessageEvent("message", { data }));
  }

  /** The client is gone. */
  leave(): void {
    this.onclose?.call(this as never, new CloseEvent("close"));
  }
}

interface Scene {
  readonly backend: FakeBackend;
  readonly clock: VirtualClock;
  readonly sockets: EventSockets;
  readonly socket: FakeSocket;
}

function open(overrides: Parameters<typeof createFakeBackend>[0] = {}): Scene {
  const backend = createFakeBackend(overrides);
  const clock = createVirtualClock(START_MS);
  const sockets = createEventSockets(backend, clock, 1_000);
  const socket = new FakeSocket();
  sockets.serve(socket);
  return { backend, clock, sockets, socket };
}

/** Lets everything go on that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("EventSockets sends the events of each subscription under its id, and gaps in their place", async () => {
  const { backend, socket } = open();
  socket.say({ type: "subscribe", id: "s1", pattern: "a.**" });
  socket.say({ type: "subscribe", id: "s2", pattern: "b.**", since: "17" });
  assertEquals(backend.calls, [["subscribe", "a.**"], ["subscribe", "b.**", { sequence: 17 }]]);
  backend.subscriptions[1]!.push(encoded("b.c", [1], "e1"));
  backend.subscriptions[0]!.push(encoded("$sys.advisory.gap", { lost: 3 }), encoded("a.b", null, "e2"));
  await settle();
  const event = (id: string, topic: string, data: unknown) => ({
    id,
    topic,
    timeMs: START_MS,
    source: "app",
    data,
  });
  assertEquals(socket.sent.filter(({ id }) => id === "s1"), [
    { type: "subscribed", id: "s1" },
    { type: "gap", id: "s1", gap: { lost: 3 } },
    { type: "event", id: "s1", event: event("e2", "a.b", null) },
  ]);
  assertEquals(socket.sent.filter(({ id }) => id === "s2"), [
    { type: "subscribed", id: "s2" },
    { type: "event", id: "s2", event: event("e1", "b.c", [1]) },
  ]);
});

Deno.test("EventSockets ends a subscription on request, and tells of one that ends or breaks by itself", async () => {
  const { backend, socket } = open();
  for (const id of ["s1", "s2", "s3"]) socket.say({ type: "subscribe", id, pattern: "a" });
  socket.say({ type: "unsubscribe", id: "s1" });
  assert(backend.subscriptions[0]!.returned);
  await backend.subscriptions[1]!.return();
  backend.subscriptions[2]!.fail(new MillraceError("broker/closed", "Cannot go on", { details: {} }));
  await settle();
  assertEquals(socket.sent.slice(3).map(({ type, id, problem }) => [type, id, problem?.code]), [
    ["ended", "s1", undefined],
    ["ended", "s2", undefined],
    ["problem", "s3", "broker/closed"],
  ]);
  // The names are free again.
  for (const id of ["s1", "s2", "s3"]) socket.say({ type: "subscribe", id, pattern: "a" });
  assertEquals(socket.sent.slice(6).map(({ type }) => type), ["subscribed", "subscribed", "subscribed"]);
});

Deno.test("EventSockets publishes, and answers under the id of the message", async () => {
  const { backend, socket } = open();
  socket.say({ type: "publish", id: "p1", topic: "a.b", data: { x: 1 } });
  socket.say({ type: "publish", topic: "a.c" });
  await settle();
  assertEquals(backend.calls, [["publish", "a.b", { x: 1 }], ["publish", "a.c", null]]);
  assertEquals(socket.sent, [
    { type: "published", id: "p1", event: { id: "e2", matched: 4 } },
    { type: "published", event: { id: "e2", matched: 4 } },
  ]);
});

Deno.test("EventSockets answers what it cannot do with a problem, and goes on", async () => {
  const refuse = () =>
    Promise.reject(
      new MillraceError("broker/overloaded", "Cannot publish", {
        details: { topic: "a", id: "e", rejected: 1 },
      }),
    );
  const { socket, backend } = open({ publish: refuse });
  socket.say({ type: "subscribe", id: "s1", pattern: "a" });
  const wrong: [unknown, string | undefined, string][] = [
    ["{", undefined, "http/bad-request"],
    [null, undefined, "http/bad-request"],
    [[], undefined, "http/bad-request"],
    [{ type: "toString", id: "x" }, "x", "http/bad-request"],
    [{ type: "subscribe", pattern: "a" }, undefined, "http/bad-request"],
    [{ type: "subscribe", id: "x" }, "x", "http/bad-request"],
    [{ type: "subscribe", id: "s1", pattern: "a" }, "s1", "http/bad-request"],
    [{ type: "subscribe", id: "x", pattern: "a..b" }, "x", "pattern/invalid"],
    [{ type: "subscribe", id: "x", pattern: "a", group: "g" }, "x", "http/bad-request"],
    [{ type: "unsubscribe", id: "x" }, "x", "http/bad-request"],
    [{ type: "publish", id: "x" }, "x", "http/bad-request"],
    [{ type: "publish", id: "x", topic: "a" }, "x", "broker/overloaded"],
  ];
  for (const [message, id, code] of wrong) {
    socket.sent.length = 0;
    socket.say(message);
    await settle();
    assertEquals(socket.sent.map((said) => [said.type, said.id, said.problem.code]), [["problem", id, code]]);
  }
  assertEquals([socket.closed, backend.subscriptions.length], [[], 1]);
});

Deno.test("EventSockets takes once and no more for a client that does not take what was sent", async () => {
  const { backend, clock, socket } = open();
  socket.say({ type: "subscribe", id: "s1", pattern: "a" });
  const [subscription] = backend.subscriptions;
  for (let n = 0; n < 100; n++) subscription!.push(encoded("a", n, `e${n}`));
  socket.bufferedAmount = 300_000;
  await settle();
  await clock.advance(10_000);
  assertEquals([subscription!.taken, socket.sent.length], [1, 1]);
  socket.bufferedAmount = 0;
  await clock.advance(10);
  for (let turn = 0; turn < 20; turn++) await settle();
  assertEquals([subscription!.taken, socket.sent.length], [100, 101]);
});

Deno.test("EventSockets leaves nothing behind when a client goes away, also a slow one", async () => {
  const { backend, clock, sockets, socket } = open();
  socket.say({ type: "subscribe", id: "s1", pattern: "a" });
  socket.say({ type: "subscribe", id: "s2", pattern: "a" });
  socket.bufferedAmount = 300_000;
  backend.subscriptions[0]!.push(encoded("a", 1));
  await settle();
  socket.leave();
  await settle();
  assertEquals([sockets.size, backend.subscriptions.map(({ returned }) => returned)], [0, [true, true]]);
  assertEquals(socket.sent.map(({ type }) => type), ["subscribed", "subscribed"]);
  await clock.advance(60_000);
  socket.say({ type: "subscribe", id: "s3", pattern: "a" });
  assertEquals(backend.subscriptions.length, 2);
});

Deno.test("EventSockets bounds messages, subscriptions and publications without answer", () => {
  const tooLong = open();
  tooLong.socket.say("x".repeat(1_001));
  assertEquals(tooLong.socket.closed.map(([code]) => code), [1009]);
  const many = open();
  for (let n = 0; n <= 64; n++) many.socket.say({ type: "subscribe", id: `s${n}`, pattern: "a" });
  assertEquals([many.socket.sent.at(-1).type, many.backend.subscriptions.length], ["problem", 64]);
  const fast = open({ publish: () => new Promise(() => {}) });
  for (let n = 0; n <= 1_024; n++) fast.socket.say({ type: "publish", topic: "a" });
  assertEquals(fast.socket.closed.map(([code]) => code), [1013]);
});

Deno.test("EventSockets.close() ends all connections", () => {
  const { backend, sockets, socket } = open();
  socket.say({ type: "subscribe", id: "s1", pattern: "a" });
  sockets.close();
  assertEquals([socket.closed.map(([code]) => code), sockets.size], [[1001], 0]);
  assert(backend.subscriptions[0]!.returned);
});

Deno.test("GET /api/events/ws without a WebSocket is 426, which names what to ask for", async () => {
  const response = await createApp(createFakeBackend()).fetch(new Request("http://localhost/api/events/ws"));
  assertEquals([response.status, response.headers.get("upgrade")], [426, "websocket"]);
  assertEquals((await response.json()).code, "http/upgrade-required");
});

Deno.test("GET /api/events/ws agrees upon the subprotocol of ours, or none", async () => {
  for (const [offered, agreed] of [["x, millrace", "millrace"], ["x", undefined], [undefined, undefined]]) {
    const asked: (string | undefined)[] = [];
    const app = createApp(createFakeBackend(), {
      upgrade(_request, protocol) {
        asked.push(protocol);
        return { socket: new FakeSocket(), response: new Response() };
      },
    });
    await app.fetch(
      new Request("http://localhost/api/events/ws", {
        headers: { upgrade: "WebSocket", ...(offered && { "sec-websocket-protocol": offered }) },
      }),
    );
    assertEquals(asked, [agreed]);
    app.close();
  }
});
