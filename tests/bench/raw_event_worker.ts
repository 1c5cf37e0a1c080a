/** A bare worker of the raw limit of events: posts, forwards or receives them, with nothing around it. */
import { type Order, order, OrderCheck, TOPIC } from "./bench_event.ts";

/** What a raw worker is told to do, with the ports to do it with. */
export type RawRole =
  | { readonly role: "publish"; readonly to: MessagePort; readonly count: number; readonly batch: number }
  | { readonly role: "forward"; readonly from: MessagePort; readonly to: MessagePort }
  | { readonly role: "read"; readonly from: MessagePort; readonly count: number };

/** What the reader says at its end. */
export interface RawDone {
  readonly seen: number;
  readonly error?: string;
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
  if (work.role === "publish") publish(work.to, work.count, work.batch);
  if (work.role === "forward") work.from.onmessage = ({ data }) => work.to.postMessage(data);
  if (work.role === "read") read(work.from, work.count);
};

/** One object a message if `batch` is 1, else JSON text of so many. */
function publish(to: MessagePort, count: number, batch: number): void {
  for (let first = 0; first < count; first += batch) {
    const events: RawEvent[] = [];
    for (let n = first; n < Math.min(first + batch, count); n++) {
      const id = `01990000-0000-7000-8000-${String(n).padStart(12, "0")}`;
      events.push({ id, topic: TOPIC, timeMs: Date.now(), source: "bench", data: order(n) });
    }
    to.postMessage(batch === 1 ? events[0] : JSON.stringify(events));
  }
}

function read(from: MessagePort, count: number): void {
  const check = new OrderCheck();
  from.onmessage = ({ data }) => {
    try {
      const events: RawEvent[] = typeof data === "string" ? JSON.parse(data) : [data];
      for (const event of events) check.take(event.data);
      if (check.seen < count) return;
      scope.postMessage({ seen: check.seen });
      from.close();
    } catch (error) {
      scope.postMessage({ seen: check.seen, error: String(error) });
    }
  };
}
