import { assert, assertEquals } from "@std/assert";
import { openPlatform, type Platform } from "@millrace/millrace";

// deno-lint-ignore no-explicit-any -- JSON of any shape; the tests compare it
type Json = any;

interface Scene extends AsyncDisposable {
  readonly app: Platform;
  /** Of the WebSocket route. */
  readonly url: string;
}

async function open(token?: string): Promise<Scene> {
  const dataDir = await Deno.makeTempDir();
  const http = { port: 0, ...(token === undefined ? {} : { token }) };
  const app = await openPlatform({ dataDir, executors: 0, http, log: () => {} });
  return {
    app,
    url: `${app.url!.replace("http:", "ws:")}/api/events/ws`,
    async [Symbol.asyncDispose]() {
      await app.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

/** A client's end: what it was sent, one by one. */
class Client implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly closed: Promise<CloseEvent>;
  readonly #messages: Json[] = [];
  #wake = Promise.withResolvers<void>();

  constructor(url: string, protocols: string[] = ["millrace"]) {
    this.socket = new WebSocket(url, protocols);
    this.socket.onmessage = ({ data }) => {
      this.#messages.push(JSON.parse(data));
      this.#wake.resolve();
    };
    this.closed = new Promise((resolve) => this.socket.onclose = resolve);
    // A connection that is refused closes, too.
    this.socket.onerror = (event) => event.preventDefault();
  }

  async opened(): Promise<this> {
    await new Promise((resolve) => this.socket.onopen = resolve);
    return this;
  }

  say(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of a type. */
  async next(type: string): Promise<Json> {
    for (;;) {
      const at = this.#messages.findIndex((message) => message.type === type);
      if (at !== -1) return this.#messages.splice(at, 1)[0];
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

Deno.test("a WebSocket subscribes and publishes over a real connection", async () => {
  await using scene = await open();
  await using reader = await new Client(scene.url).opened();
  await using writer = await new Client(scene.url).opened();
  assertEquals(reader.socket.protocol, "millrace");
  reader.say({ type: "subscribe", id: "s1", pattern: "orders.*" });
  await reader.next("subscribed");
  writer.say({ type: "publish", id: "p1", topic: "orders.created", data: { text: "€ 😀" } });
  const { id, event: { id: eventId, matched } } = await writer.next("published");
  assertEquals([id, matched], ["p1", 1]);
  await scene.app.publish("orders.paid", 2);
  const events = [await reader.next("event"), await reader.next("event")].map(({ event }) => event);
  assertEquals(events.map(({ topic, data }) => [topic, data]), [["orders.created", { text: "€ 😀" }], [
    "orders.paid",
    2,
  ]]);
  assertEquals(events[0].id, eventId);
  writer.say({ type: "publish", id: "p2", topic: "run.x.failed" });
  assertEquals((await writer.next("problem")).problem.code, "event/reserved-topic");
  reader.say({ type: "unsubscribe", id: "s1" });
  assertEquals(await reader.next("ended"), { type: "ended", id: "s1" });
  assertEquals((await scene.app.publish("orders.paid", 3)).matched, 0);
});

Deno.test("a WebSocket needs the token and an origin of ours", async () => {
  await using scene = await open("secret");
  const encoded = btoa("secret").replaceAll("=", "");
  await using known = await new Client(scene.url, ["millrace", `bearer.${encoded}`]).opened();
  assertEquals(known.socket.protocol, "millrace");
  await using unknown = new Client(scene.url);
  assert(!(await unknown.closed).wasClean);
  const address = new URL(scene.url);
  const statusFor = async (fields: string[]): Promise<string | undefined> => {
    using connection = await Deno.connect({ hostname: address.hostname, port: Number(address.port) });
    await connection.write(handshake(address, [...fields, "Authorization: Bearer secret"]));
    const answer = new Uint8Array(200);
    const length = await connection.read(answer);
    return new TextDecoder().decode(answer.subarray(0, length ?? 0)).split("\r\n")[0];
  };
  assertEquals(await statusFor(["Origin: http://evil.example"]), "HTTP/1.1 403 Forbidden");
  assertEquals(await statusFor([`Origin: http://${address.host}`]), "HTTP/1.1 101 Switching Protocols");
});

Deno.test("a WebSocket whose client reads nothing slows neither a publisher nor another client", async () => {
  await using scene = await open();
  const address = new URL(scene.url);
  using stalled = await Deno.connect({ hostname: address.hostname, port: Number(address.port) });
  await stalled.write(handshake(address, []));
  await stalled.read(new Uint8Array(1_000));
  await stalled.write(masked(JSON.stringify({ type: "subscribe", id: "s1", pattern: "**" })));
  await using reader = await new Client(scene.url).opened();
  reader.say({ type: "subscribe", id: "s1", pattern: "**" });
  await reader.next("subscribed");
  // Far more than the connection and the buffers of its subscription hold.
  const data = "x".repeat(10_000);
  let dropped = 0;
  for (let n = 0; n < 3_000; n++) {
    dropped += (await scene.app.publish("a.b", { n, data })).dropped;
    assertEquals((await reader.next("event")).event.data.n, n);
  }
  assert(dropped > 0, "the stalled client has lost events");
});

function handshake({ host, pathname }: URL, fields: readonly string[]): Uint8Array {
  return new TextEncoder().encode([
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    ...fields,
    "\r\n",
  ].join("\r\n"));
}

/** A short text frame as a client sends it (RFC 6455, §5.2), masked with zeros. */
function masked(text: string): Uint8Array {
  const payload = new TextEncoder().encode(text);
  assert(payload.length < 126);
  return new Uint8Array([0x81, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
}
