/**
 * Events over WebSockets: one connection carries any number of subscriptions, and what its client publishes.
 *
 * Messages are JSON objects. A client sends
 *
 * - `{ "type": "subscribe", "id": "s1", "pattern": "orders.**", "since": "…" }`
 * - `{ "type": "unsubscribe", "id": "s1" }`
 * - `{ "type": "publish", "id": "p1", "topic": "orders.created", "data": … }`
 *
 * and gets
 *
 * - `{ "type": "subscribed", "id": "s1" }`, then `{ "type": "event", "id": "s1", "event": … }` for each event and
 *   `{ "type": "gap", "id": "s1", "gap": … }` in the place of those that are lost, at last
 *   `{ "type": "ended", "id": "s1" }`;
 * - `{ "type": "published", "id": "p1", "event": { "id", "matched", … } }`;
 * - `{ "type": "problem", "id": …, "problem": … }` where something cannot be done.
 *
 * Nothing is taken from a subscription while the client has not taken what was sent: a slow client fills the bounded
 * buffers of its own subscriptions and nothing else.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { checkShape, type Shape, type Shaped } from "../base/shape.ts";
import { type EncodedEvent, GAP_TOPIC } from "../event/event.ts";
import { parsePattern } from "../event/topic.ts";
import { parseJsonText } from "./body.ts";
import { eventText } from "./event_streams.ts";
import type { GatewayBackend } from "./port.ts";
import { problemOf } from "./problem.ts";
import { badRequest } from "./query.ts";
import { parseSince } from "./since.ts";

/** The name of the subprotocol, which a client may ask for. */
export const SOCKET_PROTOCOL = "millrace";

/** What is used of a WebSocket. */
export type Socket = Pick<
  WebSocket,
  "send" | "close" | "bufferedAmount" | "onopen" | "onmessage" | "onclose" | "onerror"
>;

/** Makes a WebSocket of a request that asks for one; `protocol` is the subprotocol that is agreed upon, if any. */
export type Upgrade = (
  request: Request,
  protocol: string | undefined,
) => { readonly socket: Socket; readonly response: Response };

/** The connections of an application. */
export interface EventSockets {
  /** Serves a connection until either side ends it. */
  serve(socket: Socket): void;
  /** Ends all connections. */
  close(): void;
  /** How many there are. */
  readonly size: number;
}

/** How many bytes may wait for a client before nothing more is taken for it. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** How often it is looked whether they have left: a WebSocket does not tell. */
const LOOK_MS = 10;
/** How many subscriptions one connection may have. */
const MAX_SUBSCRIPTIONS = 64;
/** How many publications of one connection may be unanswered: a WebSocket cannot be read more slowly. */
const MAX_UNANSWERED = 1_024;

/** What is told to a client when its connection ends (RFC 6455, §7.4.1). */
const GOING_AWAY = 1001;
const TOO_BIG = 1009;
const TRY_AGAIN_LATER = 1013;

const SUBSCRIBE = { type: "string", id: "string", pattern: "string", since: "string" } as const;
const UNSUBSCRIBE = { type: "string", id: "string" } as const;
const PUBLISH = { type: "string", id: "string", topic: "string", data: "any" } as const;

/** No connections yet. */
export function createEventSockets(
  backend: GatewayBackend,
  clock: Clock,
  maxMessageBytes: number,
): EventSockets {
  const connections = new Set<Connection>();
  return {
    serve(socket) {
      const connection = new Connection(socket, backend, clock, maxMessageBytes);
      connections.add(connection);
      socket.onmessage = ({ data }) => connection.receive(data);
      socket.onclose = () => {
        connections.delete(connection);
        connection.end();
      };
      // What follows is the end of the connection.
      socket.onerror = () => {};
    },
    close() {
      for (const connection of connections) connection.close(GOING_AWAY, "the platform is closing");
      connections.clear();
    },
    get size() {
      return connections.size;
    },
  };
}

/** One client. */
class Connection {
  readonly #socket: Socket;
  readonly #backend: GatewayBackend;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #subscriptions = new Map<string, AsyncIterator<readonly EncodedEvent[]>>();
  #unanswered = 0;
  #ended = false;
  /** Goes on once the client has taken enough; shared by all subscriptions. */
  #room:
    | { readonly promise: Promise<void>; readonly resolve: () => void; readonly cancel: Cancel }
    | undefined;

  constructor(socket: Socket, backend: GatewayBackend, clock: Clock, maxBytes: number) {
    this.#socket = socket;
    this.#backend = backend;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  /** Something from the client. */
  receive(data: unknown): void {
    if (this.#ended) return;
    let id: string | undefined;
    try {
      if (typeof data !== "string") throw badRequest("read the message", ["it must be text"]);
      // A code unit takes at least one byte.
      if (data.length > this.#maxBytes) {
        return this.close(TOO_BIG, `a message must be <= ${this.#maxBytes} bytes`);
      }
      const message = parseJsonText(data);
      id = idOf(message);
      this.#obey(message);
    } catch (error) {
      this.#complain(id, error);
    }
  }

  /** Ends the connection, and tells why. */
  close(code: number, reason: string): void {
    this.end();
    this.#socket.close(code, reason);
  }

  /** Leaves nothing behind. */
  end(): void {
    this.#ended = true;
    for (const id of [...this.#subscriptions.keys()]) this.#unsubscribe(id);
    this.#room?.cancel();
    this.#room?.resolve();
  }

  #obey(message: unknown): void {
    const { type } = (message ?? {}) as { readonly type?: unknown };
    switch (type) {
      case "subscribe": {
        const { id, pattern, since } = read(message, type, SUBSCRIBE, ["id", "pattern"]);
        return this.#subscribe(id, pattern, since);
      }
      case "unsubscribe": {
        const { id } = read(message, type, UNSUBSCRIBE, ["id"]);
        if (!this.#unsubscribe(id)) throw badRequest(type, [`there is no subscription "${id}"`]);
        return this.#send({ type: "ended", id });
      }
      case "publish": {
        const { id, topic, data = null } = read(message, type, PUBLISH, ["topic"]);
        return void this.#publish(id, topic, data);
      }
      default: {
        const rule = "at 'type': must be one of subscribe, unsubscribe, publish";
        throw badRequest("read the message", [`${rule}: it is ${JSON.stringify(type)}`]);
      }
    }
  }

  #subscribe(id: string, pattern: string, since: string | undefined): void {
    if (this.#subscriptions.has(id)) throw badRequest("subscribe", [`"${id}" is in use for a subscription`]);
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw badRequest("subscribe", [`a connection may have at most ${MAX_SUBSCRIPTIONS} subscriptions`]);
    }
    parsePattern(pattern);
    const iterator = this.#backend.subscribe(pattern, since === undefined ? since : parseSince(since))
      [Symbol.asyncIterator]();
    this.#subscriptions.set(id, iterator);
    this.#send({ type: "subscribed", id });
    void this.#forward(id, iterator);
  }

  async #forward(id: string, iterator: AsyncIterator<readonly EncodedEvent[]>): Promise<void> {
    const isOpen = (): boolean => this.#subscriptions.get(id) === iterator;
    try {
      while (isOpen()) {
        const next = await iterator.next();
        if (next.done === true) break;
        for (const event of next.value) {
          if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) await this.#untilRoom();
          if (!isOpen()) return;
          const [type, text] = event.topic === GAP_TOPIC ? ["gap", event.data] : ["event", eventText(event)];
          this.#socket.send(`{"type":"${type}","id":${JSON.stringify(id)},"${type}":${text}}`);
        }
      }
      if (isOpen()) this.#send({ type: "ended", id });
    } catch (error) {
      if (isOpen()) this.#complain(id, error);
    } finally {
      if (isOpen()) this.#unsubscribe(id);
    }
  }

  /** Whether there was such a subscription. */
  #unsubscribe(id: string): boolean {
    const iterator = this.#subscriptions.get(id);
    if (iterator === undefined) return false;
    // Not awaited: a subscription that never ends must not hold the client.
    Promise.resolve(iterator.return?.()).catch(() => {});
    return this.#subscriptions.delete(id);
  }

  async #publish(id: string | undefined, topic: string, data: unknown): Promise<void> {
    if (this.#unanswered >= MAX_UNANSWERED) {
      return this.close(TRY_AGAIN_LATER, `at most ${MAX_UNANSWERED} publications may be unanswered`);
    }
    this.#unanswered++;
    try {
      const event = await this.#backend.publish(topic, data);
      this.#send({ type: "published", ...(id === undefined ? {} : { id }), event });
    } catch (error) {
      this.#complain(id, error);
    } finally {
      this.#unanswered--;
    }
  }

  #complain(id: string | undefined, error: unknown): void {
    this.#send({ type: "problem", ...(id === undefined ? {} : { id }), problem: problemOf(error) });
  }

  #send(message: unknown): void {
    if (!this.#ended) this.#socket.send(JSON.stringify(message));
  }

  #untilRoom(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    if (this.#room === undefined) this.#look(Promise.withResolvers<void>());
    return this.#room!.promise;
  }

  #look({ promise, resolve }: { readonly promise: Promise<void>; readonly resolve: () => void }): void {
    const cancel = this.#clock.after(LOOK_MS, () => {
      if (!this.#ended && this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
        return this.#look({ promise, resolve });
      }
      this.#room = undefined;
      resolve();
    });
    this.#room = { promise, resolve, cancel };
  }
}

/** The message, if it has the shape, and these members. */
function read<const S extends Shape, Key extends keyof S & string>(
  message: unknown,
  what: string,
  shape: S,
  keys: readonly Key[],
): Shaped<S> & Required<Pick<Shaped<S>, Key>> {
  const checked = checkShape(message, shape);
  if (!checked.ok) throw badRequest(what, checked.issues);
  const missing = keys.filter((key) => checked.value[key] === undefined);
  if (missing.length > 0) throw badRequest(what, missing.map((key) => `at '${key}': must be there`));
  return checked.value as Shaped<S> & Required<Pick<Shaped<S>, Key>>;
}

/** By which an answer is known, if the message has one. */
function idOf(message: unknown): string | undefined {
  const id = (message as { readonly id?: unknown } | null)?.id;
  return typeof id === "string" ? id : undefined;
}
