/** A bare worker of the raw limits of events: posts, forwards or receives them, with nothing around it. */
import { type Order, order, OrderCheck, TOPIC } from "./bench_event.ts";

/** What a raw worker is told to do, with the ports to do it with. */
export type RawRole =
  /** Posts events in batches to each port: 1 is an object, 256 JSON text, 64 an array to be cloned. */
  | {
    readonly role: "publish";
    readonly to: readonly MessagePort[];
    readonly count: number;
    readonly batch: number;
  }
  | { readonly role: "forward"; readonly from: MessagePort; readonly to: MessagePort }
  /** Forwards both ways; with `answers` each sender is told, by a number, that it has been done. */
  | {
    readonly role: "relay";
    readonly one: MessagePort;
    readonly other: MessagePort;
    readonly answers: boolean;
  }
  | { readonly role: "read"; readonly from: MessagePort; readonly count: number }
  | { readonly role: "echo"; readonly port: MessagePort }
  /** Posts one event at a time, and waits until it is back. */
  | { readonly role: "lone"; readonly port: MessagePort; readonly count: number };

/** What the reader says at its end. */
export interface RawDone {
  readonly seen: number;
  readonly error?: string;
  /** How long each round took, in µs. */
  readonly took?: readonly number[];
}

interface RawEvent {
  readonly id: string;
  readonly topic: string;
  readonly timeMs: number;
  readonly source: string;
  readonly data: Order;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<RawRole>) => void) | null;
  postMessage(message: RawDone): void;
};

scope.onmessage = ({ data: work }) => {
  switch (work.role) {
    case "publish":
      return publish(work.to, work.count, work.batch);
    case "forward":
      return forward(work.from, work.to);
    case "relay":
      relay(work.one, work.other, work.answers);
      return relay(work.other, work.one, work.answers);
    case "read":
      return read(work.from, work.count);
    case "echo":
      work.port.onmessage = ({ data }) => typeof data === "number" || work.port.postMessage(data);
      return;
    case "lone":
      return lone(work.port, work.count);
  }
};

function forward(from: MessagePort, to: MessagePort): void {
  from.onmessage = ({ data }) => to.postMessage(data);
}

function relay(from: MessagePort, to: MessagePort, answers: boolean): void {
  from.onmessage = ({ data }) => {
    to.postMessage(data);
    if (answers) from.postMessage(1);
  };
}

function eventOf(n: number): RawEvent {
  const id = `01990000-0000-7000-8000-${String(n).padStart(12, "0")}`;
  return { id, topic: TOPIC, timeMs: Date.now(), source: "bench", data: order(n) };
}

function publish(to: readonly MessagePort[], count: number, batch: number): void {
  for (let first = 0; first < count; first += batch) {
    const events: RawEvent[] = [];
    for (let n = first; n < Math.min(first + batch, count); n++) events.push(eventOf(n));
    const message = batch === 1 ? events[0] : batch === 64 ? events : JSON.stringify(events);
    for (const port of to) port.postMessage(message);
  }
}

function read(from: MessagePort, count: number): void {
  const check = new OrderCheck();
  from.onmessage = ({ data }) => {
    try {
      const events: RawEvent[] = typeof data === "string"
        ? JSON.parse(data)
        : Array.isArray(data)
        ? data
        : [data];
      for (const event of events) check.take(event.data);
      if (check.seen < count) return;
      scope.postMessage({ seen: check.seen });
      from.close();
    } catch (error) {
      scope.postMessage({ seen: check.seen, error: String(error) });
    }
  };
}

function lone(port: MessagePort, count: number): void {
  const took: number[] = [];
  let startedMs = 0;
  const send = (): void => {
    startedMs = performance.now();
    port.postMessage(eventOf(took.length));
  };
  port.onmessage = ({ data }) => {
    if (typeof data === "number") return;
    took.push((performance.now() - startedMs) * 1_000);
    if (took.length < count) return send();
    scope.postMessage({ seen: took.length, took });
    port.close();
  };
  send();
}
