/**
 * The transport over Web Workers: one worker per host, a `MessageChannel` per pair of hosts that talk.
 *
 * @module
 */
import type { Frame } from "./frame.ts";
import type { Link, ToHost, Transport, Wire, WireEvents } from "./port.ts";
import { type FromWorker, messagePortLink, type ToWorker } from "./worker_orders.ts";

/**
 * Hosts in Web Workers.
 *
 * @param entry The URL of a module whose first turn calls `serveWorkerHost()`. Without query or fragment: the
 * registry's integrity check refuses those.
 */
export function workerTransport(entry: URL): Transport {
  return {
    kind: "worker",
    killsLoops: false,
    keepsLimits: false,
    start: (_host, label, events) => new WorkerWire(entry, label, events),
    connect(a, aHost, b, bHost) {
      const { port1, port2 } = new MessageChannel();
      (a as WorkerWire).join(bHost, port1);
      (b as WorkerWire).join(aHost, port2);
      return true;
    },
  };
}

class WorkerWire implements Wire {
  readonly #worker: Worker;
  readonly #events: WireEvents;
  /** The ends of its links that this thread holds. */
  readonly #links = new Map<number, Link>();
  #ended = false;

  constructor(entry: URL, label: string, events: WireEvents) {
    this.#events = events;
    const worker = this.#worker = new Worker(entry, { type: "module", name: label });
    worker.onmessage = ({ data }: MessageEvent<FromWorker | null | undefined>) => {
      const said = data?.["~millrace"];
      if (said !== undefined) events.said(said);
    };
    // Without preventDefault() the error of a worker ends this process too (ACTORS M1).
    worker.onerror = (event) => {
      event.preventDefault();
      if (!this.#ended) events.lost(event.message);
    };
  }

  order(order: ToHost): void {
    this.#post({ type: "order", order });
    // The first order makes its node; this thread is the first whom it can talk to.
    if (order.type === "hello") this.open(0);
  }

  deliver(from: number, frame: Frame): void {
    this.#links.get(from)?.post(frame);
  }

  open(peer: number): void {
    const { port1, port2 } = new MessageChannel();
    this.#links.get(peer)?.close();
    this.#links.set(peer, messagePortLink(port1, (frame) => this.#events.frame(peer, frame)));
    this.join(peer, port2);
  }

  /** Hands over the port of a link. */
  join(peer: number, port: MessagePort): void {
    this.#post({ type: "link", host: peer, port }, [port]);
  }

  kill(): void {
    this.#ended = true;
    this.#worker.terminate();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    if (!this.#ended) this.#worker.postMessage(message, transfer);
  }
}
