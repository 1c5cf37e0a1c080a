import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bytesPacket, PacketReader, PacketType, textOf, textPacket } from "../../src/actor/packet.ts";

/** What a reader makes of bytes that arrive in these pieces. */
function readAll(pieces: readonly Uint8Array<ArrayBuffer>[]): unknown[] {
  const packets: unknown[] = [];
  const reader = new PacketReader(({ type, link, body }) =>
    packets.push([type, link, type === PacketType.Text ? textOf(body) : [...body]])
  );
  for (const piece of pieces) reader.push(piece);
  return packets;
}

const packets = fc.array(fc.record({
  link: fc.nat(0xffff_ffff),
  body: fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array({ maxLength: 40 })),
}));

Deno.test("PacketReader gives back every packet, however the bytes are cut up", () => {
  fc.assert(fc.property(packets, fc.array(fc.nat()), (sent, cuts) => {
    const bytes = sent.flatMap(({ link, body }) => [
      ...(typeof body === "string" ? textPacket(link, body) : bytesPacket(PacketType.Parts, link, body)),
    ]);
    const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    const pieces = at.slice(1).map((end, index) => Uint8Array.from(bytes.slice(at[index], end)));
    assertEquals(
      readAll(pieces),
      sent.map(({ link, body }) =>
        typeof body === "string" ? [PacketType.Text, link, body] : [PacketType.Parts, link, [...body]]
      ),
    );
  }));
});

Deno.test("PacketReader gives a packet as soon as it is there", () => {
  const packet = bytesPacket(PacketType.Control, 7, new Uint8Array([1, 2]));
  assertEquals(readAll([packet.slice(0, -1)]), []);
  assertEquals(readAll([packet]), [[PacketType.Control, 7, [1, 2]]]);
  assertEquals(readAll([bytesPacket(PacketType.Control, 7, new Uint8Array())]), [[
    PacketType.Control,
    7,
    [],
  ]]);
});

Deno.test("PacketReader refuses what is no packet", () => {
  const stray = new TextEncoder().encode("Hello, world\n") as Uint8Array<ArrayBuffer>;
  assertThrows(() => readAll([stray]), RangeError, "its type must be known: it is 111");
});
