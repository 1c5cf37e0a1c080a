import { assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { createLogger, type LogRecord } from "../../src/base/log.ts";
import type { Fact } from "../../src/orchestrator/facts.ts";
import { APART_AFTER, isolationOf, MAX_INTERRUPTIONS } from "../../src/orchestrator/interruptions.ts";
import { prepareRun, reconcile } from "../../src/orchestrator/preparation.ts";
import { applyFact } from "../../src/orchestrator/run_state.ts";
import type { Plan } from "../../src/task/plan.ts";
import { fact, planned, planOf, stateAfter } from "./plans.ts";

const RUN = { id: "r1", request: { pipeline: "p" } };

function ports(plan: Plan, params: Record<string, unknown> = {}, results: Record<string, string> = {}) {
  return {
    prepare: () => Promise.resolve({ plan, params }),
    present: (results: readonly unknown[]) => Promise.resolve(results.map(() => true)),
    journal: {
      commit: () => Promise.resolve({ duplicate: false }),
      run: () => Promise.resolve(undefined),
      latestResult: (task: string) =>
        Promise.resolve(
          Object.hasOwn(results, task) ? { runId: results[task]!, resultIds: ["a1"] } : undefined,
        ),
    },
  };
}

Deno.test("prepareRun() finds the latest results of what the plan leaves out and reads", async () => {
  const plan = planOf({ a: [], b: [], c: ["a"] }, { c: { after: ["b"] } }, { names: ["c"] });
  const { external } = await prepareRun(ports(plan, {}, { a: "r0" }), RUN);
  assertEquals(external, { a: { runId: "r0", resultIds: ["a1"] } });
});

Deno.test("prepareRun() says what it reads before it reads it, and looks again", async () => {
  const plan = planOf({ a: [], b: ["a"] }, {}, { names: ["b"] });
  const latest = ["gone", "r5", "r5"];
  const commits: unknown[] = [];
  const { external } = await prepareRun({
    ...ports(plan),
    journal: {
      run: () => Promise.resolve(undefined),
      latestResult: () => Promise.resolve({ runId: latest[commits.length]!, resultIds: ["a1"] }),
      commit: (writes) => Promise.resolve({ duplicate: commits.push(...writes) < 0 }),
    },
  }, RUN);
  assertEquals(external, { a: { runId: "r5", resultIds: ["a1"] } });
  assertEquals(
    commits,
    ["gone", "r5"].map((runId) => ({ kind: "reads", runId: "r1", sources: [{ runId, task: "a" }] })),
  );
});

Deno.test("prepareRun() refuses a run that reads what has no result yet", async () => {
  const plan = planOf({ a: [], b: ["a"] }, {}, { names: ["b"] });
  const error = await assertRejects(() => prepareRun(ports(plan), RUN), MillraceError, `"a"`);
  assertEquals((error as MillraceError).code, "run/external-result-missing");
});

Deno.test("prepareRun() gives parameters as the journal gives them back, or refuses them", async () => {
  const plan = planOf({ a: [] });
  const { params } = await prepareRun(ports(plan, { at: new Date(0), none: undefined }), RUN);
  assertEquals(params, { at: "1970-01-01T00:00:00.000Z" });
  const error = await assertRejects(
    () => prepareRun(ports(plan, { n: 1n }), RUN),
    MillraceError,
  );
  assertEquals((error as MillraceError).code, "run/params-invalid");
});

function reconciling(adoptable: (task: string) => Promise<{ readonly chunks?: number } | undefined>) {
  const log: LogRecord[] = [];
  const state = stateAfter(
    planned(planOf({ a: [], b: [], c: [] })),
    fact("started", "a"),
    fact("started", "b"),
    fact("succeeded", "b"),
  );
  const facts = reconcile(state, {
    log: createLogger((record) => log.push(record), () => 0),
    adoptable: ({ task }) => adoptable(task),
    now: () => 7,
  });
  return { facts, log };
}

Deno.test("reconcile() tries running attempts again, and leaves all others alone", async () => {
  const { facts } = reconciling(() => Promise.resolve(undefined));
  assertEquals(await facts, [{ type: "interrupted", task: "a", attempt: 1, atMs: 7 }]);
});

Deno.test("reconcile() adopts the complete result of a running attempt", async () => {
  const { facts } = reconciling(() => Promise.resolve({ chunks: 2 }));
  assertEquals(await facts, [
    { type: "succeeded", task: "a", attempt: 1, durationMs: 0, adopted: true, atMs: 7, chunks: 2 },
  ]);
});

Deno.test("reconcile() a result that cannot be read is none: one bad file stops no platform", async () => {
  const { facts, log } = reconciling(() => Promise.reject(new Error("corrupt")));
  assertEquals((await facts).map(({ type }) => type), ["interrupted"]);
  assertEquals(log.map(({ level }) => level), ["warn"]);
});

Deno.test("reconcile() fails a task during which the process has ended too often, and counts no end that was in order", async () => {
  const state = stateAfter(planned(planOf({ a: [] })));
  const live = async (...more: readonly Fact[]): Promise<string> => {
    const attempt = state.tasks.get("a")!.attempts + 1;
    for (const one of [fact("started", "a", attempt), ...more.map((it) => ({ ...it, attempt }))]) {
      applyFact(state, one as Fact);
    }
    const facts = await reconcile(state, {
      log: createLogger(() => {}, () => 0),
      adoptable: () => Promise.resolve(undefined),
      now: () => 7,
    });
    for (const one of facts) applyFact(state, one);
    return facts.map((one) => one.type === "failed" ? one.error.code : one.type).join();
  };
  for (let times = 1; times < MAX_INTERRUPTIONS; times++) {
    assertEquals(await live(), "interrupted");
    assertEquals(await live(fact("suspended", "a")), "interrupted");
    const isolation = isolationOf("worker", state.tasks.get("a")!);
    assertEquals(isolation, times >= APART_AFTER ? "process" : "worker", `after ${times}`);
  }
  assertEquals(isolationOf("inline", state.tasks.get("a")!), "inline");
  assertEquals(await live(), "task/crashed-process");
  assertEquals(state.tasks.get("a")!.status, "failed");
});
