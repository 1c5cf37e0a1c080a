import { assertEquals, assertRejects } from "@std/assert";
import { Asks, type Question } from "../../src/actor/asks.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

const question: Question = {
  address: { host: 1, name: "a" },
  verb: "x",
  out: undefined,
  owner: undefined,
};

function setUp() {
  const clock = createVirtualClock();
  const cancelled: number[] = [];
  let [id, late] = [0, 0];
  const asks = new Asks({
    clock,
    nextId: () => ++id,
    cancel: (_address, cancelledId) => void cancelled.push(cancelledId),
    late: () => late++,
  });
  return { asks, clock, cancelled, lateCount: () => late };
}

Deno.test("Asks leaves neither alarm nor ask behind after 10,000 answers", async () => {
  const { asks, clock } = setUp();
  const ids: number[] = [];
  const answers = Array.from(
    { length: 10_000 },
    (_, n) =>
      asks.ask(question, { timeoutMs: 1_000 + n }, (id) => {
        ids.push(id);
        return undefined;
      }),
  );
  assertEquals([asks.size, clock.pending], [10_000, 1]);
  for (const id of ids) asks.settle(id, undefined, id);
  assertEquals(await Promise.all(answers), ids);
  // The alarm stays for a second, as setting it anew costs more than an ask.
  assertEquals([asks.size, clock.pending], [0, 1]);
  await clock.advance(1_000);
  assertEquals(clock.pending, 0);
});

Deno.test("Asks counts an answer that comes after the deadline as late, and tells the other side of it once", async () => {
  const { asks, clock, cancelled, lateCount } = setUp();
  const late = assertRejects(
    () => asks.ask(question, { timeoutMs: 10 }, () => undefined),
    Error,
    "within 10 ms",
  );
  await clock.advance(10);
  await late;
  asks.settle(1, undefined, "too late");
  assertEquals([cancelled, lateCount(), asks.size, clock.pending], [[1], 1, 0, 0]);
});

Deno.test("Asks leaves the queue for room at whatever ends an ask first", async () => {
  const { asks, clock } = setUp();
  let left = 0;
  const send = () => () => void left++;
  const controller = new AbortController();
  const { signal } = controller;
  const ends = [
    asks.ask(question, { timeoutMs: 10 }, send),
    asks.ask(question, { timeoutMs: 1_000, signal }, send),
    asks.ask({ ...question, owner: clock }, { timeoutMs: "none" }, send),
    asks.ask(question, { timeoutMs: "none" }, send),
  ].map((asked) => asked.catch((error) => error.message));
  await clock.advance(10);
  controller.abort(new Error("enough"));
  const error = { code: "actor/restarted", message: "restarted", details: {} } as const;
  asks.failOwner(clock, error);
  asks.fail({ ...error, message: "gone" }, 1);
  assertEquals(await Promise.all(ends), [
    'Cannot get an answer to "x" from actor "a" as it must come within 10 ms',
    "enough",
    "restarted",
    "gone",
  ]);
  await clock.advance(1_000);
  assertEquals([left, asks.size, clock.pending], [4, 0, 0]);
});

Deno.test("Asks takes the shorter of its own time and what is left of its turn", async () => {
  const { asks, clock } = setUp();
  const { signal } = new AbortController();
  const budgets: (number | undefined)[] = [];
  const send = (_id: number, timeoutMs: number | undefined): undefined => void budgets.push(timeoutMs);
  await clock.advance(100);
  for (
    const [timeoutMs, deadlineMs] of [[50, 400], [500, 400], ["none", 400], ["none", undefined], [
      50,
      40,
    ]] as const
  ) {
    asks.ask(question, { timeoutMs, turn: { signal, deadlineMs } }, send).catch(() => {});
  }
  assertEquals(budgets, [50, 300, 300, undefined, 0]);
  asks.fail({ code: "actor/stopped", message: "over", details: {} });
});
