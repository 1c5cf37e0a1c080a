import { assertEquals } from "@std/assert";
import { Guardian } from "../../src/actor/guardian.ts";
import { Life } from "../../src/actor/life.ts";
import { policyOf } from "../../src/actor/supervision.ts";
import { Timers } from "../../src/actor/timers.ts";
import { createLogger } from "../../src/base/log.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

function createLife(): Life {
  const clock = createVirtualClock();
  const guardian = new Guardian(policyOf(), {
    ...{ clock, random: () => 0.5, log: createLogger(() => {}, clock.now) },
    escalate: () => {},
  });
  return new Life(0, new Timers(clock, () => {}), guardian);
}

Deno.test("Life cleans up in reverse order, one after the other, whatever fails", async () => {
  const life = createLife();
  const done: string[] = [];
  const failed: unknown[] = [];
  life.onStop(() => void done.push("first"));
  life.onStop(() => {
    throw "bad clean-up";
  });
  life.onStop(async () => {
    await Promise.resolve();
    done.push("third");
  });
  await life.cleanUp((error) => failed.push(error));
  await life.cleanUp((error) => failed.push(error));
  assertEquals([done, failed], [["third", "first"], ["bad clean-up"]]);
});

Deno.test("Life cuts its ties once: at its end, before it, or at once if it is over", () => {
  const life = createLife();
  const cut: string[] = [];
  const early = life.tie(() => void cut.push("early"));
  const late = life.tie(() => void cut.push("late"));
  early();
  early();
  assertEquals(cut, ["early"]);
  life.cut();
  late();
  assertEquals(cut, ["early", "late"]);
  life.over = true;
  life.tie(() => void cut.push("too late"));
  assertEquals(cut, ["early", "late", "too late"]);
});
