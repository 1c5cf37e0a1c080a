import { assertEquals } from "@std/assert";
import { decodeFrame, type Frame } from "../../src/actor/frame.ts";
import { Kind, type Message } from "../../src/actor/message.ts";
import { RemotePeer } from "../../src/actor/peer.ts";

Deno.test("RemotePeer sends the items before one that cannot be cloned, and none after it", async () => {
  const frames: Frame[] = [];
  const refused: Message[] = [];
  const turns: (() => void)[] = [];
  const peer = new RemotePeer(1, {
    uncloneable: (message) => void refused.push(message),
    soon: queueMicrotask,
    later: (fn) => void turns.push(fn),
  });
  peer.connect({ post: (frame) => void frames.push(structuredClone(frame)), close: () => {} });
  peer.opened(7);
  const unclonable = { deep: () => {} };
  peer.serve(
    "echo",
    7,
    10,
    (function* () {
      yield* [1, 2, unclonable, 4];
    })(),
  );
  for (let n = 0; n < 50; n++) await Promise.resolve();
  turns.splice(0).forEach((fn) => fn());
  await Promise.resolve();
  assertEquals(
    frames.flatMap(decodeFrame).filter(([kind]) => kind === Kind.Next).map((message) => message[2]),
    [[1], [2]],
  );
  assertEquals(refused, [[Kind.Next, 7, [unclonable], 0]]);
});
