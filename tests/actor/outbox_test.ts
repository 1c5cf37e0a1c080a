import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeFrame, encodeFrame } from "../../src/actor/frame.ts";
import { countOf, Kind, type Message, valueAt } from "../../src/actor/message.ts";
import { Outbox } from "../../src/actor/outbox.ts";
import { pack } from "../../src/actor/ref_token.ts";

/** What is sent, one at a time. */
type Sending =
  | { readonly tell: readonly [name: string, verb: string, value: unknown, trace: string | null] }
  | {
    readonly ask: readonly [
      name: string,
      verb: string,
      value: unknown,
      trace: string | null,
      budget: number | null,
    ];
  }
  | { readonly reply: unknown }
  | { readonly cancel: number };

/** Few of each, so that neighbours often belong together. */
const name = fc.constantFrom("a", "b");
const verb = fc.constantFrom("x", "y");
const trace = fc.constantFrom(null, null, "00-1-2-01");
const budget = fc.constantFrom(null, 10, 20);
const value = fc.oneof(
  fc.constantFrom(undefined, null, 1, "text", { n: 1 }, [], -0, 1n, new Date(0), new Map([[1, 2]])),
  fc.jsonValue(),
);

const sendings: fc.Arbitrary<readonly Sending[]> = fc.array(
  fc.oneof(
    fc.record({ tell: fc.tuple(name, verb, value, trace) }),
    fc.record({ ask: fc.tuple(name, verb, value, trace, budget) }),
    fc.record({ reply: value }),
    fc.record({ cancel: fc.nat() }),
  ),
  { maxLength: 60 },
);

/** A run as the messages that were sent. */
function expand(message: Message): unknown[] {
  switch (message[0]) {
    case Kind.Tell: {
      const [kind, to, verb, values, refs, trace] = message;
      return each(values, (value) => [kind, to, verb, value, refs, trace]);
    }
    case Kind.Ask: {
      const [kind, to, verb, values, refs, trace, ids, budgetMs, chain] = message;
      assertEquals(ids.length, countOf(values));
      return each(
        values,
        (value, index) => [kind, to, verb, value, refs, trace, ids[index], budgetMs, chain],
      );
    }
    case Kind.Reply: {
      const [kind, ids, values, refs] = message;
      assertEquals(ids.length, countOf(values));
      return each(values, (value, index) => [kind, ids[index], value, refs]);
    }
    default:
      return [message];
  }
}

function each(
  values: readonly unknown[] | number,
  make: (value: unknown, index: number) => unknown,
): unknown[] {
  return Array.from({ length: countOf(values) }, (_, index) => make(valueAt(values, index), index));
}

/** Puts all into an outbox; gives what comes out on the other side. */
function send(all: readonly Sending[]): { readonly sent: unknown[]; readonly messages: readonly Message[] } {
  const outbox = new Outbox();
  const sent: unknown[] = [];
  const chains = { a: ["0/a"], b: null };
  for (const [id, one] of all.entries()) {
    if ("tell" in one) {
      const [to, verb, value, trace] = one.tell;
      outbox.tell(to, verb, pack(value), trace);
      sent.push([Kind.Tell, to, verb, value, 0, trace]);
    } else if ("ask" in one) {
      const [to, verb, value, trace, budgetMs] = one.ask;
      const chain = chains[to as "a" | "b"];
      outbox.ask(to, verb, pack(value), trace, id, budgetMs, chain);
      sent.push([Kind.Ask, to, verb, value, 0, trace, id, budgetMs, chain]);
    } else if ("reply" in one) {
      outbox.reply(id, pack(one.reply));
      sent.push([Kind.Reply, id, one.reply, 0]);
    } else {
      outbox.push([Kind.Cancel, one.cancel], true);
      sent.push([Kind.Cancel, one.cancel]);
    }
    assertEquals(outbox.count, id + 1);
  }
  const messages = decodeFrame(structuredClone(encodeFrame(outbox.take())));
  assertEquals([outbox.count, outbox.take()], [0, []]);
  return { sent, messages };
}

Deno.test("Outbox and frame bring what was sent, in order, whatever joined whatever", () => {
  fc.assert(fc.property(sendings, (all) => {
    const { sent, messages } = send(all);
    assertEquals(messages.flatMap(expand), sent);
  }));
});

Deno.test("Outbox joins what one turn sends to one actor under one verb", () => {
  const tells = [1, 2, 3].map((n) => ({ tell: ["a", "x", n, null] as const }));
  const voids = [1, 2].map(() => ({ ask: ["a", "x", undefined, null, 10] as const }));
  const clones = [1n, 2n].map((n) => ({ reply: n }));
  assertEquals(send([...tells, ...voids, ...clones]).messages, [
    [Kind.Tell, "a", "x", [1, 2, 3], 0, null],
    [Kind.Ask, "a", "x", 2, 0, null, [3, 4], 10, ["0/a"]],
    [Kind.Reply, [5, 6], [1n, 2n], 0],
  ]);
});

Deno.test("Outbox adds nothing to a run behind which something else was said", () => {
  const { messages } = send([
    { tell: ["a", "x", 1, null] },
    { cancel: 7 },
    { tell: ["a", "x", 2, null] },
    { tell: ["a", "y", 3, null] },
    { tell: ["a", "y", 4, "00-1-2-01"] },
    { tell: ["b", "y", 5, "00-1-2-01"] },
  ]);
  assertEquals(messages.length, 6);
});

Deno.test("encodeFrame makes one text of plain messages, and leaves the others to structured clone", () => {
  const plain = { message: [Kind.Cancel, 1] as const, plain: true };
  const other = { message: [Kind.Reply, [1], [1n], 0] as const, plain: false };
  assertEquals(encodeFrame([plain, plain]), "[[4,1],[4,1]]");
  assertEquals(encodeFrame([plain, other, plain]), ["[[4,1]]", other.message, "[[4,1]]"]);
  assertEquals(encodeFrame([other]), [other.message]);
});
