import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Address, BoundRef, type Sender } from "../../src/actor/ref.ts";
import { crossed, pack, unpack } from "../../src/actor/ref_token.ts";

const protocol = { "~millrace": "protocol", name: "counter", verbs: {} } as const;
/** Refs are only carried here: nobody sends by them. */
const ref = (host: number): BoundRef =>
  new BoundRef(undefined as unknown as Sender, protocol, { host, name: "a" });

/** Where a ref is in a value that is described. */
interface Spot {
  readonly spot: number;
}

const isSpot = (value: unknown): value is Spot =>
  typeof value === "object" && value !== null && "spot" in value;

/** Values in which a spot stands for each ref. */
const { value: described } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.nat(9).map((spot): unknown => ({ spot })),
    fc.constantFrom<unknown>(undefined, 1, "x", NaN, -0, 1n, new Date(0)),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { noNullPrototype: true }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((parts) => new Set(parts)),
  ),
}));

/** The value with something else at each spot. */
function fill(value: unknown, by: (spot: Spot) => unknown): unknown {
  if (isSpot(value)) return by(value);
  if (Array.isArray(value)) return value.map((part) => fill(part, by));
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [key, fill(part, by)]));
  if (value instanceof Set) return new Set([...value].map((part) => fill(part, by)));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fill(part, by)]));
}

Deno.test("pack and unpack bring each ref to where it was, and leave everything else as it is", () => {
  fc.assert(fc.property(described, (value) => {
    let refs = 0;
    const withRefs = fill(value, ({ spot }) => {
      refs = 1;
      return ref(spot);
    });
    const sent = crossed(withRefs);
    assertEquals(sent.refs, refs);
    const bind = ({ host }: Address, name: string): Spot => {
      assertEquals(name, "counter");
      return { spot: host };
    };
    assertEquals(sent.refs === 0 ? sent.value : unpack(sent.value, bind), value);
  }));
});

Deno.test("pack and unpack give a value without refs as it is, not a copy", () => {
  const none = (): never => {
    throw new Error("there is no ref");
  };
  for (
    const value of [
      { a: [NaN, { b: -0 }] },
      new Map<unknown, unknown>([[1, new Set([NaN])], [2, NaN]]),
      [1n],
      NaN,
    ]
  ) {
    assertStrictEquals(pack(value).value, value);
    assertStrictEquals(unpack(value, none), value);
  }
});

Deno.test("pack says whether a value may travel as text", () => {
  const kinds = [{ a: 1 }, undefined, [ref(1)], new Map()].map((value) => {
    const { plain, refs } = pack(value);
    return { plain, refs };
  });
  assertEquals(kinds, [
    { plain: true, refs: 0 },
    { plain: true, refs: 0 },
    { plain: false, refs: 1 },
    { plain: false, refs: 0 },
  ]);
});

Deno.test("pack never throws: what cannot be read is left to the clone that follows", () => {
  const trap = {
    get mine(): never {
      throw new Error("hands off");
    },
  };
  assertStrictEquals(pack(trap).value, trap);
  assertThrows(() => crossed(trap), Error, "hands off");
});

Deno.test("pack ends soon for a value that names one part many times over, or itself", () => {
  let wide: unknown = ref(1);
  for (let level = 0; level < 60; level++) wide = [wide, wide];
  const ring: unknown[] = [ref(1)];
  ring.push(ring);
  assert(pack(wide).plain === false && pack(ring).refs === 1);
});
