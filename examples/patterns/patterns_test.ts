import { assert, assertEquals } from "@std/assert";
import { main as durable } from "./durable.ts";
import { main as routing } from "./routing.ts";

/** The lines below each heading. */
async function sectionsOf(
  program: (print: (line: string) => void) => Promise<void>,
): Promise<Record<string, string[]>> {
  const sections: Record<string, string[]> = {};
  let lines: string[] = [];
  await program((line) => {
    if (line.startsWith("# ")) sections[line.slice(2)] = lines = [];
    else lines.push(line);
  });
  return sections;
}

Deno.test("routing shows patterns, groups and what a full buffer does", async () => {
  const sections = await sectionsOf(routing);
  assertEquals(sections["Patterns"]!.slice(0, 6), [
    "orders.*: orders.created",
    "orders.**: orders.created, orders.eu.created, orders",
    "**.created: orders.created, orders.eu.created",
    "*.failed|orders: orders, payments.failed",
    "**: orders.created, orders.eu.created, orders, payments.failed",
    "$sys.**: $sys.advisory.slow",
  ]);
  assertEquals(sections["Publish and subscribe"], [
    "subscriptions that match: 1",
    "one publication, topics: orders.eu.paid, orders.us.paid",
    'orders.created {"id":1,"amount":12}',
    'orders.eu.paid {"id":1}',
    'orders.us.paid {"id":1}',
  ]);
  assertEquals(sections["Groups share the events"], ["of 6 events, each member got some: 3 + 3"]);
  assertEquals(sections["Full buffers"], [
    "drop-oldest keeps: 4 5",
    "drop-newest keeps: 1 2",
    "conflate keeps of each topic the latest: 1 5",
    "told of 2 slow subscriptions",
    "backpressure keeps: 1 2 3 4 5",
  ]);
});

Deno.test("durable shows replay, and a consumer with acknowledgements and dead letters", async () => {
  const dir = await Deno.makeTempDir();
  const sections = await sectionsOf((print) => durable(dir, print));
  assertEquals(sections["Publish"]!.at(-1), "published once more, and known by its id: true");
  assertEquals(sections["Replay, in another program"], [
    "from the first: order-1 order-2 order-3 order-4",
    "from a sequence: order-3 order-4",
    "after an event, and then live: order-4 order-5",
  ]);
  assertEquals(sections["Consume"]!.filter((line) => line.includes("order 2")), [
    "order 2 fails, try 1",
    "order 2 fails, try 2",
    "order 2 is billed at last",
  ]);
  assertEquals(sections["Consume"]!.filter((line) => line.startsWith("dead letter")), [
    "dead letter: order-2 after 2 tries: no such customer",
  ]);
  assertEquals(sections["Complete"], ["the loop over a complete topic ends, after 5 events"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("the programs run as the README says", async () => {
  const root = new URL("../..", import.meta.url);
  for (const args of [["examples/patterns/routing.ts"], ["-A", "examples/patterns/durable.ts"]]) {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...args],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assert(new TextDecoder().decode(stdout).startsWith("# "));
  }
});
