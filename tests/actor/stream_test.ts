import { assertEquals } from "@std/assert";
import { fromWire } from "../../src/base/errors.ts";
import { Kind, type Message } from "../../src/actor/message.ts";
import { StreamServer } from "../../src/actor/stream.ts";

/** A server whose turns of the loop end when the test says so. */
function serve(credit: number) {
  const sent: Message[] = [];
  const turns: (() => void)[] = [];
  const server = new StreamServer(7, credit, {
    emit: (message) => void sent.push(message),
    later: (fn) => void turns.push(fn),
    done: () => {},
  });
  return { server, sent, endTurn: () => turns.splice(0).forEach((fn) => fn()) };
}

/** Lets everything go on that waits for nothing but promises. */
async function settle(): Promise<void> {
  for (let n = 0; n < 50; n++) await Promise.resolve();
}

function itemsOf(sent: readonly Message[]): unknown[] {
  return sent.filter((message) => message[0] === Kind.Next).map((message) => message[2]);
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
  assertEquals(end[0] === Kind.End && fromWire(end[2]!).message, "broken on purpose");
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
