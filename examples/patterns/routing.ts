/** Who gets an event: patterns, groups, full buffers. `deno run examples/patterns/routing.ts`. */
import { createBroker, isSubset, matchTopic, type MillraceEvent, patternsOverlap } from "@millrace/millrace";

export async function main(print: (line: string) => void): Promise<void> {
  print("# Patterns");
  const topics = ["orders.created", "orders.eu.created", "orders", "payments.failed", "$sys.advisory.slow"];
  const patterns = ["orders.*", "orders.**", "**.created", "*.failed|orders", "**", "$sys.**"];
  for (const pattern of patterns) {
    print(`${pattern}: ${topics.filter((topic) => matchTopic(pattern, topic)).join(", ")}`);
  }
  print(`whatever matches orders.*, matches orders.**: ${isSubset("orders.*", "orders.**")}`);
  print(`some topic matches both *.created and orders.*: ${patternsOverlap("*.created", "orders.*")}`);

  await using broker = createBroker();

  print("# Publish and subscribe");
  // Subscribed from here on, not only from the first turn of the loop.
  const all = broker.subscribe(["orders.**", "payments.**"]);
  const { matched } = await broker.publish("orders.created", { id: 1, amount: 12 });
  print(`subscriptions that match: ${matched}`);
  await broker.declareTopic("orders.eu.paid");
  await broker.declareTopic("orders.us.paid");
  const { topics: reached } = await broker.publishPattern("orders.*.paid", { id: 1 });
  print(`one publication, topics: ${reached.join(", ")}`);
  for await (const event of all) {
    print(`${event.topic} ${JSON.stringify(event.data)}`);
    if (event.topic === "orders.us.paid") break; // leaving the loop unsubscribes
  }

  print("# Groups share the events");
  const members = [1, 2].map(() => broker.subscribe("work.*", { group: "workers" }));
  for (let n = 1; n <= 6; n++) await broker.publish("work.todo", n);
  const shares = members.map(({ stats }) => stats.offered);
  print(`of 6 events, each member got some: ${shares.join(" + ")}`);
  for (const member of members) member.close();

  print("# Full buffers");
  // Each with room for two; none of them slows the publisher or the others.
  const advisories = broker.subscribe("$sys.advisory.slow");
  const latest = broker.subscribe("tick.*", { capacity: 2 });
  const first = broker.subscribe("tick.*", { capacity: 2, overflow: "drop-newest" });
  const current = broker.subscribe("tick.*", { capacity: 2, overflow: "conflate" });
  for (let n = 1; n <= 5; n++) await broker.publish(n === 1 ? "tick.b" : "tick.a", n);
  print(`drop-oldest keeps: ${await taken(latest, 2)}`);
  print(`drop-newest keeps: ${await taken(first, 2)}`);
  print(`conflate keeps of each topic the latest: ${await taken(current, 2)}`);
  print(`told of ${advisories.stats.depth} slow subscriptions`);
  advisories.close();
  // This one slows its publisher down, and loses nothing.
  const every = broker.subscribe("tick.*", { capacity: 2, overflow: "backpressure" });
  const publishing = (async () => {
    for (let n = 1; n <= 5; n++) await broker.publish("tick.a", n);
  })();
  print(`backpressure keeps: ${await taken(every, 5)}`);
  await publishing;
}

/** The data of the next events. */
async function taken(events: AsyncIterable<MillraceEvent>, count: number): Promise<string> {
  const data: unknown[] = [];
  for await (const event of events) if (data.push(event.data) === count) break;
  return data.map((value) => JSON.stringify(value)).join(" ");
}

// deno-lint-ignore no-console -- this is a program, and this is its answer
if (import.meta.main) await main((line) => console.log(line));
