/** What a value is after its way to an actor and back: in every place the same. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { behaviour, SOON } from "./behaviour.ts";
import { placedSubject } from "./fixtures_placed.ts";
import type { PlaceName } from "./place.ts";

/** Two roads, one result: JSON for what it keeps, structured clone for the rest. */
const VALUES: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  booleans: [true, false],
  "numbers that JSON keeps": [0, -1, 1.5, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, 1e308],
  "numbers that it does not": [-0, NaN, Infinity, -Infinity],
  bigints: [0n, -1n, 2n ** 100n],
  texts: ["", "x", "\u0000", "\u2028", "\ud83d\ude00", "\ud800", '"\\'],
  "undefined in an array": [undefined, 1, undefined],
  "undefined in an object": { a: undefined, b: { c: undefined } },
  "holes in an array": [1, , 3], // deno-lint-ignore no-sparse-arrays -- what is tested
  "a Date": [new Date(0), new Date(NaN)],
  "a RegExp": /a.b/gi,
  "Map and Set": [new Map<unknown, unknown>([["a", 1], [{ k: 1 }, new Set([1, "1"])]]), new Set()],
  "typed arrays": [new Uint8Array([1, 2]), new Float64Array([-0, NaN]), new BigInt64Array([1n])],
  "a buffer": new Uint8Array([1, 2, 3]).buffer,
  "a view of a part": new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  "an empty object and an empty array": [{}, []],
  "odd keys": { "": 1, "0": 2, "a.b": 3, constructor: 4, toString: 5 },
  "a key __proto__": JSON.parse('{"__proto__":{"polluted":true},"a":1}'),
  "an object without a prototype": { ...Object.assign(Object.create(null), { a: 1 }) },
  "wide and deep": {
    a: [{ b: [{ c: [{ d: ["e", null, 1] }] }] }],
    f: Array.from({ length: 1_000 }, (_, n) => ({ n })),
  },
};

export function valueContract(name: PlaceName): void {
  const it = behaviour.bind(undefined, "ActorRef", name);

  it("values survive the way there and back, each by itself", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    for (const [kind, value] of Object.entries(VALUES)) {
      assertEquals(await ref.ask("echo", value, SOON), value, kind);
    }
  });

  it("values survive side by side in one burst", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const values = Object.values(VALUES);
    for (const value of values) ref.tell("note", value);
    assertEquals(await Promise.all(values.map((value) => ref.ask("echo", value, SOON))), values);
    assertEquals(await ref.ask("notes", undefined, SOON), values);
  });

  it("a cycle survives", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const ring: { name: string; next?: unknown } = { name: "ring" };
    ring.next = [ring];
    const back = await ref.ask("echo", ring, SOON) as { name: string; next: unknown[] };
    assertEquals(back.name, "ring");
    assertStrictEquals(back.next[0], back);
  });

  it("parts that a value names twice are there twice", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const part = { n: [1, 2] };
    assertEquals(await ref.ask("echo", { a: part, b: [part] }, SOON), { a: part, b: [part] });
    const [a, b] = await ref.ask("echo", [part, part], SOON) as unknown[];
    // Plain values travel as text, in which a part is written out each time.
    assert(a !== b);
    const [map, same] = await ref.ask("echo", [new Map(), part, part], SOON).then((all) => [
      (all as unknown[])[0],
      (all as unknown[])[1] === (all as unknown[])[2],
    ]);
    assertEquals([map, same], [new Map(), true]);
  });

  it("what an actor gets is its own: nothing that it does to it is seen by others", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    for (const value of [{ list: [1] }, { list: [1], at: new Date(0) }]) {
      const back = await ref.ask("echo", value, SOON) as typeof value;
      back.list.push(2);
      assertEquals(value.list, [1]);
    }
  });

  it("texts and buffers of a mebibyte survive", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    const text = "\u00e9".repeat(2 ** 20);
    assertStrictEquals(await ref.ask("echo", text, SOON), text);
    const bytes = new Uint8Array(2 ** 20).map((_, index) => index % 251);
    const back = await ref.ask("echo", { bytes }, SOON) as { bytes: Uint8Array };
    assertEquals(back.bytes.length, bytes.length);
    assert(back.bytes.every((byte, index) => byte === index % 251));
    // What was sent is still there: it was copied.
    assertEquals(bytes.length, 2 ** 20);
  });

  it("an instance of a class arrives as its data", async (place) => {
    const ref = await place.spawn(placedSubject, undefined, { name: "subject" });
    class Point {
      constructor(readonly x: number, readonly y: number) {}
      get sum(): number {
        return this.x + this.y;
      }
    }
    const back = await ref.ask("echo", new Point(1, 2), SOON);
    assertEquals(back, { x: 1, y: 2 });
    assertEquals(Object.getPrototypeOf(back), Object.prototype);
  });
}
