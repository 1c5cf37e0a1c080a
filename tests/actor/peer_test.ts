import { assert, assertEquals } from "@std/assert";
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

Deno.test("RemotePeer keeps the windows through which something is on its way, and forgets the others", () => {
  const peer = new RemotePeer(1, { uncloneable: () => {}, soon: () => {}, later: () => {} });
  for (let n = 0; n < 100; n++) peer.tell(`busy ${n}`, "note", n, null);
  for (let n = 0; n < 10_000; n++) {
    peer.tell(`brief ${n}`, "note", n, null);
    peer.acknowledged(`brief ${n}`, 1);
  }
  assert(peer.windows >= 100 && peer.windows <= 512, `${peer.windows} windows`);
  for (let n = 0; n < 100; n++) assertEquals(peer.gate(`busy ${n}`).used, 1);
});

Deno.test("RemotePeer tells the other side soon what many actors have taken, however little it is of each", () => {
  const frames: Frame[] = [];
  const soon: (() => void)[] = [];
  const peer = new RemotePeer(1, {
    uncloneable: () => {},
    soon: (fn) => void soon.push(fn),
    later: () => {},
  });
  peer.connect({ post: (frame) => void frames.push(frame), close: () => {} });
  for (let n = 0; n < 200; n++) {
    peer.taken(`actor ${n}`, 1);
    soon.splice(0).forEach((fn) => fn());
  }
  const told = frames.flatMap(decodeFrame).filter(([kind]) => kind === Kind.Ack).length;
  assert(told >= 128 && frames.length <= 8, `${told} in ${frames.length} frames`);
});

Deno.test("RemotePeer.emitAlong sends with the next frame, and by itself only in a later turn", () => {
  const frames: Frame[] = [];
  const [soon, later]: [(() => void)[], (() => void)[]] = [[], []];
  const peer = new RemotePeer(1, {
    uncloneable: () => {},
    soon: (fn) => void soon.push(fn),
    later: (fn) => void later.push(fn),
  });
  const run = (turn: (() => void)[]): void => turn.splice(0).forEach((fn) => fn());
  peer.connect({ post: (frame) => void frames.push(frame), close: () => {} });
  peer.emitAlong([Kind.More, 1, 2]);
  run(soon);
  assertEquals(frames, []);
  peer.tell("actor", "note", 1, null);
  run(soon);
  assertEquals(frames.map((frame) => decodeFrame(frame).map(([kind]) => kind)), [[Kind.More, Kind.Tell]]);
  run(later);
  assertEquals(frames.length, 1);
  peer.emitAlong([Kind.More, 1, 2]);
  peer.emitAlong([Kind.More, 3, 4]);
  run(later);
  assertEquals(decodeFrame(frames[1]!), [[Kind.More, 1, 2], [Kind.More, 3, 4]]);
  assertEquals([frames.length, soon.length, later.length], [2, 0, 0]);
});
