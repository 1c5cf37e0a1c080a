import { assert, assertEquals } from "@std/assert";
import { openPlatform, type Platform } from "@millrace/millrace";

/** A frame of a stream. */
interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly retry?: string;
  // deno-lint-ignore no-explicit-any -- JSON of any shape; the tests compare it
  readonly data?: any;
}

interface Scene extends AsyncDisposable {
  app: Platform;
  /** Closes the platform and opens another one on the same folder. */
  restart(): Promise<Platform>;
}

async function open(): Promise<Scene> {
  const dataDir = await Deno.makeTempDir();
  const start = (): Promise<Platform> =>
    openPlatform({ dataDir, executors: 0, http: { port: 0 }, log: () => {} });
  const scene: Scene = {
    app: await start(),
    async restart() {
      await scene.app.close();
      return scene.app = await start();
    },
    async [Symbol.asyncDispose]() {
      await scene.app.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
  return scene;
}

/** A client on a connection of its own, which can be broken off. It reads nothing that it does not ask for. */
class Client implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #frames: AsyncIterator<Frame>;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#frames = framesOf(connection);
  }

  /** Asks for events; resolves once the stream is open. */
  static async open(app: Platform, query: string, ...fields: readonly string[]): Promise<Client> {
    const { hostname, port, host } = new URL(app.url!);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    // HTTP 1.0: the stream comes as it is, not in chunks.
    const head = [`GET /api/events?${query} HTTP/1.0`, `Host: ${host}`, ...fields, "\r\n"].join("\r\n");
    await connection.write(new TextEncoder().encode(head));
    const client = new Client(connection);
    assertEquals(await client.next(), { retry: "1000" });
    return client;
  }

  async next(): Promise<Frame> {
    const { done, value } = await this.#frames.next();
    assert(!done, "the stream goes on");
    return value;
  }

  /** The data of the next events, and what the last of them is called. */
  async take(count: number): Promise<{ data: unknown[]; lastId: string }> {
    const data: unknown[] = [];
    let lastId = "";
    while (data.length < count) {
      const frame = await this.next();
      assertEquals([frame.event, frame.id], [undefined, frame.data.id]);
      data.push(frame.data.data);
      lastId = frame.id!;
    }
    return { data, lastId };
  }

  /** The connection is gone, without a word. */
  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

async function* framesOf(connection: Deno.TcpConn): AsyncGenerator<Frame> {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(65_536);
  let text = "";
  let inHead = true;
  for (let length = await connection.read(chunk); length !== null; length = await connection.read(chunk)) {
    text += decoder.decode(chunk.subarray(0, length), { stream: true });
    if (inHead && text.includes("\r\n\r\n")) {
      assert(/^HTTP\/1\.\d 200 /.test(text), text);
      text = text.slice(text.indexOf("\r\n\r\n") + 4);
      inHead = false;
    }
    if (inHead) continue;
    const frames = text.split("\n\n");
    text = frames.pop()!;
    for (const frame of frames) {
      const fields = Object.fromEntries(frame.split("\n").map((line) => line.split(/: (.*)/, 2)));
      yield "data" in fields ? { ...fields, data: JSON.parse(fields.data) } : fields;
    }
  }
}

/** The whole numbers from one to another. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

Deno.test("GET /api/events gives a client that comes back exactly what it missed, then live events", async () => {
  await using scene = await open();
  const { app } = scene;
  const publish = async (from: number, to: number): Promise<void> => {
    for (const n of range(from, to)) {
      await app.publish("orders.created", n);
      await app.publish("noise", n);
    }
  };
  let seen = 0;
  let published = 0;
  let lastId: string | undefined;
  for (let visit = 0; visit < 5; visit++) {
    {
      using client = await Client.open(
        app,
        "pattern=orders.*",
        ...(lastId === undefined ? [] : [`Last-Event-ID: ${lastId}`]),
      );
      await publish(published + 1, published + 5);
      published += 5;
      // It breaks off before it has read everything that was sent to it.
      const taken = await client.take(published - seen - visit);
      assertEquals(taken.data, range(seen + 1, published - visit));
      [seen, lastId] = [published - visit, taken.lastId];
    }
    // Nobody is there.
    await publish(published + 1, published + 10);
    published += 10;
  }
});

Deno.test("GET /api/events says that there is a gap where it does not know all that was missed", async () => {
  await using scene = await open();
  const { app } = scene;
  const { id } = await app.publish("orders.created", 0);
  // More than are remembered of a topic that is not durable.
  for (const n of range(1, 1_500)) await app.publish("orders.created", n);
  using client = await Client.open(app, "pattern=orders.*", `Last-Event-ID: ${id}`);
  const { event, id: none, data } = await client.next();
  assertEquals([event, none, data.since], ["gap", undefined, { id }]);
  const { data: events } = await client.take(1_024);
  assertEquals(events, range(477, 1_500));
  await app.publish("orders.created", 1_501);
  assertEquals((await client.take(1)).data, [1_501]);
});

Deno.test("GET /api/events of a client that reads nothing slows nobody, and tells it what it has lost", async () => {
  await using scene = await open();
  const { app } = scene;
  using slow = await Client.open(app, "pattern=ticks");
  using quick = await Client.open(app, "pattern=ticks");
  const text = "x".repeat(10_000);
  const count = 4_000;
  for (const n of range(1, count)) {
    await app.publish("ticks", { n, text });
    assertEquals((await quick.next()).data.data.n, n);
  }
  let [received, lost] = [0, 0];
  for (let last = 0; last < count;) {
    const { event, data } = await slow.next();
    if (event === "gap") lost += data.lost;
    else {
      received++;
      // What is missing was told before.
      assertEquals(data.data.n, received + lost);
      last = data.data.n;
    }
  }
  assert(lost > 0);
  assertEquals(received + lost, count);
});

Deno.test("GET /api/events begins with ?since=, and gives CloudEvents on request", async () => {
  await using scene = await open();
  const { app } = scene;
  const first = await app.publish("orders.created", 1);
  await app.publish("orders.created", 2);
  using all = await Client.open(app, "pattern=orders.*&since=first");
  assertEquals((await all.take(2)).data, [1, 2]);
  using after = await Client.open(
    app,
    `pattern=orders.*&since=${first.id}`,
    "Accept: text/event-stream, application/cloudevents+json",
  );
  const { id, data } = await after.next();
  assertEquals([data.specversion, data.type, data.id, data.data], ["1.0", "orders.created", id, 2]);
});

async function post(app: Platform, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${app.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert(response.ok, String(response.status));
  return await response.json();
}

Deno.test("GET /api/events of a durable topic goes on exactly where it was, in the next process too", async () => {
  await using scene = await open();
  const declared = await post(scene.app, "/api/topics", { topic: "orders.created", durable: true });
  assertEquals((declared as { durable: { events: number } }).durable.events, 0);
  for (const n of range(1, 3_000)) await scene.app.publish("orders.created", n);
  let lastId: string;
  {
    using client = await Client.open(scene.app, "pattern=orders.*&since=2991");
    const taken = await client.take(5);
    assertEquals(taken.data, range(2_991, 2_995));
    lastId = taken.lastId;
  }
  const app = await scene.restart();
  await app.publish("orders.created", 3_001);
  using client = await Client.open(app, "pattern=orders.*", `Last-Event-ID: ${lastId}`);
  await app.publish("orders.created", 3_002);
  // The pattern matches topics that are not durable, too: of those nothing is known of the time before.
  assertEquals((await client.next()).event, "gap");
  assertEquals((await client.take(7)).data, range(2_996, 3_002));
  using exact = await Client.open(app, "pattern=orders.created", `Last-Event-ID: ${lastId}`);
  assertEquals((await exact.take(7)).data, range(2_996, 3_002));
  await post(app, "/api/topics/orders.created/complete", {});
  const topics = await (await fetch(`${app.url}/api/topics`)).json();
  assertEquals(
    topics.map(({ topic, completed, durable }: Frame["data"]) => [topic, completed, durable.events]),
    [
      ["orders.created", true, 3_002],
    ],
  );
});

Deno.test("GET and POST /api/consumers show what could not be handled, and deliver it anew", async () => {
  await using scene = await open();
  const { app } = scene;
  await app.declareTopic("orders.created", { durable: true });
  for (const n of range(1, 3)) await app.publish("orders.created", n);
  const handled: unknown[] = [];
  const handle = async (count: number, fails: boolean): Promise<void> => {
    for await (const { event, ack, reject } of app.consume("orders.*", { name: "billing" })) {
      handled.push(event.data);
      if (fails && event.data === 2) await reject("no such customer");
      else await ack();
      if (--count === 0) break;
    }
  };
  await handle(3, true);
  const path = "/api/consumers/billing";
  const letters = await (await fetch(`${app.url}${path}/dead-letters`)).json();
  assertEquals(letters.map(({ event, reason, tries }: Frame["data"]) => [event.data, reason, tries]), [
    [2, "no such customer", 1],
  ]);
  assertEquals(await post(app, `${path}/redeliver`, {}), { redelivered: 1 });
  await handle(1, false);
  assertEquals(handled, [1, 2, 3, 2]);
  const [consumer] = await (await fetch(`${app.url}/api/consumers`)).json();
  assertEquals([consumer.name, consumer.deadLetters, consumer.inFlight], ["billing", 0, 0]);
  const unknown = await fetch(`${app.url}/api/consumers/nobody/dead-letters`);
  assertEquals([unknown.status, (await unknown.json()).code], [404, "consumer/unknown"]);
});
