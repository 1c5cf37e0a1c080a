/** The event that all benchmarks of events carry: 157 bytes as JSON (PERFORMANCE, head of the page). */

/** Its topic. */
export const TOPIC = "bench.orders.created";
/** The pattern that the subscriber asks for. */
export const PATTERN = "bench.orders.*";

/** What happened. */
export interface Order {
  /** The number of the event: what a reader checks count and order by. */
  readonly orderId: number;
  readonly amount: number;
  readonly currency: string;
  readonly ok: boolean;
}

/** The data of event number `orderId`. */
export function order(orderId: number): Order {
  return { orderId, amount: 1299, currency: "EUR", ok: true };
}

/** Checks that every event comes once and in order. */
export class OrderCheck {
  #seen = 0;

  /** How many came. */
  get seen(): number {
    return this.#seen;
  }

  /** One more came. */
  take(data: Order): void {
    if (data.orderId !== this.#seen) {
      throw new Error(`Cannot go on as events must come in order: ${data.orderId} instead of ${this.#seen}`);
    }
    this.#seen++;
  }
}

/** The whole event, as plain data. */
export interface BenchEvent {
  readonly id: string;
  readonly topic: string;
  readonly ts: number;
  readonly src: string;
  readonly data: Order;
}

/** Event number `n`: 157 bytes as JSON. */
export function benchEvent(n: number): BenchEvent {
  const id = "01990000-0000-7000-8000-000000000000";
  return { id, topic: TOPIC, ts: 1_764_000_000_000 + n, src: "bench", data: order(n) };
}
