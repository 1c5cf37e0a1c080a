/** Tasks without a single schema: what they take and give stands in `orders.schemas.ts`. */
import { collect, definePipeline, defineTask, isFailure } from "@millrace/millrace";

/** How an order is paid. */
export type Payment = { kind: "card"; last4: string } | { kind: "invoice"; dueDays: number };

/** One order. */
export interface Order {
  id: string;
  amount: number;
  at: Date;
  payment: Payment;
  note?: string;
}

export const orders = defineTask({
  name: "orders",
  stream: true,
  async *run(): AsyncGenerator<Order> {
    yield { id: "o1", amount: 12.5, at: new Date(0), payment: { kind: "card", last4: "4242" } };
    yield { id: "o2", amount: 30, at: new Date(86_400_000), payment: { kind: "invoice", dueDays: 14 } };
  },
});

export const rates = defineTask({
  name: "rates",
  failSafe: true,
  run: () => new Map([["EUR", 1.08], ["NOK", 0.092]]),
});

export const totals = defineTask({
  name: "totals",
  inputs: { orders: collect(orders), rates },
  run({ orders, rates }) {
    const usd = orders.reduce((sum, order) => sum + order.amount, 0);
    return {
      usd,
      eur: isFailure(rates) ? null : usd / rates.get("EUR")!,
      ids: new Set(orders.map(({ id }) => id)),
    };
  },
});

export const report = defineTask({
  name: "report",
  inputs: { totals },
  run: ({ totals }: { totals: { usd: number } }) => `${totals.usd.toFixed(2)} USD`,
});

export const daily = definePipeline({ name: "daily", strict: true, tasks: [orders, rates, totals, report] });
