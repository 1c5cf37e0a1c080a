/** Events/s over HTTP: posted, and streamed to a client; server and client share the thread, as the raw ones do. */
import { openPlatform, type Platform } from "../../mod.ts";
import { assertCount, type OpenBench, perSecond } from "./figure.ts";

const DATA = { orderId: 12_345, amount: 12.5, currency: "EUR", ok: true };
const BATCH = 256;
/** How many requests are under way, and how many events are not read yet. */
const [IN_FLIGHT, UNREAD] = [16, 512];

const posted = {
  one: "POST /api/events, one event",
  batch: "POST /api/events, 256 CloudEvents",
  raw: "raw: Deno.serve, one JSON body",
  rawBatch: "raw: Deno.serve, 256 in one JSON body",
};
const streamed = {
  ours: "GET /api/events",
  single: "raw: stream, one frame a piece",
  batch: "raw: stream, 256 frames a piece",
};

/** A platform with one open stream, beside a bare server. */
export async function httpEvents(quick: boolean): Promise<OpenBench> {
  const [requests, frames] = quick ? [32, 1_024] : [1_024, 20_480];
  const stack = new AsyncDisposableStack();
  const dataDir = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(dataDir, { recursive: true }));
  const app = stack.use(await openPlatform({ dataDir, executors: 0, http: { port: 0 }, log: () => {} }));
  const bare = serveBare();
  stack.defer(() => bare.server.shutdown());
  const client = await Client.open(app);
  stack.defer(() => client.close());
  const post = (url: string, type: string, perRequest: number, body: () => string) => () =>
    perSecond(requests * perRequest, () => postAll(url, type, requests, body));
  const single = (): string => JSON.stringify({ topic: "orders.posted", data: DATA });
  const batch = (): string => JSON.stringify(cloudEvents());
  const batchType = "application/cloudevents-batch+json";
  return {
    benches: [
      {
        name: "events posted over HTTP",
        unit: "events/s",
        subjects: {
          [posted.one]: post(`${app.url}/api/events`, "application/json", 1, single),
          [posted.raw]: post(bare.url, "application/json", 1, single),
          [posted.batch]: post(`${app.url}/api/events`, batchType, BATCH, batch),
          [posted.rawBatch]: post(bare.url, batchType, BATCH, batch),
        },
        compare: [[posted.one, posted.raw], [posted.batch, posted.rawBatch]],
      },
      {
        name: "events streamed over HTTP",
        unit: "events/s",
        subjects: {
          [streamed.ours]: () => perSecond(frames, () => client.publishAndRead(frames)),
          [streamed.single]: () => perSecond(frames, () => readRaw(bare.url, frames, 1)),
          [streamed.batch]: () => perSecond(frames, () => readRaw(bare.url, frames, BATCH)),
        },
        compare: [[streamed.ours, streamed.single], [streamed.ours, streamed.batch]],
      },
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** With ids that nobody has seen. */
function cloudEvents(): unknown[] {
  return Array.from({ length: BATCH }, () => ({
    specversion: "1.0",
    id: crypto.randomUUID(),
    source: "/bench",
    type: "orders.posted",
    data: DATA,
  }));
}

async function postAll(url: string, type: string, requests: number, body: () => string): Promise<void> {
  let left = requests;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (left-- > 0) {
      const response = await fetch(url, { method: "POST", headers: { "content-type": type }, body: body() });
      await response.body?.cancel();
      if (!response.ok) {
        throw new Error(`Cannot give a figure as every request must be accepted: ${response.status}`);
      }
    }
  }));
}

/** A client of the platform's stream. */
class Client {
  readonly #app: Platform;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #read = 0;
  #published = 0;
  #news = Promise.withResolvers<void>();
  #reading: Promise<void> = Promise.resolve();

  private constructor(app: Platform, reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#app = app;
    this.#reader = reader;
  }

  static async open(app: Platform): Promise<Client> {
    const response = await fetch(`${app.url}/api/events?pattern=ticks`);
    const reader = response.body!.getReader();
    await reader.read(); // the stream is open
    const client = new Client(app, reader);
    client.#reading = client.#count();
    return client;
  }

  /** No faster than the client reads: a stream that overflows loses events. */
  async publishAndRead(count: number): Promise<void> {
    const goal = this.#published + count;
    while (this.#published < goal) {
      const size = Math.min(BATCH, goal - this.#published);
      this.#published += size;
      await Promise.all(Array.from({ length: size }, () => this.#app.publish("ticks", DATA)));
      await this.#until(this.#published - UNREAD);
    }
    await this.#until(goal);
    assertCount("events read", this.#read, goal);
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
    await this.#reading;
  }

  async #until(read: number): Promise<void> {
    while (this.#read < read) {
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }

  async #count(): Promise<void> {
    const count = frameCounter();
    for (let next = await this.#reader.read(); !next.done; next = await this.#reader.read()) {
      this.#read += count(next.value);
      this.#news.resolve();
    }
  }
}

async function readRaw(url: string, frames: number, perPiece: number): Promise<void> {
  const response = await fetch(`${url}?frames=${frames}&per=${perPiece}`);
  const count = frameCounter();
  let read = 0;
  for await (const bytes of response.body!) read += count(bytes);
  assertCount("frames read", read, frames);
}

/** Frames end with an empty line, whose two line feeds may come in two pieces; a heartbeat is no frame. */
function frameCounter(): (bytes: Uint8Array) => number {
  const [LINE_FEED, COLON] = [0x0a, 0x3a];
  let [previous, first] = [0, 0];
  return (bytes) => {
    let frames = 0;
    for (const byte of bytes) {
      if (first === 0) first = byte;
      if (byte === LINE_FEED && previous === LINE_FEED) {
        if (first !== COLON) frames++;
        first = 0;
      }
      previous = byte;
    }
    return frames;
  };
}

/** The least that a server must do. */
function serveBare(): { readonly server: Deno.HttpServer; readonly url: string } {
  const id = "01a21086-51c1-75f5-9b30-281a9975b353";
  const event = { id, topic: "ticks", timeMs: 1_795_573_567_937, source: "app", data: DATA };
  const frame = `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;
  const encoder = new TextEncoder();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    if (request.method === "POST") {
      JSON.parse(await request.text());
      return Response.json({ id }, { status: 202 });
    }
    const query = new URL(request.url).searchParams;
    const per = Number(query.get("per"));
    let left = Number(query.get("frames"));
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (left > 0) controller.enqueue(encoder.encode(frame.repeat(per)));
          else controller.close();
          left -= per;
        },
      }),
    );
  });
  return { server, url: `http://127.0.0.1:${server.addr.port}/` };
}
