import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Admission } from "../../src/orchestrator/admission.ts";
import type { PipelineDescriptor } from "../../src/task/descriptor.ts";

function pipeline(more: Partial<PipelineDescriptor> = {}): PipelineDescriptor {
  return { name: "p", selection: {}, on: [], ...more };
}

/** Admits `count` runs `r1`, `r2` …; gives what became of each. */
function admitted(admission: Admission, count: number, policy: PipelineDescriptor | undefined): unknown[] {
  return Array.from({ length: count }, (_, n) => admission.admit(`r${n + 1}`, "p", policy));
}

const start = { kind: "start" };
const queue = { kind: "queue" };

Deno.test("Admission without a policy, or without a pipeline, runs may overlap", () => {
  assertEquals(admitted(new Admission(), 3, pipeline()), [start, start, start]);
  assertEquals(admitted(new Admission(), 3, undefined), [start, start, start]);
});

Deno.test("Admission overlap skip refuses while another is unfinished, and forgets what it refused", () => {
  const admission = new Admission();
  const policy = pipeline({ overlap: "skip" });
  assertEquals(admitted(admission, 2, policy), [start, { kind: "skip" }]);
  assertEquals(admission.ended("r2", "p"), []);
  assertEquals(admission.admit("r3", "p", policy), { kind: "skip" });
  assertEquals(admission.ended("r1", "p"), []);
  assertEquals(admission.admit("r4", "p", policy), start);
});

Deno.test("Admission overlap queue lets one run at a time, in order", () => {
  const admission = new Admission();
  assertEquals(admitted(admission, 3, pipeline({ overlap: "queue" })), [start, queue, queue]);
  assertEquals(admission.ended("r1", "p"), ["r2"]);
  assertEquals(admission.ended("r2", "p"), ["r3"]);
  assertEquals(admission.ended("r3", "p"), []);
});

Deno.test("Admission a run that ends while it waits leaves the queue", () => {
  const admission = new Admission();
  admitted(admission, 3, pipeline({ overlap: "queue" }));
  assertEquals(admission.ended("r2", "p"), []);
  assertEquals(admission.ended("r1", "p"), ["r3"]);
});

Deno.test("Admission overlap cancel has all older ones cancelled, those that wait too", () => {
  const admission = new Admission();
  assertEquals(admitted(admission, 3, pipeline({ overlap: "cancel" })), [
    start,
    { kind: "cancel", runIds: ["r1"] },
    { kind: "cancel", runIds: ["r1", "r2"] },
  ]);
  assertEquals(admission.ended("r2", "p"), []);
  assertEquals(admission.ended("r1", "p"), ["r3"]);
});

Deno.test("Admission overlap cancel cancels no more than what is in the way", () => {
  const admission = new Admission();
  assertEquals(admitted(admission, 3, pipeline({ overlap: "cancel", concurrency: 2 })), [
    start,
    start,
    { kind: "cancel", runIds: ["r1"] },
  ]);
});

Deno.test("Admission concurrency alone lets the others wait", () => {
  const admission = new Admission();
  assertEquals(admitted(admission, 3, pipeline({ concurrency: 2 })), [start, start, queue]);
});

Deno.test("Admission a pipeline's limit does not bind another", () => {
  const admission = new Admission();
  const policy = pipeline({ overlap: "queue" });
  assertEquals(admission.admit("r1", "p", policy), start);
  assertEquals(admission.admit("r2", "q", policy), start);
});

Deno.test("Admission what was under way before a restart goes on; others wait until there is room", () => {
  const admission = new Admission();
  const policy = pipeline({ concurrency: 1 });
  admission.resumed("r1", "p", policy);
  admission.resumed("r2", "p", policy);
  assertEquals(admission.admit("r3", "p", policy), queue);
  assertEquals(admission.ended("r1", "p"), []);
  assertEquals(admission.ended("r2", "p"), ["r3"]);
});

Deno.test("Admission the end of a run that it does not know changes nothing", () => {
  assertEquals(new Admission().ended("nobody", "p"), []);
});

Deno.test("Admission never lets more runs go on than the limit, loses none, and keeps their order", () => {
  const steps = fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 60 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 3 }), steps, (concurrency, steps) => {
    const admission = new Admission();
    const unfinished: string[] = [];
    const active: string[] = [];
    const order: string[] = [];
    const begin = (id: string) => (active.push(id), order.push(id));
    for (const [n, step] of steps.entries()) {
      if (step === undefined) {
        unfinished.push(`r${n}`);
        if (admission.admit(`r${n}`, "p", pipeline({ concurrency })).kind === "start") begin(`r${n}`);
      } else if (unfinished.length > 0) {
        const [id] = unfinished.splice(step % unfinished.length, 1) as [string];
        if (active.includes(id)) active.splice(active.indexOf(id), 1);
        admission.ended(id, "p").forEach(begin);
      }
      assertEquals(active.length, Math.min(concurrency, unfinished.length));
    }
    assertEquals(order, [...order].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    assert(unfinished.every((id) => active.includes(id) || !order.includes(id)));
  }));
});
