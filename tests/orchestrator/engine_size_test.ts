/** Runs of thousands of tasks. The bound is about three times what was measured: it catches a square. */
import process from "node:process";
import { assertEquals, assertLess } from "@std/assert";
import type { Plan } from "../../src/task/plan.ts";
import { planOf } from "./plans.ts";
import { success, World } from "./world.ts";

const TASKS = 2_000;
/** CPU time of this thread: the machine may be busy with others. */
const MAX_CPU_MS = 1_500;

const names = Array.from({ length: TASKS }, (_, index) => `t${index}`);
const plans: Readonly<Record<string, Plan>> = {
  "fan-out and fan-in": planOf({
    first: [],
    ...Object.fromEntries(names.map((name) => [name, ["first"]])),
    last: names,
  }),
  chain: planOf(
    Object.fromEntries(names.map((name, index) => [name, index === 0 ? [] : [names[index - 1]!]])),
  ),
};

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

for (const [shape, plan] of Object.entries(plans)) {
  Deno.test(`Engine a ${shape} of ${TASKS} tasks ends at a sensible cost, one outcome after the other`, async () => {
    const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
    const { runIds: [runId] } = await world.publish("go");
    await world.settle();
    const startMs = cpuMs();
    while (world.attempts.length > 0) {
      // Each outcome is journalled before the next one comes: the worst that can happen.
      for (const attempt of world.attempts.splice(0)) {
        world.engine.outcome(attempt, success());
        await world.settle();
      }
    }
    assertLess(cpuMs() - startMs, MAX_CPU_MS);
    assertEquals((await world.engine.ended(runId!)).status, "succeeded");
    assertEquals(world.submitted.length, plan.executionOrder.length);
  });

  Deno.test(`Engine a ${shape} of ${TASKS} tasks goes on at a sensible cost after a crash`, async () => {
    const world = new World({ pipelines: [{ name: "p", on: ["go"], plan }] });
    const { runIds: [runId] } = await world.publish("go");
    await world.settle();
    for (let turn = 0; turn < TASKS / 2; turn++) {
      world.report(world.attempts[0]!, success());
      await world.settle();
    }
    world.crash();
    const startMs = cpuMs();
    await world.engine.recover();
    await world.engine.view(runId!);
    assertLess(cpuMs() - startMs, MAX_CPU_MS);
    await world.finishAll();
    assertEquals((await world.engine.ended(runId!)).status, "succeeded");
  });
}
