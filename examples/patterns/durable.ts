/**
 * Events that outlive the program: replay, and a consumer that acknowledges.
 * `deno run -A examples/patterns/durable.ts`.
 */
import { createBroker, type MillraceEvent, openSqliteEventLog } from "@millrace/millrace";
import { z } from "zod";

const Order = z.object({ id: z.number(), amount: z.number() });

export async function main(dir: string, print: (line: string) => void): Promise<void> {
  const path = `${dir}/events.db`;

  print("# Publish");
  {
    await using log = await openSqliteEventLog({ path });
    await using broker = createBroker({ log });
    await broker.declareTopic("orders.created", {
      durable: true,
      schema: Order,
      retention: { maxEvents: 1_000 },
    });
    for (let id = 1; id <= 4; id++) {
      // Resolves once the event is in the file.
      const { sequence } = await broker.publish("orders.created", { id, amount: id * 10 }, {
        id: `order-${id}`,
      });
      print(`order ${id} has sequence ${sequence}`);
    }
    const { duplicate } = await broker.publish("orders.created", { id: 4, amount: 40 }, { id: "order-4" });
    print(`published once more, and known by its id: ${duplicate}`);
  } // … and here the program ends.

  await using log = await openSqliteEventLog({ path });
  await using broker = createBroker({ log });
  print("# Replay, in another program");
  print(`from the first: ${await taken(broker.subscribe("orders.*", { since: "first" }), 4)}`);
  print(`from a sequence: ${await taken(broker.subscribe("orders.*", { since: { sequence: 3 } }), 2)}`);
  // As a browser does it that was away: Last-Event-ID.
  const back = broker.subscribe("orders.*", { since: { id: "order-3" } });
  await broker.publish("orders.created", { id: 5, amount: 50 }, { id: "order-5" });
  print(`after an event, and then live: ${await taken(back, 2)}`);

  print("# Consume");
  const billing = { name: "billing", maxDeliveries: 2, schema: Order };
  let left = 5;
  for await (const claim of broker.consume("orders.*", billing)) {
    const { id } = claim.event.data;
    if (id === 2) {
      print(`order 2 fails, try ${claim.tries}`);
      await claim.retry({ reason: "no such customer" });
    } else {
      print(`order ${id} is billed`);
      await claim.ack();
    }
    if ((id !== 2 || claim.tries === 2) && --left === 0) break;
  }
  for (const { event, reason, tries } of await broker.deadLetters("billing")) {
    print(`dead letter: ${event.id} after ${tries} tries: ${reason}`);
  }
  print(`delivered anew: ${await broker.redeliver("billing")}`);
  for await (const claim of broker.consume("orders.*", billing)) {
    print(`order ${claim.event.data.id} is billed at last`);
    await claim.ack();
    break;
  }

  print("# Complete");
  await broker.complete("orders.created");
  let kept = 0;
  for await (const _ of broker.subscribe("orders.created", { since: "first" })) kept++;
  print(`the loop over a complete topic ends, after ${kept} events`);
}

/** The ids of the next events. */
async function taken(events: AsyncIterable<MillraceEvent>, count: number): Promise<string> {
  const ids: string[] = [];
  for await (const event of events) if (ids.push(event.id) === count) break;
  return ids.join(" ");
}

if (import.meta.main) {
  const dir = await Deno.makeTempDir();
  // deno-lint-ignore no-console -- this is a program, and this is its answer
  await main(dir, (line) => console.log(line)).finally(() => Deno.remove(dir, { recursive: true }));
}
