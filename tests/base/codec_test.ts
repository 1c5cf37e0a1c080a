import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decode, encode } from "../../src/base/codec.ts";
import { MillraceError } from "../../src/base/errors.ts";

function roundTrip(value: unknown): unknown {
  return decode(encode(value));
}

/** The path that `encode` names when it refuses the value. */
function refusedPath(value: unknown): string {
  const error = assertThrows(() => encode(value), MillraceError);
  assert(MillraceError.is(error, "store/unencodable"));
  assert(error.message.includes(error.details.path), error.message);
  return error.details.path;
}

/** Own keys named `__proto__` are kept by JSON, and refused (tested below) where JSON does not do. */
function hasProtoKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Map) return [...value].flat().some(hasProtoKey);
  if (value instanceof Set) return [...value].some(hasProtoKey);
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProtoKey);
}

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
  withBoxedValues: true,
}).filter((value) => !hasProtoKey(value));

Deno.test("decode() gives back whatever encode() took", () => {
  fc.assert(fc.property(anything, (value) => assertEquals(roundTrip(value), value)), { numRuns: 1_000 });
});

/** What `fc.anything` has not: errors, regular expressions, URLs, other views, and one object at two places. */
const special = fc.oneof(
  fc.tuple(fc.constantFrom(Error, TypeError, RangeError, SyntaxError), fc.string(), fc.option(fc.string()))
    .map(
      ([Class, message, cause]) => new Class(message, cause === null ? {} : { cause: new URIError(cause) }),
    ),
  fc.tuple(fc.stringMatching(/^[a-z.*+?]{1,5}$/), fc.constantFrom("", "g", "iu")).chain(([source, flags]) => {
    try {
      return fc.constant(new RegExp(source, flags));
    } catch {
      return fc.constant(/fallback/);
    }
  }),
  fc.webUrl().map((url) => new URL(url)),
  fc.uint8Array().map((bytes) => bytes.buffer),
  fc.bigInt64Array(),
  anything.map((value) => [value, { again: value }]),
);

Deno.test("decode() gives back special values, at any place among others", () => {
  const place = fc.oneof(
    special,
    fc.array(fc.oneof(special, anything), { maxLength: 3 }),
    fc.dictionary(fc.string().filter((key) => key !== "__proto__"), special, {
      noNullPrototype: true,
      maxKeys: 3,
    }),
    fc.tuple(fc.string(), special).map(([key, value]) =>
      new Map<unknown, unknown>([[key, value], [value, new Set([key])]])
    ),
  );
  fc.assert(fc.property(place, (value) => assertEquals(roundTrip(value), value)), { numRuns: 500 });
});

Deno.test("encode() keeps objects that are one, and cycles through every kind of container", () => {
  const shared = { when: new Date(0) };
  const map = new Map<unknown, unknown>([["shared", shared]]);
  map.set("self", map);
  const set = new Set<unknown>([map, shared]);
  set.add(set);
  const back = roundTrip({ map, set, list: [shared, set] }) as {
    map: Map<string, unknown>;
    set: Set<unknown>;
    list: unknown[];
  };
  assert(back.map.get("self") === back.map);
  assert(back.map.get("shared") === back.list[0] && back.set.has(back.list[0]));
  assert(back.list[1] === back.set && back.set.has(back.set) && back.set.has(back.map));
});

Deno.test("decode() executes nothing and sets no prototype, whatever the text says", () => {
  let called = false;
  Object.defineProperty(globalThis, "codecProbe", { value: () => called = true, configurable: true });
  const texts = [
    '[["codecProbe",1],"x"]',
    '[{"__proto__":1},{"polluted":2},true]',
    '[["Object","codecProbe()"]]',
    '[["constructor",1],"codecProbe()"]',
    '[["__proto__",1],{}]',
    '[["Error",1],{"code":2,"message":2,"details":3,"name":4},"m",{},"__proto__"]',
    '[["RegExp","(a+)+$","g"]]',
  ];
  for (const text of texts) {
    try {
      decode({ codec: "devalue", text });
    } catch {
      // refused is well
    }
  }
  assertEquals([called, ({} as { polluted?: unknown }).polluted], [false, undefined]);
  Reflect.deleteProperty(globalThis, "codecProbe");
});

Deno.test("encode() gives what JSON gives for every JSON value", () => {
  fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
    const json = JSON.parse(JSON.stringify(value));
    assertEquals(encode(json), { codec: "json", text: JSON.stringify(json) });
  }));
});

Deno.test("encode() uses JSON exactly where JSON keeps the value", () => {
  fc.assert(
    fc.property(anything, (value) => {
      if (encode(value).codec === "json") assertEquals(JSON.parse(JSON.stringify(value)), value);
      else {
        const text = attempt(() => JSON.stringify(value));
        if (text === undefined) return;
        assertThrows(() => assertEquals(JSON.parse(text), value));
      }
    }),
    { numRuns: 1_000 },
  );
});

function attempt<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch {
    return undefined;
  }
}

const changedByJson: Record<string, unknown> = {
  "undefined": undefined,
  "an undefined property": { a: undefined },
  "undefined in an array": [undefined],
  "a hole": [1, , 2],
  "NaN": [NaN],
  "Infinity": { a: Infinity },
  "-0": [-0],
  "a bigint": { a: 2n ** 70n },
  "a date": { at: new Date(1_700_000_000_123) },
  "an invalid date": [new Date(NaN)],
  "a map": new Map<unknown, unknown>([["a", 1], [{ k: 1 }, new Set([1n])]]),
  "a regular expression": /a+/gi,
  "an URL": new URL("https://example.org/a?b=c"),
  "bytes inside": { bytes: new Uint8Array([1, 2, 255]) },
  "floats": new Float64Array([1.5, -0, NaN]),
  "a data view": new DataView(new Uint8Array([1, 2, 3]).buffer),
  "a boxed string": Object("text"),
  "an object without prototype": Object.assign(Object.create(null), { a: 1 }),
};
for (const [name, value] of Object.entries(changedByJson)) {
  Deno.test(`encode() keeps ${name}`, () => {
    assertEquals(encode(value).codec, "devalue");
    assertEquals(roundTrip(value), value);
  });
}

Deno.test("encode() keeps text of any kind, also lone surrogates and NUL", () => {
  const text = "a\u0000b\ud800c\u2028<é😀";
  assertEquals(roundTrip({ [text]: text }), { [text]: text });
  assertEquals(roundTrip([text, undefined]), [text, undefined]);
});

Deno.test("encode() keeps cycles", () => {
  const node: Record<string, unknown> = { name: "a" };
  node.self = node;
  const back = roundTrip(node) as Record<string, unknown>;
  assert(back.self === back);
});

Deno.test("encode() stores only the bytes that a view shows", () => {
  const pool = new Uint8Array(1_000_000).fill(7);
  const encoded = encode([pool.subarray(10, 13), new Uint16Array(pool.buffer, 2, 2)]);
  assert(encoded.text.length < 200);
  assertEquals(decode(encoded), [new Uint8Array([7, 7, 7]), new Uint16Array([0x0707, 0x0707])]);
});

Deno.test("encode() keeps message, name, stack and causes of an error", () => {
  const error = new TypeError("outer", { cause: new RangeError("inner") });
  const { error: back } = roundTrip({ error }) as { error: Error };
  assert(back instanceof Error);
  assertEquals([back.name, back.message, back.stack], ["TypeError", "outer", error.stack]);
  assert(back.cause instanceof Error);
  assertEquals([back.cause.name, back.cause.message], ["RangeError", "inner"]);
  assert(back instanceof TypeError && back.cause instanceof RangeError);
});

Deno.test("encode() keeps code and details of a MillraceError", () => {
  const error = new MillraceError("run/not-found", "Cannot find it", { details: { runId: "r" } });
  const back = roundTrip(error);
  assert(MillraceError.is(back, "run/not-found"));
  assertEquals(back.details, { runId: "r" });
});

Deno.test("encode() keeps an error that is its own cause", () => {
  const error = new Error("round");
  error.cause = error;
  assertEquals((roundTrip(error) as Error).message, "round");
});

Deno.test("encode() keeps an own key __proto__ in JSON and never sets a prototype", () => {
  const value = JSON.parse('{"__proto__":{"admin":true}}');
  const back = roundTrip(value) as Record<string, unknown>;
  assert(Object.hasOwn(back, "__proto__"));
  assertEquals(back.admin, undefined);
});

Deno.test("encode() refuses what it cannot keep and names the path", () => {
  class Point {
    x = 1;
  }
  class Names extends Map<string, string> {}
  assertEquals(refusedPath(() => 1), "$");
  assertEquals(refusedPath({ rows: [1, { fn() {} }] }), "$.rows[1].fn");
  assertEquals(refusedPath([Symbol("s")]), "$[0]");
  assertEquals(refusedPath({ a: { "b c": Promise.resolve() } }), '$.a["b c"]');
  assertEquals(refusedPath(new Map([["k", new Point()]])), '$.get("k")');
  assertEquals(refusedPath({ p: new Point() }), "$.p");
  assertEquals(refusedPath({ p: new Names() }), "$.p");
  assertEquals(refusedPath({ [Symbol("s")]: 1 }), "$");
  assertEquals(refusedPath({ m: "ab".match(/b/) }), "$.m");
  assertEquals(refusedPath([new WeakMap()]), "$[0]");
  assertEquals(refusedPath([JSON.parse('{"__proto__":1}'), undefined]), "$[0]");
});

Deno.test("encode() says what it refuses", () => {
  class Point {}
  assertThrows(() => encode({ p: new Point() }), MillraceError, "at $.p is an instance of Point");
  assertThrows(() => encode([() => 1]), MillraceError, "at $[0] is a function");
  assertThrows(() => encode([Promise.resolve()]), MillraceError, "at $[0] is a promise");
});

Deno.test("encode() refuses a value too deep to walk, with an error of ours", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 200_000; i++) deep = [deep];
  assertEquals(refusedPath(deep), "$");
});

Deno.test("decode() still reads what earlier versions of devalue wrote", () => {
  const text = '[{"at":1,"ids":2,"n":5,"b":6,"u":-1,"bytes":7},["Date","2023-11-14T22:13:20.123Z"],' +
    '["Map",3,-6,4,-3],"a","b",["BigInt","9"],["Set",3,4],["Uint8Array",8],["ArrayBuffer","AQL/"]]';
  assertEquals(decode({ codec: "devalue", text }), {
    at: new Date(1_700_000_000_123),
    ids: new Map([["a", -0], ["b", NaN]]),
    n: 9n,
    b: new Set(["a", "b"]),
    u: undefined,
    bytes: new Uint8Array([1, 2, 255]),
  });
});

Deno.test("decode() throws on text that no codec wrote", () => {
  assertThrows(() => decode({ codec: "json", text: "{" }));
  assertThrows(() => decode({ codec: "devalue", text: '[["Nope",1]]' }));
});
