import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import fc from "fast-check";
import type { Fact } from "../../src/orchestrator/facts.ts";
import { Frontier } from "../../src/orchestrator/next_steps.ts";
import { applyFact, isSettled, type RunState } from "../../src/orchestrator/run_state.ts";
import { naiveNextSteps, streamsInto } from "./naive_next_steps.ts";
import { naiveEnd, statusesOf } from "./naive_run.ts";
import { fact, planned, planOf, type Play, plays, stateAfter, threw, timedOut } from "./plans.ts";

function next(edges: Parameters<typeof planOf>[0], more: Parameters<typeof planOf>[1], ...facts: Fact[]) {
  return new Frontier(stateAfter(planned(planOf(edges, more)), ...facts)).next();
}

const run = (task: string): Fact[] => [fact("started", task), fact("succeeded", task)];
const fail = (task: string): Fact[] => [fact("started", task), fact("failed", task)];

Deno.test("Frontier gives the tasks that need nothing first", () => {
  assertEquals(next({ a: [], b: [], c: ["a", "b"] }, {}), { ready: ["a", "b"], skipped: [] });
});

Deno.test("Frontier gives a task once all that it needs has succeeded", () => {
  const edges = { a: [], b: [], c: ["a", "b"] };
  assertEquals(next(edges, {}, ...run("a")).ready, ["b"]);
  assertEquals(next(edges, {}, ...run("a"), ...run("b")).ready, ["c"]);
});

Deno.test("Frontier an edge of order counts as one of data", () => {
  const more = { b: { after: ["a"] } };
  assertEquals(next({ a: [], b: [] }, more).ready, ["a"]);
  assertEquals(next({ a: [], b: [] }, more, ...run("a")).ready, ["b"]);
});

Deno.test("Frontier a task that needs another twice waits for it once", () => {
  const more = { b: { after: ["a"] } };
  assertEquals(next({ a: [], b: ["a"] }, more, ...run("a")).ready, ["b"]);
});

Deno.test("Frontier does not wait for tasks that the plan leaves out", () => {
  const plan = planOf({ a: [], b: ["a"] }, {}, { names: ["b"] });
  assertEquals(new Frontier(stateAfter(planned(plan))).next().ready, ["b"]);
});

Deno.test("Frontier does not give what runs, or waits for its retry", () => {
  const again = fact("failed", "a", 1, { retryAtMs: 99 });
  assertEquals(next({ a: [], b: ["a"] }, {}, fact("started", "a")), { ready: [], skipped: [] });
  assertEquals(next({ a: [], b: ["a"] }, {}, fact("started", "a"), again), { ready: [], skipped: [] });
});

Deno.test("Frontier gives an interrupted task again", () => {
  assertEquals(next({ a: [] }, {}, fact("started", "a"), fact("interrupted", "a")).ready, ["a"]);
});

Deno.test("Frontier skips follow from a failure all at once, and name the one to blame", () => {
  assertEquals(next({ a: [], b: ["a"], c: ["b"], d: [] }, {}, ...fail("a")), {
    ready: ["d"],
    skipped: [{ task: "b", because: "a" }, { task: "c", because: "b" }],
  });
});

Deno.test("Frontier skips a task even while something else that it needs still runs", () => {
  const { skipped } = next({ a: [], b: [], c: ["a", "b"] }, {}, fact("started", "a"), ...fail("b"));
  assertEquals(skipped, [{ task: "c", because: "b" }]);
});

Deno.test("Frontier a fail-safe task that fails, is skipped or timed out does not stop its consumers", () => {
  const more = { b: { failSafe: true } };
  assertEquals(next({ b: [], c: ["b"] }, more, ...fail("b")).ready, ["c"]);
  // b is skipped as a failed; c needs b only, which is fail-safe.
  assertEquals(next({ a: [], b: ["a"], c: ["b"] }, more, ...fail("a")), {
    ready: ["c"],
    skipped: [{ task: "b", because: "a" }],
  });
});

Deno.test("Frontier a run succeeds if only fail-safe tasks gave nothing", () => {
  const more = { a: { failSafe: true } };
  assertEquals(next({ a: [], b: ["a"] }, more, ...fail("a"), ...run("b")).end, { status: "succeeded" });
});

Deno.test("Frontier a run fails with the first failure as the cause, and names all that failed", () => {
  const slow: Fact = { type: "failed", task: "b", attempt: 2, error: timedOut("b"), atMs: 5 };
  const { end } = next(
    { a: [], b: [], c: ["a"] },
    {},
    ...fail("a"),
    fact("started", "b", 1),
    fact("failed", "b", 1, { retryAtMs: 4 }),
    fact("started", "b", 2),
    slow,
    { type: "skipped", task: "c", because: "a", atMs: 6 },
  );
  assertEquals(end!.status, "failed");
  assertEquals(end!.error!.code, "run/failed");
  assertEquals(end!.error!.details.failed, ["a", "b"]);
  assertEquals(end!.error!.cause, threw("a"));
  assertMatch(end!.error!.message, /"a" failed, "b" timed out after 2 attempts$/);
});

Deno.test("Frontier the message of a run with very many failures stays short", () => {
  const names = Array.from({ length: 50 }, (_, index) => `t${index}`);
  const edges = Object.fromEntries(names.map((name) => [name, []]));
  const { error } = next(edges, {}, ...names.flatMap(fail)).end!;
  assertMatch(error!.message, /, 40 more$/);
  assertEquals((error!.details.failed as string[]).length, 50);
});

Deno.test("Frontier a run with a cancelled task ends as cancelled", () => {
  const cancelled: Fact = { type: "cancelled", task: "a", atMs: 1 };
  assertEquals(next({ a: [] }, {}, cancelled).end, { status: "cancelled" });
});

Deno.test("Frontier nothing follows from a run that has ended", () => {
  const ended: Fact = { type: "ended", status: "cancelled", atMs: 1 };
  assertEquals(next({ a: [] }, {}, ended), { ready: [], skipped: [] });
});

Deno.test("Frontier tasks may be called as members that every object has", () => {
  const edges = { constructor: [], toString: ["constructor"], hasOwnProperty: ["toString"] };
  assertEquals(next(edges, {}).ready, ["constructor"]);
  assertEquals(next(edges, {}, ...run("constructor")).ready, ["toString"]);
});

/** Plays a run to its end in an order that `choose` picks; looks at every state on the way. */
function playOut(
  { plan, scripts }: Play,
  choose: (below: number) => number,
  look: (at: Step) => void,
): RunState {
  const state = stateAfter(planned(plan));
  const frontier = new Frontier(state);
  const due = new Set<string>();
  const wake = (task: string): void => {
    due.add(task);
    frontier.due(task);
    look({ state, frontier, due });
  };
  const take = (one: Fact): void => {
    apply(one);
    look({ state, frontier, due });
  };
  const apply = (one: Fact): void => {
    assert(applyFact(state, one), JSON.stringify(one));
    if ("task" in one && state.tasks.get(one.task)!.status !== "retrying") due.delete(one.task);
    if ("task" in one) frontier.changed(one.task);
    if (one.type === "failed" || one.type === "interrupted" || one.type === "recalled") recall(one);
  };
  /** Who reads what has come to nothing starts again, before anything else is decided. */
  const recall = ({ task: because, attempt }: { readonly task: string; readonly attempt: number }): void => {
    for (const [task, { status, attempts, live }] of state.tasks) {
      if (status !== "running" || live?.[because] !== attempt) continue;
      apply({ type: "recalled", task, attempt: attempts, because, atMs: 4 });
    }
  };
  const start = (task: string): void => {
    const live = plan.tasks[task]!.inputs.filter((input) => streamsInto(state, input.task, task))
      .map((input) => [input.task, state.tasks.get(input.task)!.attempts]);
    take(fact("started", task, state.tasks.get(task)!.attempts + 1, { live: Object.fromEntries(live) }));
  };
  look({ state, frontier, due });
  for (let turn = 0; turn < 1_000; turn++) {
    const { ready, skipped, end } = frontier.next();
    if (end !== undefined) take({ type: "ended", ...end, atMs: 9 });
    const running = [...state.tasks].filter(([, { status }]) => status === "running").map(([name]) => name);
    const waiting = [...state.tasks].filter(([name, { status }]) => status === "retrying" && !due.has(name));
    const moves = [
      ...ready.map((task) => () => start(task)),
      ...waiting.map(([task]) => () => wake(task)),
      ...skipped.map((skip) => () => take({ type: "skipped", ...skip, atMs: 4 })),
      ...running.filter((task) => plan.tasks[task]!.stream && !state.tasks.get(task)!.streaming)
        .map((task) => () => take(fact("streaming", task, state.tasks.get(task)!.attempts))),
      ...running.filter((task) => fails(task) || isSettled(state, state.tasks.get(task)!))
        .map((task) => () => take(outcomeOf(task, state.tasks.get(task)!.attempts))),
      ...running.map((task) => () => take(fact("interrupted", task, state.tasks.get(task)!.attempts))),
    ];
    if (moves.length === 0) return state;
    // Interruptions come last in the list: they must not go on for ever.
    const possible = turn < 30 ? moves.length : moves.length - running.length;
    moves[choose(possible)]!();
  }
  throw new Error("the run does not end");

  function fails(task: string): boolean {
    return state.tasks.get(task)!.failures < scripts[task]!.failures;
  }

  function outcomeOf(task: string, attempt: number): Fact {
    const { slow, retryable } = scripts[task]!;
    const failed = state.tasks.get(task)!.failures;
    if (!fails(task)) return fact("succeeded", task, attempt);
    const error = slow ? timedOut(task) : threw(task);
    const again = retryable && failed < plan.tasks[task]!.maxRetries ? { retryAtMs: 5 } : {};
    return { type: "failed", task, attempt, error, atMs: 4, ...again };
  }
}

/** A moment of a run. */
interface Step {
  readonly state: RunState;
  readonly frontier: Frontier;
  readonly due: ReadonlySet<string>;
}

const choices = fc.infiniteStream(fc.nat()).map((stream) => (below: number) => stream.next().value % below);

Deno.test("Frontier says at every moment what a look at the whole plan says", () => {
  fc.assert(fc.property(plays(), choices, (play, choose) => {
    playOut(play, choose, ({ state, frontier, due }) => {
      const expected = naiveNextSteps(state, due);
      const fresh = new Frontier(state);
      due.forEach((task) => fresh.due(task));
      for (const { ready, skipped, end } of [frontier.next(), fresh.next()]) {
        assertEquals({ ready, skipped, over: end !== undefined }, expected);
      }
    });
  }));
});

Deno.test("Frontier a run ends as its tasks are, whatever the order in which they end", () => {
  fc.assert(fc.property(plays(), choices, (play, choose) => {
    const state = playOut(play, choose, () => {});
    const expected = naiveEnd(play);
    const statuses = statusesOf(state, expected);
    assertEquals({ status: state.status, tasks: statuses }, {
      status: expected.status,
      tasks: expected.tasks,
    });
    assertEquals(state.error === undefined, state.status === "succeeded");
    for (const [, { status }] of state.tasks) assertFalse(status === "pending" || status === "running");
  }));
});
