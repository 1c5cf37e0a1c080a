/** A bare worker of the raw limits of the kernel: sends, takes, asks or echoes, with nothing around it. */
import { type BenchEvent, benchEvent, OrderCheck } from "./bench_event.ts";

/** What a raw worker is told to do, with the port to do it with. */
export type RawOrder =
  /** Sends events in batches; a batch of 1 is an object, a greater one JSON text. */
  | { readonly role: "send"; readonly port: MessagePort; readonly count: number; readonly batch: number }
  /** Takes so many events. */
  | { readonly role: "take"; readonly port: MessagePort; readonly count: number }
  /** Sends an object and waits for it to come back, so many at once. */
  | { readonly role: "ask"; readonly port: MessagePort; readonly count: number; readonly inFlight: number }
  /** Sends back whatever comes. */
  | { readonly role: "echo"; readonly port: MessagePort };

/** What a raw worker says at its end. */
export interface RawReport {
  readonly seen: number;
  /** How long each round trip took, in µs. */
  readonly took: readonly number[];
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<RawOrder>) => void) | null;
  postMessage(message: RawReport): void;
};

scope.onmessage = ({ data: order }) => {
  switch (order.role) {
    case "send":
      return void send(order.port, order.count, order.batch);
    case "take":
      return take(order.port, order.count);
    case "ask":
      return ask(order.port, order.count, order.inFlight);
    case "echo":
      order.port.onmessage = ({ data }) => order.port.postMessage(data);
  }
};

async function send(port: MessagePort, count: number, batch: number): Promise<void> {
  for (let first = 0; first < count; first += batch) {
    if (batch === 1) port.postMessage(benchEvent(first));
    else {
      const events: BenchEvent[] = [];
      for (let n = first; n < Math.min(first + batch, count); n++) events.push(benchEvent(n));
      port.postMessage(JSON.stringify(events));
    }
    if (first % 1_024 === 0) await Promise.resolve();
  }
}

function take(port: MessagePort, count: number): void {
  const check = new OrderCheck();
  port.onmessage = ({ data }) => {
    const events: BenchEvent[] = typeof data === "string" ? JSON.parse(data) : [data];
    for (const event of events) check.take(event.data);
    if (check.seen === count) scope.postMessage({ seen: check.seen, took: [] });
  };
}

function ask(port: MessagePort, count: number, inFlight: number): void {
  const startedMs = new Map<number, number>();
  const took: number[] = [];
  let next = 0;
  const post = (): void => {
    startedMs.set(next, performance.now());
    port.postMessage(benchEvent(next++));
  };
  port.onmessage = ({ data }: MessageEvent<BenchEvent>) => {
    took.push((performance.now() - startedMs.get(data.data.orderId)!) * 1_000);
    if (took.length === count) scope.postMessage({ seen: count, took });
    else if (next < count) post();
  };
  while (next < Math.min(inFlight, count)) post();
}
