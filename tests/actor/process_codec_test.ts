import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { deserialize, frameOf, framePacket, serialize } from "../../src/actor/process_codec.ts";
import { type Packet, PacketReader } from "../../src/actor/packet.ts";

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withBoxedValues: true,
  withNullPrototype: false,
});

Deno.test("serialize keeps whatever structured clone keeps", () => {
  fc.assert(fc.property(anything, (value) => {
    assertEquals(deserialize(serialize(value)), structuredClone(value));
  }));
});

Deno.test("serialize refuses what structured clone refuses, and what only this process has", () => {
  const values = [
    () => {},
    Symbol(),
    new WeakMap(),
    Promise.resolve(),
    new SharedArrayBuffer(1),
    new Blob(["x"]),
  ];
  for (const value of values) {
    const error = assertThrows(() => serialize({ deep: [value] }), DOMException);
    assertEquals(error.name, "DataCloneError");
  }
});

Deno.test("serialize takes an instance for what structured clone makes of it", () => {
  class Point {
    x = 1;
    get double() {
      return 2 * this.x;
    }
  }
  assertEquals(deserialize(serialize([new Point()])), [{ x: 1 }]);
});

Deno.test("serialize keeps a view of a buffer and what shares it", () => {
  const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
  const [bytes, view] = deserialize(serialize([new Uint8Array(buffer), new DataView(buffer, 2)])) as [
    Uint8Array,
    DataView,
  ];
  assertEquals([view.byteOffset, view.getUint8(1)], [2, 4]);
  assert(view.buffer === bytes.buffer);
});

Deno.test("framePacket and frameOf: a frame of text stays text, a frame of parts is kept part by part", () => {
  for (const frame of ['[[0,"é\u{1f600}"]]', ["[1]", [0, "a", "v", [new Date(1)], 0, null]]] as const) {
    const read: unknown[] = [];
    const reader = new PacketReader((packet: Packet) => read.push(packet.link, frameOf(packet)));
    reader.push(framePacket(3, frame as string));
    assertEquals(read, [3, frame]);
  }
});
