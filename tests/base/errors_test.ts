import { assert, assertEquals, assertInstanceOf, assertMatch, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { ERROR_CODES, type ErrorCode } from "../../src/base/error_codes.ts";
import {
  fromWire,
  MAX_CAUSE_DEPTH,
  MAX_ERROR_TEXT,
  messageOf,
  MillraceError,
  toWire,
} from "../../src/base/errors.ts";

const timedOut = (): MillraceError<"task/timed-out"> =>
  new MillraceError("task/timed-out", "Cannot finish", {
    details: { task: "t", attempt: 2, timeoutMs: 5 },
    cause: new TypeError("inner"),
  });

Deno.test("MillraceError carries code, details and cause, and knows whether to try again", () => {
  const error = timedOut();
  assertInstanceOf(error, Error);
  assertEquals([error.name, error.code, error.retryable], ["MillraceError", "task/timed-out", true]);
  assertEquals(error.details, { task: "t", attempt: 2, timeoutMs: 5 });
  assertEquals((error.cause as Error).message, "inner");
  assertEquals(Object.hasOwn(error, "name"), false);
  assertEquals("cause" in new MillraceError("broker/closed", "Cannot", { details: {} }), false);
});

Deno.test("MillraceError.is tells ours from others, and one code from another", () => {
  assert(MillraceError.is(timedOut()));
  assert(MillraceError.is(timedOut(), "task/timed-out"));
  assertEquals(MillraceError.is(timedOut(), "task/threw"), false);
  for (const other of [new Error("x"), undefined, null, "task/timed-out", { code: "task/timed-out" }]) {
    assertEquals(MillraceError.is(other), false);
  }
});

Deno.test("the catalogue names its codes stage/kebab-case", () => {
  for (const code of Object.keys(ERROR_CODES)) assertMatch(code, /^[a-z]+\/[a-z]+(-[a-z]+)*$/);
});

Deno.test("toWire and fromWire bring an error of ours over a thread boundary, causes and stack included", () => {
  const error = timedOut();
  const back = fromWire(structuredClone(toWire(error)));
  assert(MillraceError.is(back, "task/timed-out"));
  assertEquals(back.message, error.message);
  assertEquals(back.details, error.details);
  assertEquals([back.retryable, back.stack], [true, error.stack]);
  assertEquals([(back.cause as Error).name, (back.cause as Error).message], ["TypeError", "inner"]);
});

Deno.test("toWire and fromWire keep name, message and stack of an error that is not ours", () => {
  const error = new RangeError("too far");
  const wire = toWire(error);
  assertEquals({ ...wire, stack: "" }, {
    code: "task/threw",
    name: "RangeError",
    message: "too far",
    details: {},
    stack: "",
  });
  const back = fromWire(wire);
  assertEquals([back.name, back.message, back.stack], ["RangeError", "too far", error.stack]);
  assertEquals(MillraceError.is(back), false);
});

Deno.test("toWire of what is not an error describes it", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const described: [unknown, string, string][] = [
    ["a text", "string", "a text"],
    [5, "number", "5"],
    [10n, "bigint", "10"],
    [undefined, "undefined", "undefined"],
    [null, "object", "null"],
    [Symbol("s"), "symbol", "Symbol(s)"],
    [{ a: [1] }, "object", '{"a":[1]}'],
    [cycle, "object", "object"],
    [Object.create(null), "object", "{}"],
    [{ toJSON: () => undefined }, "object", "object"],
  ];
  for (const [value, name, message] of described) {
    assertEquals(toWire(value), { code: "task/threw", name, message, details: {} });
    assertEquals(messageOf(value), message);
  }
});

Deno.test("toWire cuts causes off below the deepest", () => {
  let error = new Error("0");
  for (let depth = 1; depth <= 20; depth++) error = new Error(String(depth), { cause: error });
  const messages: string[] = [];
  for (
    let wire: ReturnType<typeof toWire> | undefined = toWire(error);
    wire !== undefined;
    wire = wire.cause
  ) {
    messages.push(wire.message);
  }
  assertEquals(messages, ["20", "19", "18", "17", "16", "15"]);
  assertEquals(messages.length, MAX_CAUSE_DEPTH + 1);
});

Deno.test("toWire ends at an error that is its own cause", () => {
  const error = new Error("snake");
  error.cause = error;
  assertEquals(fromWire(toWire(error)).message, "snake");
});

function throwing(): never {
  throw new Error("hands off");
}

Deno.test("toWire and messageOf never throw, and give what can be cloned, whatever the value does", () => {
  const hostile: unknown[] = [
    new Proxy(new Error("x"), { get: throwing }),
    new Proxy({}, { get: throwing, getPrototypeOf: throwing, ownKeys: throwing }),
    Proxy.revocable({}, {}).proxy,
    Object.defineProperty(new Error("x"), "message", { get: throwing }),
    Object.defineProperty(new Error("x"), "cause", { get: throwing }),
    Object.defineProperty(new Error("x"), "stack", { get: throwing }),
    Object.assign(new Error("x"), { message: () => {}, name: Symbol("n"), stack: 5 }),
    { toJSON: throwing, [Symbol.toPrimitive]: throwing },
    {
      get [Symbol.toStringTag]() {
        return throwing();
      },
    },
    new Error("x", { cause: { toJSON: throwing } }),
    new MillraceError("task/threw", "x", {
      details: {
        get name() {
          return throwing();
        },
      },
    }),
  ];
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  for (const value of [...hostile, revoked.proxy]) {
    const wire = structuredClone(toWire(value));
    assertEquals([typeof wire.message, typeof wire.code], ["string", "string"]);
    assertEquals(typeof messageOf(value), "string");
    assertEquals(typeof MillraceError.is(value), "boolean");
    fromWire(wire);
  }
});

Deno.test("toWire cuts off what is too long to be journalled and shown", () => {
  const long = "x".repeat(1_000_000);
  const error = new Error(long, { cause: long });
  error.name = long;
  const wire = toWire(error);
  for (const text of [wire.message, wire.name, wire.stack, wire.cause?.message, messageOf(long)]) {
    assertEquals(text?.length, MAX_ERROR_TEXT);
  }
  assertEquals(wire.message.endsWith("xx … (1000000 characters)"), true);
});

Deno.test("fromWire takes the code of another version as the error's name", () => {
  const error = fromWire({ code: "future/code" as ErrorCode, message: "Cannot", details: { a: 1 } });
  assertEquals([MillraceError.is(error), error.name, error.message], [false, "future/code", "Cannot"]);
});

Deno.test("toWire of what fromWire gives is the same wire, for every code", () => {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const { wire } = fc.letrec<{ wire: ReturnType<typeof toWire> }>((tie) => ({
    wire: fc.record({
      code: fc.constantFrom(...codes),
      message: fc.string(),
      details: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(fc.string(), fc.integer())),
      stack: fc.string(),
      cause: fc.option(tie("wire"), { nil: undefined, maxDepth: 3 }) as fc.Arbitrary<
        ReturnType<typeof toWire>
      >,
    }, { requiredKeys: ["code", "message", "details", "stack"] }),
  }));
  fc.assert(fc.property(wire, (wire) => {
    const clean = JSON.parse(JSON.stringify(wire));
    assertEquals(JSON.parse(JSON.stringify(toWire(fromWire(clean)))), clean);
  }));
});

Deno.test("messageOf gives the message of an error as it is", () => {
  const error = timedOut();
  assertStrictEquals(messageOf(error), error.message);
});
