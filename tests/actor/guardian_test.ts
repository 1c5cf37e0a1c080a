import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type MillraceError, toWire } from "../../src/base/errors.ts";
import { createLogger, type LogRecord } from "../../src/base/log.ts";
import { type Child, Guardian } from "../../src/actor/guardian.ts";
import { policyOf, type RestartType, type Supervision } from "../../src/actor/supervision.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

const failure = (text: string) => toWire(new Error(text));

/** A child that says what is done with it, and complains if that makes no sense. */
class PlainChild implements Child {
  readonly name: string;
  readonly restart: RestartType;
  readonly #ward: Ward;
  /** How many of the next starts fail. */
  badStarts = 0;
  state: "up" | "failed" | "down" | "gone" = "up";
  #busy = false;

  constructor(name: string, restart: RestartType, ward: Ward) {
    this.name = name;
    this.restart = restart;
    this.#ward = ward;
  }

  fail(text: string): void {
    if (this.state !== "up") return;
    this.state = "failed";
    this.#ward.guardian.failed(this, "work", failure(text));
  }

  resume(): void {
    this.#ward.did.push(`resume ${this.name}`);
    if (this.state === "failed") this.state = "up";
  }

  async halt(): Promise<void> {
    await this.#alone(() => {
      if (this.state === "down" || this.state === "gone") return;
      this.#ward.did.push(`halt ${this.name}`);
      this.state = "down";
    });
  }

  async revive(): Promise<void> {
    await this.#alone(() => {
      if (this.state === "gone") return;
      assertEquals(this.state, "down", "one that is not down is not started");
      this.#ward.did.push(`start ${this.name}`);
      if (this.badStarts > 0) {
        this.badStarts--;
        throw new Error("bad start");
      }
      this.state = "up";
    });
  }

  async end(): Promise<readonly string[]> {
    await Promise.resolve();
    if (this.state === "gone") return [];
    this.#ward.did.push(`end ${this.name}`);
    this.state = "gone";
    this.#ward.guardian.remove(this);
    return [];
  }

  async #alone(work: () => void): Promise<void> {
    assert(!this.#busy, "two things at once are done with one child");
    this.#busy = true;
    await Promise.resolve();
    this.#busy = false;
    work();
  }
}

/** A guardian with what surrounds it. */
interface Ward {
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly guardian: Guardian;
  readonly did: string[];
  readonly logged: LogRecord[];
  readonly escalated: MillraceError[];
  child(name: string, restart?: RestartType): PlainChild;
}

function openWard(supervision: Supervision = {}): Ward {
  const clock = createVirtualClock();
  const logged: LogRecord[] = [];
  const escalated: MillraceError[] = [];
  const guardian = new Guardian(policyOf({ backoff: { minMs: 10, maxMs: 80, jitter: 0 }, ...supervision }), {
    clock,
    random: () => 0.5,
    log: createLogger((record) => logged.push(record), clock.now),
    escalate: (error) => escalated.push(error),
  });
  const ward: Ward = {
    ...{ clock, guardian, logged, escalated, did: [] },
    child: (name, restart = "transient") => {
      const child = new PlainChild(name, restart, ward);
      guardian.add(child);
      return child;
    },
  };
  return ward;
}

Deno.test("Guardian waits longer for each restart that follows a short life", async () => {
  const ward = openWard({ limit: { restarts: 10, withinMs: 1e6 } });
  const a = ward.child("a");
  for (let n = 0; n < 5; n++) {
    a.fail("x");
    await ward.clock.advance(100); // longer than any wait, and then it lives long enough
  }
  assertEquals(ward.logged.map(({ attrs }) => attrs["delayMs"]), [10, 10, 10, 10, 10]);
  for (let n = 0; n < 5; n++) {
    a.fail("x");
    while (a.state !== "up") await ward.clock.advance(1);
  }
  assertEquals(ward.logged.slice(5).map(({ attrs }) => attrs["delayMs"]), [10, 20, 40, 80, 80]);
});

Deno.test("Guardian starts nothing before its wait is over, and nothing once it is closed", async () => {
  const ward = openWard();
  const [a, b] = [ward.child("a"), ward.child("b")];
  a.fail("x");
  await ward.clock.advance(9);
  assertEquals(ward.did, ["halt a"]);
  await ward.clock.advance(1);
  assertEquals(ward.did, ["halt a", "start a"]);
  b.fail("x");
  await ward.clock.advance(5);
  await ward.guardian.close("drain");
  await ward.clock.advance(1_000);
  assertEquals(ward.did.slice(2), ["halt b", "end b", "end a"]);
  assertEquals(ward.clock.pending, 0);
});

Deno.test("Guardian deals with what a child said before it was in its care", async () => {
  const ward = openWard();
  const failed = new PlainChild("failed", "transient", ward);
  failed.fail("at once");
  const left = new PlainChild("left", "permanent", ward);
  assert(ward.guardian.left(left));
  const gone = new PlainChild("gone", "transient", ward);
  await gone.end();
  ward.did.length = 0;
  for (const child of [failed, left, gone]) ward.guardian.add(child);
  assertEquals(ward.guardian.children.map(({ name }) => name), ["failed", "left"]);
  await ward.clock.advance(100);
  assertEquals(ward.did.toSorted(), ["halt failed", "halt left", "start failed", "start left"]);
});

Deno.test("Guardian forgets what was known of a child when it is gone: its name starts anew", async () => {
  const ward = openWard({ limit: { restarts: 1, withinMs: 1e6 } });
  const first = ward.child("a");
  first.fail("x");
  await ward.clock.advance(100);
  await first.end();
  const second = ward.child("a");
  second.fail("y");
  await ward.clock.advance(100);
  assertEquals([ward.escalated, second.state], [[], "up"]);
});

Deno.test("Guardian restarts a group once for failures that came together", async () => {
  const ward = openWard({ strategy: "one-for-all" });
  const [a, b, c] = [ward.child("a"), ward.child("b"), ward.child("c")];
  for (const child of [a, b, c]) child.fail("x");
  await ward.clock.advance(1_000);
  assertEquals(ward.did, ["halt c", "halt b", "halt a", "start a", "start b", "start c"]);
});

Deno.test("Guardian forgets the failure of one that went down with its group before its turn came", async () => {
  const ward = openWard({ strategy: "one-for-all" });
  const [a, b] = [ward.child("a"), ward.child("b")];
  b.badStarts = 1;
  b.fail("x");
  await ward.clock.advance(9);
  // In the turn in which a comes up and b does not, a fails: both go down for b.
  const revive = a.revive.bind(a);
  a.revive = async () => {
    await revive();
    a.revive = revive;
    a.fail("at once");
  };
  await ward.clock.advance(1_000);
  assertEquals([a.state, b.state], ["up", "up"]);
  assertEquals(ward.logged.length, 2); // of the first failure, and of the bad start
});

Deno.test("Guardian that escalates says of whom, why, and of what", () => {
  const ward = openWard({ decide: () => "escalate" });
  ward.child("a").fail("bad luck");
  const [error] = ward.escalated;
  assertEquals([error!.code, error!.message, (error!.cause as Error).message], [
    "actor/restart-limit",
    'Cannot keep actor "a" running as its parent was asked to decide',
    "bad luck",
  ]);
});

Deno.test("Guardian that is told to go on resumes or restarts those it has asked about", async () => {
  const ward = openWard({
    limit: { restarts: 0, withinMs: 1e6 },
    decide: ({ error }) => error.message as "restart",
  });
  const [a, b] = [ward.child("a"), ward.child("b")];
  a.fail("escalate");
  b.fail("restart");
  await ward.clock.advance(100);
  assertEquals([ward.escalated.length, a.state, b.state], [2, "failed", "down"]);
  ward.guardian.resumed();
  await ward.clock.advance(100);
  // It went down as the limit of 0 was reached, and is so again: its parent is asked again.
  assertEquals([ward.escalated.length, a.state, b.state], [3, "up", "down"]);
});

Deno.test("Guardian brings all up again or gives up, in order, whatever fails when", async () => {
  const step = fc.oneof(
    fc.record({ what: fc.constant("fail" as const), who: fc.nat(3), n: fc.constant(0) }),
    fc.record({ what: fc.constant("pass" as const), who: fc.constant(0), n: fc.nat(60) }),
    fc.record({ what: fc.constant("bad" as const), who: fc.nat(3), n: fc.nat(2) }),
    fc.record({ what: fc.constant("end" as const), who: fc.nat(3), n: fc.constant(0) }),
  );
  const strategies = fc.constantFrom("one-for-one" as const, "one-for-all" as const, "rest-for-one" as const);
  await fc.assert(
    fc.asyncProperty(
      strategies,
      fc.nat(8),
      fc.array(step, { maxLength: 25 }),
      async (strategy, restarts, steps) => {
        const ward = openWard({ strategy, limit: { restarts, withinMs: 500 } });
        const children = ["a", "b", "c", "d"].map((name) => ward.child(name));
        for (const { what, who, n } of steps) {
          const child = children[who]!;
          if (what === "fail") child.fail("x");
          else if (what === "bad") child.badStarts = n;
          else if (what === "end") void child.end();
          else await ward.clock.advance(n);
        }
        await ward.clock.advance(10_000);
        const states = children.map(({ state }) => state);
        if (ward.escalated.length === 0) {
          assert(
            states.every((state) => state === "up" || state === "gone"),
            `${states}`,
          );
        }
        assertEquals(ward.logged.filter(({ message }) => message === "A guardian failed"), []);
        // Nothing hangs: it can be closed, and leaves no alarm.
        await ward.guardian.close("drain");
        assertEquals([ward.clock.pending, ward.guardian.children.length], [0, 0]);
      },
    ),
    { numRuns: 300 },
  );
});
