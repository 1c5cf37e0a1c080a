import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { type Linked, Mailbox } from "../../src/actor/mailbox.ts";

interface Letter extends Linked<Letter> {
  readonly bytes: number;
}

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ send: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.record({ putBack: fc.nat(40) }) },
    { weight: 3, arbitrary: fc.record({ take: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.record({ callOff: fc.nat(10) }) },
  ),
  { maxLength: 200 },
);

Deno.test("Mailbox keeps what a bounded list would, and lets those in who wait in order", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 100 }), steps, (
    capacity,
    maxBytes,
    all,
  ) => {
    const mailbox = new Mailbox<Letter>(capacity, maxBytes);
    const model: Letter[] = [];
    let waiting: { readonly callOff: () => void }[] = [];
    let highWater = 0;
    const bytesOf = () => model.reduce((sum, { bytes }) => sum + bytes, 0);
    const isFull = () => model.length >= capacity || bytesOf() >= maxBytes;
    const enter = (bytes: number): void => {
      const letter: Letter = { bytes, next: undefined };
      model.push(letter);
      mailbox.push(letter);
      mailbox.grew(1, bytes);
      highWater = Math.max(highWater, model.length);
    };
    for (const step of all) {
      if ("send" in step) {
        assertEquals(mailbox.full, isFull() || waiting.length > 0);
        if (mailbox.full) {
          const waiter = {
            callOff: mailbox.wait(() => {
              assertStrictEquals(waiting.shift(), waiter, "out of order");
              enter(step.send);
            }),
          };
          waiting.push(waiter);
        } else enter(step.send);
      } else if ("putBack" in step) {
        const letter: Letter = { bytes: step.putBack, next: undefined };
        model.unshift(letter);
        mailbox.unshift(letter);
        mailbox.grew(1, step.putBack);
        highWater = Math.max(highWater, model.length);
      } else if ("take" in step) {
        const letter = model.shift();
        assertStrictEquals(mailbox.shift(), letter);
        if (letter !== undefined) mailbox.shrank(letter.bytes);
        assertEquals(isFull() || waiting.length === 0, true, "somebody waits though there is room");
      } else {
        const waiter = waiting[step.callOff];
        waiting = waiting.filter((one) => one !== waiter);
        waiter?.callOff();
      }
      assertEquals([mailbox.depth, mailbox.bytes, mailbox.highWater], [model.length, bytesOf(), highWater]);
      assertStrictEquals(mailbox.first, model[0]);
      assertStrictEquals(mailbox.last, model.at(-1));
    }
  }));
});

Deno.test("Mailbox release lets all in who wait, in order", () => {
  const mailbox = new Mailbox<Letter>(1, 1);
  const entered: number[] = [];
  for (const n of [1, 2, 3]) mailbox.wait(() => entered.push(n));
  mailbox.release();
  assertEquals([entered, mailbox.full], [[1, 2, 3], false]);
});
