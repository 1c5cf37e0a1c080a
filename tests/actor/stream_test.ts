import { assertEquals } from "@std/assert";
import { fromWire } from "../../src/base/errors.ts";
import type { WireError } from "../../src/base/errors.ts";
import { StreamServer } from "../../src/actor/stream.ts";

/** Items, or the end. */
type Sent = { readonly items: readonly unknown[] } | { readonly error: WireError | null };

/** A server whose turns of the loop end when the test says so. */
function serve(credit: number) {
  const sent: Sent[] = [];
  const turns: (() => void)[] = [];
  const server = new StreamServer(credit, {
    next: (items) => void sent.push({ items }),
    end: (error) => void sent.push({ error }),
    later: (fn) => void turns.push(fn),
    done: () => {},
  });
  return { server, sent, endTurn: () => turns.splice(0).forEach((fn) => fn()) };
}

/** Lets everything go on that waits for nothing but promises. */
async function settle(): Promise<void> {
  for (let n = 0; n < 50; n++) await Promise.resolve();
}

function itemsOf(sent: readonly Sent[]): unknown[] {
  return sent.flatMap((one) => "items" in one ? [one.items] : []);
}

/** Gives three items and stays open. */
async function* open() {
  yield* [1, 2, 3];
  await new Promise(() => {});
}

Deno.test("StreamServer sends the first item at once and the rest of the turn in one message", async () => {
  const { server, sent, endTurn } = serve(10);
  void server.run(open());
  await settle();
  assertEquals(itemsOf(sent), [[1]]);
  endTurn();
  assertEquals(itemsOf(sent), [[1], [2, 3]]);
});

Deno.test("StreamServer keeps nothing back once the credit is used up", async () => {
  const { server, sent, endTurn } = serve(2);
  void server.run(open());
  await settle();
  assertEquals(itemsOf(sent), [[1], [2]]);
  server.more(1);
  await settle();
  assertEquals(itemsOf(sent), [[1], [2], [3]]);
  endTurn();
  assertEquals(itemsOf(sent), [[1], [2], [3]]);
});

Deno.test("StreamServer sends what it has before the end, be it an error", async () => {
  const { server, sent } = serve(10);
  await server.run((function* () {
    yield* [1, 2];
    throw new RangeError("broken on purpose");
  })());
  assertEquals(itemsOf(sent), [[1], [2]]);
  const end = sent.at(-1)!;
  assertEquals("error" in end && fromWire(end.error!).message, "broken on purpose");
});

Deno.test("StreamServer sends nothing any more to a reader that has left", async () => {
  const { server, sent, endTurn } = serve(10);
  void server.run(open());
  await settle();
  server.cancel();
  endTurn();
  await settle();
  assertEquals(itemsOf(sent), [[1]]);
});
