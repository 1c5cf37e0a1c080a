import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Fleet, IDLE_MS } from "../../src/executor/fleet.ts";
import type { ExecutorKind } from "../../src/executor/kind.ts";
import { createVirtualClock } from "../../src/testing/mod.ts";

const free: ExecutorKind = { isolation: "process" };
const bound: ExecutorKind = { isolation: "process", permissions: {} };

function createRig(max: number) {
  const clock = createVirtualClock();
  const done: string[] = [];
  let named = 0;
  const fleet = new Fleet(max, {
    clock,
    name: () => `process-${++named}`,
    start: (name, kind) => void done.push(`start ${name} ${kind === free ? "free" : "bound"}`),
    stop: (name) => void done.push(`stop ${name}`),
  });
  return { clock, fleet, done };
}

Deno.test("Fleet starts one executor for each attempt that waits, and no more than its maximum", () => {
  const { fleet, done } = createRig(3);
  fleet.wants(free, 2);
  fleet.wants(free, 2);
  assertEquals(done, ["start process-1 free", "start process-2 free"], "none twice");
  fleet.wants(free, 9);
  assertEquals(done.length, 3);
});

Deno.test("Fleet stops an executor that has had nothing to do for a while", async () => {
  const { clock, fleet, done } = createRig(2);
  fleet.wants(free, 1);
  fleet.wants(free, 0);
  fleet.works("process-1", 1);
  await clock.advance(2 * IDLE_MS);
  assertEquals(done, ["start process-1 free"], "it is at work");
  fleet.works("process-1", 0);
  await clock.advance(IDLE_MS - 1);
  assertEquals(done.length, 1);
  await clock.advance(1);
  assertEquals(done, ["start process-1 free", "stop process-1"]);
  fleet.wants(free, 1);
  assertEquals(done.at(-1), "start process-2 free");
});

Deno.test("Fleet makes room for a kind that waits by stopping the executor that is idle for longest", async () => {
  const { clock, fleet, done } = createRig(2);
  fleet.wants(free, 2);
  fleet.wants(free, 0);
  fleet.works("process-1", 0);
  await clock.advance(1);
  fleet.works("process-2", 0);
  fleet.works("process-1", 1);
  fleet.works("process-1", 0);
  fleet.wants(bound, 1);
  assertEquals(done.slice(2), ["stop process-2", "start process-3 bound"]);
  fleet.close();
});

Deno.test("Fleet lets a kind wait while all are at work, and serves it when one is done or gone", () => {
  const { fleet, done } = createRig(1);
  fleet.wants(free, 1);
  fleet.wants(free, 0);
  fleet.works("process-1", 1);
  fleet.wants(bound, 1);
  assertEquals(done, ["start process-1 free"]);
  fleet.works("process-1", 0);
  assertEquals(done.slice(1), ["stop process-1", "start process-2 bound"]);
  fleet.left("process-2");
  assertEquals(done.at(-1), "start process-3 bound", "one that could not be started, or was lost");
  fleet.close();
});

Deno.test("Fleet never has more than its maximum, and never lets an attempt wait beside an idle executor of another kind", () => {
  const act = fc.constantFrom("want-free", "want-bound", "join", "done", "lose");
  fc.assert(fc.property(fc.integer({ min: 1, max: 3 }), fc.array(act, { maxLength: 60 }), (max, acts) => {
    let named = 0;
    const alive = new Map<string, { kind: ExecutorKind; state: "starting" | "idle" | "busy" }>();
    const waiting = new Map<ExecutorKind, number>([[free, 0], [bound, 0]]);
    const fleet: Fleet = new Fleet(max, {
      clock: createVirtualClock(),
      name: () => `process-${++named}`,
      start: (name, kind) => void alive.set(name, { kind, state: "starting" }),
      stop: (name) => {
        assertEquals(alive.get(name)?.state, "idle");
        alive.delete(name);
      },
    });
    const want = (kind: ExecutorKind, change: number): void => {
      waiting.set(kind, waiting.get(kind)! + change);
      fleet.wants(kind, waiting.get(kind)!);
    };
    const settle = (name: string): void => {
      const one = alive.get(name)!;
      if (waiting.get(one.kind)! > 0) {
        one.state = "busy";
        fleet.works(name, 1);
        want(one.kind, -1);
      } else {
        one.state = "idle";
        fleet.works(name, 0);
      }
    };
    const first = (state: string) => [...alive].find(([, one]) => one.state === state)?.[0];
    for (const one of acts) {
      if (one === "want-free" || one === "want-bound") {
        const kind = one === "want-free" ? free : bound;
        const idle = [...alive].find(([, { kind: its, state }]) => its === kind && state === "idle")?.[0];
        if (idle === undefined) want(kind, 1);
        else {
          alive.get(idle)!.state = "busy";
          fleet.works(idle, 1);
        }
      } else if (one === "join" || one === "done") {
        const name = first(one === "join" ? "starting" : "busy");
        if (name !== undefined) settle(name);
      } else {
        const name = [...alive.keys()][0];
        if (name === undefined) continue;
        alive.delete(name);
        fleet.left(name);
      }
      assert(alive.size <= max);
      for (const [kind, count] of waiting) {
        const starting = [...alive.values()].filter((its) => its.kind === kind && its.state === "starting");
        if (count <= starting.length) continue;
        assert([...alive.values()].every(({ state }) => state !== "idle"), "one waits beside an idle one");
        assertEquals(alive.size, max, "one waits, and there is room");
      }
    }
    fleet.close();
  }));
});
