/**
 * Who fails is restarted, within limits: the behaviours of OTP's supervisor suite and of Pekko's SupervisionSpec
 * that apply here, in our words.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import type { Failure, RestartType } from "../../../src/actor/supervision.ts";
import { living } from "./fixtures_life.ts";
import type { PlaceName } from "./place.ts";
import { type LivingRef, openStage, SOON, type Stage } from "./witness.ts";

/** The child of an actor, by its name. */
function childOf(stage: Stage, { address: { host, name } }: LivingRef, child: string): LivingRef {
  return stage.system.ref(living, { host, name: `${name}/${child}` });
}

/** Registers the behaviours for one place. */
export function supervisionContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`Supervision ${name}: ${behaviour}`, fn);

  // --- what a restart keeps

  test("a failed actor starts again with its options, in a higher incarnation and with new state", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    ref.tell("note", "old");
    assertEquals(await ref.ask("state", undefined, SOON), { incarnation: 0, notes: ["old"] });
    ref.tell("boom", "x");
    await stage.sees("a starts 1");
    assertEquals(await stage.wait(ref.ask("state", undefined, SOON)), { incarnation: 1, notes: [] });
    assertEquals(stage.lifeOf("a"), ["starts 0", "notes old", "ends 0", "starts 1"]);
  });

  test("a restart keeps the mailbox in order, and consumes the failing message", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    ref.tell("note", "before");
    ref.tell("boom", "x");
    ref.tell("note", "first");
    ref.tell("note", "second");
    await stage.sees("a notes second");
    assertEquals(stage.lifeOf("a"), [
      ...["starts 0", "notes before", "ends 0"],
      ...["starts 1", "notes first", "notes second"],
    ]);
    const [actor] = (await stage.node(ref)).actors.filter((one) => one.name === "a");
    assertEquals([actor!.restarts, actor!.counters], [1, {
      accepted: 4,
      handled: 3,
      failed: 1,
      deadLettered: 0,
    }]);
  });

  test("a failed ask is told what went wrong, and the actor restarts", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await assertRejects(() => ref.ask("fail", "no luck", SOON), Error, "no luck");
    await stage.sees("a starts 1");
  });

  test("a typed refusal is an answer: nothing restarts", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    ref.tell("note", "kept");
    const error = await assertRejects(() => ref.ask("refuse", "x", SOON), MillraceError);
    assertEquals(error.code, "task/unknown");
    assertEquals(await ref.ask("state", undefined, SOON), { incarnation: 0, notes: ["kept"] });
  });

  test("a typed error thrown at a notice is a failure, as nobody got it as an answer", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    ref.tell("refuse", "x");
    await stage.sees("a starts 1");
  });

  test("a message that does not fit the protocol restarts nothing", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    // deno-lint-ignore no-explicit-any -- a sender that the compiler cannot check
    (ref as any).tell("note", 7);
    assertEquals((await ref.ask("state", undefined, SOON)).incarnation, 0);
    assertEquals((await stage.node(ref)).deadLetters, { invalid: 1 });
  });

  test("what else is in hand is given up: its askers get actor/restarted", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    const held = [ref.ask("hold", "g", SOON), ref.ask("hang", undefined, SOON)];
    const refused = Promise.all(held.map((one) => assertRejects(() => one, MillraceError)));
    ref.tell("boom", "x");
    assertEquals((await stage.wait(refused)).map(({ code }) => code), ["actor/restarted", "actor/restarted"]);
    await stage.sees("a starts 1");
    const [actor] = (await stage.node(ref)).actors.filter((one) => one.name === "a");
    assertEquals([actor!.inHand, actor!.counters], [0, {
      accepted: 3,
      handled: 0,
      failed: 3,
      deadLettered: 0,
    }]);
  });

  test("what is sent while an actor waits for its restart is handled after it", async () => {
    await using stage = await openStage(name, {
      supervision: { backoff: { minMs: 20, maxMs: 20, jitter: 0 } },
    });
    const ref = await stage.born("a");
    ref.tell("boom", "x");
    await stage.sees("a ends 0");
    ref.tell("note", "meanwhile");
    const asked = ref.ask("state", undefined, SOON);
    assertEquals(await stage.wait(asked), { incarnation: 1, notes: ["meanwhile"] });
  });

  for (const then of ["after", "every", "watch", "leave", "spawn"] as const) {
    test(`what an incarnation that is over still does is ignored: ${then}`, async () => {
      await using stage = await openStage(name);
      const ref = await stage.born("a");
      ref.tell("linger", { gate: "g", then });
      ref.tell("boom", "x");
      await stage.sees("a starts 1");
      stage.open("g");
      await stage.sees("a lingered 0");
      await ref.ask("after", { key: "k", ms: 5, what: "tock" }, SOON);
      await stage.sees("a ticks tock");
      assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0", "starts 1", "lingered 0", "ticks tock"]);
      assertEquals((await ref.ask("state", undefined, SOON)).incarnation, 1);
      assertEquals((await stage.node(ref)).actors.filter((one) => one.name.includes("late")), []);
    });
  }

  // --- directives

  test("decide is told who failed, at which verb, and of what", async () => {
    const failures: Failure[] = [];
    await using stage = await openStage(name, {
      supervision: {
        decide: (failure) => {
          failures.push(failure);
          return "resume";
        },
      },
    });
    const ref = await stage.born("a");
    ref.tell("boom", "told");
    await stage.wait(ref.ask("after", { key: "k", ms: 1, what: "boom" }, SOON));
    await stage.until(() => failures.length, (count) => count === 2);
    assertEquals(failures.map(({ actor, verb, error }) => [actor, verb, error.message]), [
      ["a", "boom", "told"],
      ["a", undefined, "bad tick"],
    ]);
  });

  test("resume keeps the state, and goes on with the next message", async () => {
    await using stage = await openStage(name, { supervision: { decide: () => "resume" } });
    const ref = await stage.born("a");
    ref.tell("note", "kept");
    ref.tell("boom", "x");
    ref.tell("note", "too");
    assertEquals(await stage.wait(ref.ask("state", undefined, SOON)), {
      incarnation: 0,
      notes: ["kept", "too"],
    });
  });

  test("resume lets go on what else is in hand", async () => {
    await using stage = await openStage(name, { supervision: { decide: () => "resume" } });
    const ref = await stage.born("a");
    const held = ref.ask("hold", "g", SOON);
    await assertRejects(() => ref.ask("fail", "x", SOON), Error, "x");
    stage.open("g");
    assertEquals(await stage.wait(held), "g");
  });

  test("stop ends the actor: watchers hear why, what waits becomes dead letters", async () => {
    await using stage = await openStage(name, { supervision: { decide: () => "stop" } });
    const ref = await stage.born("a");
    const deaths = await stage.mourn(ref);
    ref.tell("boom", "bad luck");
    ref.tell("note", "never");
    await stage.until(() => deaths.length, (count) => count === 1);
    assertEquals(deaths.map(({ reason, error }) => [reason, error?.message]), [["failed", "bad luck"]]);
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0"]);
    assertEquals(
      (await assertRejects(() => ref.ask("state", undefined, SOON), MillraceError)).code,
      "actor/stopped",
    );
    assertEquals(stage.failures, []);
  });

  test("escalate at the top stops the system, which says why", async () => {
    await using stage = await openStage(name, { supervision: { decide: () => "escalate" } });
    const ref = await stage.born("a");
    ref.tell("boom", "too bad");
    const [error] = await stage.until(() => stage.failures, (failures) => failures.length > 0);
    assertEquals([error!.code, error!.details], ["actor/restart-limit", { actor: "a" }]);
    assertEquals((error!.cause as Error).message, "too bad");
    const refused = await assertRejects(() => stage.born("b"), MillraceError);
    assertEquals(refused.code, "platform/closed");
  });

  test("a decide that throws is logged, and the failure goes to the parent", async () => {
    await using stage = await openStage(name, {
      supervision: {
        decide: () => {
          throw new Error("cannot make up its mind");
        },
      },
    });
    const ref = await stage.born("a");
    ref.tell("boom", "x");
    await stage.until(() => stage.failures.length, (count) => count === 1);
    assert(
      stage.logged.some(({ level, message }) =>
        level === "error" && message === "A supervision could not decide"
      ),
    );
  });

  // --- limits

  test("one restart more than the limit is too much: the system stops and names the last failure", async () => {
    await using stage = await openStage(name, { supervision: { limit: { restarts: 2, withinMs: 60_000 } } });
    const ref = await stage.born("a");
    for (const incarnation of [0, 1, 2]) {
      await stage.sees(`a starts ${incarnation}`);
      ref.tell("boom", `failure ${incarnation}`);
    }
    const [error] = await stage.until(() => stage.failures, (failures) => failures.length > 0);
    assertEquals([error!.code, (error!.cause as Error).message], ["actor/restart-limit", "failure 2"]);
  });

  test("a limit of 0 allows no restart", async () => {
    await using stage = await openStage(name, { supervision: { limit: { restarts: 0, withinMs: 60_000 } } });
    const ref = await stage.born("a");
    ref.tell("boom", "x");
    await stage.until(() => stage.failures.length, (count) => count === 1);
    assert(!stage.seen.includes("a starts 1"));
  });

  test("restarts that lie back further than the window count no more", async () => {
    await using stage = await openStage(name, { supervision: { limit: { restarts: 1, withinMs: 25 } } });
    const ref = await stage.born("a");
    for (const incarnation of [0, 1, 2]) {
      await stage.sees(`a starts ${incarnation}`);
      await stage.wait(ref.ask("after", { key: "k", ms: 30, what: `quiet ${incarnation}` }, SOON));
      await stage.sees(`a ticks quiet ${incarnation}`);
      ref.tell("boom", "x");
    }
    await stage.sees("a starts 3");
    assertEquals(stage.failures, []);
  });

  test("one-for-one counts for each child: five siblings may each fail once", async () => {
    await using stage = await openStage(name, { supervision: { limit: { restarts: 1, withinMs: 60_000 } } });
    const first = await stage.born("a");
    const refs = [
      first,
      ...await Promise.all(["b", "c", "d", "e"].map((one) => stage.born(one, { beside: first }))),
    ];
    for (const ref of refs) ref.tell("boom", "x");
    for (const one of ["a", "b", "c", "d", "e"]) await stage.sees(`${one} starts 1`);
    assertEquals(stage.failures, []);
  });

  for (const strategy of ["one-for-all", "rest-for-one"] as const) {
    test(`${strategy} counts for the group: one failure each of two is two`, async () => {
      await using stage = await openStage(name, {
        supervision: { strategy, limit: { restarts: 1, withinMs: 60_000 } },
      });
      const a = await stage.born("a");
      const b = await stage.born("b", { beside: a });
      b.tell("boom", "x");
      await stage.sees("b starts 1");
      a.tell("boom", "y");
      const [error] = await stage.until(() => stage.failures, (failures) => failures.length > 0);
      assertEquals((error!.cause as Error).message, "y");
    });
  }

  test("each restart of a crash loop is logged, with its cause", async () => {
    await using stage = await openStage(name, { supervision: { limit: { restarts: 3, withinMs: 60_000 } } });
    const ref = await stage.born("a");
    for (let n = 1; n <= 4; n++) ref.tell("boom", `failure ${n}`);
    await stage.until(() => stage.failures.length, (count) => count === 1);
    const restarts = stage.logged.filter(({ message }) => message === "An actor is restarted");
    assertEquals(
      restarts.map(({ level, attrs: { actor, error } }) => [level, actor, (error as Error).message]),
      [1, 2, 3].map((n) => ["warn", "a", `failure ${n}`]),
    );
  });

  // --- groups

  test("one-for-all takes all down, the last first, and starts all again in order", async () => {
    await using stage = await openStage(name, { supervision: { strategy: "one-for-all" } });
    const a = await stage.born("a");
    const b = await stage.born("b", { beside: a });
    await stage.born("c", { beside: a });
    await stage.sees("c starts 0");
    stage.seen.length = 0;
    b.tell("boom", "x");
    await stage.sees("c starts 1");
    assertEquals(stage.seen, ["c ends 0", "b ends 0", "a ends 0", "a starts 1", "b starts 1", "c starts 1"]);
  });

  test("rest-for-one takes down the failed one and those after it", async () => {
    await using stage = await openStage(name, { supervision: { strategy: "rest-for-one" } });
    const a = await stage.born("a");
    const b = await stage.born("b", { beside: a });
    await stage.born("c", { beside: a });
    await stage.sees("c starts 0");
    stage.seen.length = 0;
    b.tell("boom", "x");
    await stage.sees("c starts 1");
    assertEquals(stage.seen, ["c ends 0", "b ends 0", "b starts 1", "c starts 1"]);
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).incarnation, 0);
  });

  test("groups reach over hosts", async () => {
    await using stage = await openStage(name, { supervision: { strategy: "one-for-all" } });
    const refs = [await stage.born("a"), await stage.born("b"), await stage.born("c")];
    refs[1]!.tell("boom", "x");
    for (const one of ["a", "b", "c"]) await stage.sees(`${one} starts 1`);
    const states = await stage.wait(Promise.all(refs.map((ref) => ref.ask("state", undefined, SOON))));
    assertEquals(states.map(({ incarnation }) => incarnation), [1, 1, 1]);
  });

  test("a temporary sibling goes down with its group and stays there", async () => {
    await using stage = await openStage(name, { supervision: { strategy: "one-for-all" } });
    const a = await stage.born("a");
    await stage.born("b", { beside: a, restart: "temporary" });
    await stage.born("c", { beside: a });
    a.tell("boom", "x");
    await stage.sees("c starts 1");
    assertEquals(stage.lifeOf("b"), ["starts 0", "ends 0"]);
  });

  test("mail of the siblings of a failed one outlives the restart of the group", async () => {
    await using stage = await openStage(name, {
      supervision: { strategy: "one-for-all", backoff: { minMs: 20, maxMs: 20, jitter: 0 } },
    });
    const a = await stage.born("a");
    const b = await stage.born("b", { beside: a });
    a.tell("boom", "x");
    await stage.sees("a ends 0");
    b.tell("note", "meanwhile");
    assertEquals(await stage.wait(b.ask("state", undefined, SOON)), {
      incarnation: 1,
      notes: ["meanwhile"],
    });
  });

  test("a group of which one does not start is taken down again, and tried once more", async () => {
    await using stage = await openStage(name, { supervision: { strategy: "one-for-all" } });
    const a = await stage.born("a");
    await stage.born("b", { beside: a, life: { badStarts: [1] } });
    a.tell("boom", "x");
    await stage.sees("b starts 2");
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0", "starts 1", "ends 1", "starts 2"]);
    assertEquals(stage.lifeOf("b"), ["starts 0", "ends 0", "starts 1", "ends 1", "starts 2"]);
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).incarnation, 2);
  });

  test("one that fails while its group is on its way up is restarted once more, and all end up well", async () => {
    await using stage = await openStage(name, { supervision: { strategy: "one-for-all" } });
    const a = await stage.born("a");
    const b = await stage.born("b", { beside: a, life: { gate: "b", gateRestarts: true } });
    a.tell("boom", "x");
    await stage.sees("b starts 1"); // a is up, b holds
    a.tell("boom", "again");
    a.tell("note", "after");
    stage.open("b");
    await stage.sees("a notes after");
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).incarnation, 2);
    assertEquals((await stage.wait(b.ask("state", undefined, SOON))).incarnation, 2);
  });

  test("one-for-one: one whose restart hangs holds up none of its siblings", async () => {
    await using stage = await openStage(name);
    const a = await stage.born("a", { life: { gate: "a", gateRestarts: true } });
    const b = await stage.born("b", { beside: a });
    a.tell("boom", "x");
    await stage.sees("a starts 1");
    b.tell("boom", "y");
    await stage.sees("b starts 1");
    stage.open("a");
    assertEquals((await stage.wait(a.ask("state", undefined, SOON))).incarnation, 1);
  });

  // --- failures elsewhere

  test("a first start that fails rejects the spawn with its cause, and is not tried again", async () => {
    await using stage = await openStage(name);
    const error = await assertRejects(() => stage.born("a", { life: { badStarts: [0] } }), MillraceError);
    assertEquals([error.code, (error.cause as Error).message], ["actor/start-failed", "bad start 0"]);
    await stage.sees("a ends 0");
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0"]);
  });

  test("a restart whose start fails is tried again within the limit", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a", { life: { badStarts: [1, 2] } });
    ref.tell("boom", "x");
    ref.tell("note", "kept through it all");
    await stage.sees("a notes kept through it all");
    assertEquals((await stage.wait(ref.ask("state", undefined, SOON))).incarnation, 3);
    assertEquals(stage.lifeOf("a").filter((what) => what.startsWith("ends")), ["ends 0", "ends 1", "ends 2"]);
  });

  test("a restart whose start always fails is given up at the limit, with the start's failure", async () => {
    await using stage = await openStage(name, { supervision: { limit: { restarts: 2, withinMs: 60_000 } } });
    const ref = await stage.born("a", { life: { badStarts: "restarts" } });
    ref.tell("boom", "x");
    const [error] = await stage.until(() => stage.failures, (failures) => failures.length > 0);
    assertEquals((error!.cause as Error).message, "bad start 2");
  });

  test("a clean-up that fails is logged and keeps nothing from its end or restart", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a", { life: { badCleanUp: true } });
    ref.tell("boom", "x");
    await stage.sees("a starts 1");
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0", "starts 1"]);
    assert(await stage.wait(stage.system.stopActor(ref, "drain", 60_000)));
    await stage.until(
      () =>
        stage.logged.filter(({ attrs }) => (attrs["error"] as Error | undefined)?.message === "bad clean-up"),
      ({ length }) => length === 2,
    );
  });

  test("a timer that throws is a failure", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("a");
    await stage.wait(ref.ask("every", { key: "k", ms: 1, what: "boom" }, SOON));
    await stage.sees("a starts 1");
    assertEquals((await stage.wait(ref.ask("state", undefined, SOON))).incarnation, 1);
  });

  test("a watch listener that throws is a failure of whoever watches", async () => {
    await using stage = await openStage(name);
    const [a, b] = [await stage.born("a"), await stage.born("b")];
    await b.ask("watchBadly", a, SOON);
    a.tell("leave", undefined);
    await stage.sees("b starts 1");
  });

  // --- when it is started again: the nine cells of OTP's matrix

  const MATRIX: Record<
    RestartType,
    { readonly leaves: boolean; readonly told: boolean; readonly fails: boolean }
  > = {
    permanent: { leaves: true, told: false, fails: true },
    transient: { leaves: false, told: false, fails: true },
    temporary: { leaves: false, told: false, fails: false },
  };
  for (const [restart, again] of Object.entries(MATRIX) as [RestartType, typeof MATRIX["permanent"]][]) {
    test(`${restart} that stops by itself ${again.leaves ? "starts again" : "is gone"}`, async () => {
      await using stage = await openStage(name);
      const ref = await stage.born("a", { restart });
      const deaths = await stage.mourn(ref);
      ref.tell("leave", undefined);
      ref.tell("note", "drained");
      if (again.leaves) await stage.sees("a starts 1");
      else await stage.until(() => deaths.length, (count) => count === 1);
      assertEquals(stage.lifeOf("a"), [
        "starts 0",
        "notes drained",
        "ends 0",
        ...again.leaves ? ["starts 1"] : [],
      ]);
      assertEquals(
        deaths.map(({ reason, error }) => [reason, error]),
        again.leaves ? [] : [["stopped", undefined]],
      );
    });

    test(`${restart} that is told to stop is gone`, async () => {
      await using stage = await openStage(name);
      const ref = await stage.born("a", { restart });
      const deaths = await stage.mourn(ref);
      assert(await stage.wait(stage.system.stopActor(ref, "drain", 60_000)));
      await stage.until(() => deaths.length, (count) => count === 1);
      assertEquals(deaths.map(({ reason }) => reason), ["stopped"]);
      assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0"]);
    });

    test(`${restart} that fails ${again.fails ? "starts again" : "is gone, and says why"}`, async () => {
      await using stage = await openStage(name);
      const ref = await stage.born("a", { restart });
      const deaths = await stage.mourn(ref);
      ref.tell("boom", "x");
      if (again.fails) await stage.sees("a starts 1");
      else await stage.until(() => deaths.length, (count) => count === 1);
      assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0", ...again.fails ? ["starts 1"] : []]);
      assertEquals(deaths.map(({ error }) => error?.message), again.fails ? [] : ["x"]);
      assertEquals(stage.failures, []);
    });
  }

  // --- stopping meanwhile

  test("one that is told to stop while it waits for its restart is gone at once, and stays so", async () => {
    await using stage = await openStage(name, {
      supervision: { backoff: { minMs: 3_600_000, maxMs: 3_600_000, jitter: 0 } },
    });
    const ref = await stage.born("a");
    ref.tell("boom", "x");
    await stage.sees("a ends 0");
    const asked = assertRejects(() => ref.ask("state", undefined, SOON), MillraceError);
    assert(await stage.wait(stage.system.stopActor(ref, "drain", 60_000)));
    assertEquals((await stage.wait(asked)).code, "actor/stopped");
    assertEquals(stage.lifeOf("a"), ["starts 0", "ends 0"]);
  });

  test("a system stops at once though an actor waits for its restart", async () => {
    await using stage = await openStage(name, {
      supervision: { backoff: { minMs: 3_600_000, maxMs: 3_600_000, jitter: 0 } },
    });
    const ref = await stage.born("a");
    ref.tell("boom", "x");
    await stage.sees("a ends 0");
    const report = await stage.wait(stage.system.stop({ mode: "drain", deadlineMs: 60_000 }));
    assertEquals(report, { unstopped: [], lostThreads: 0 });
  });

  // --- families

  test("an actor's children end before it, the last first, and its restart spawns them anew", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p", { life: { children: ["a", "b"] } });
    await stage.sees("b starts 0");
    stage.seen.length = 0;
    ref.tell("boom", "x");
    await stage.sees("b starts 0");
    assertEquals(stage.seen, ["b ends 0", "a ends 0", "p ends 0", "p starts 1", "a starts 0", "b starts 0"]);
    assertEquals(await stage.wait(childOf(stage, ref, "b").ask("state", undefined, SOON)), {
      incarnation: 0,
      notes: [],
    });
  });

  test("children that a start has spawned end when that start fails", async () => {
    await using stage = await openStage(name);
    const life = { children: ["a", "b"], failAfterChildren: true };
    await assertRejects(
      () => stage.wait(stage.born("p", { life })),
      MillraceError,
      "no further than the children",
    );
    await stage.sees("p ends 0");
    assertEquals(stage.seen, [
      ...["p starts 0", "a starts 0", "b starts 0"],
      ...["b ends 0", "a ends 0", "p ends 0"],
    ]);
  });

  test("the failure of a child restarts the child, not its parent", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p", { life: { children: ["a"] } });
    childOf(stage, ref, "a").tell("boom", "x");
    await stage.sees("a starts 1");
    assertEquals((await stage.wait(ref.ask("state", undefined, SOON))).incarnation, 0);
  });

  test("an actor supervises its children one-for-all", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p", { kind: "oneForAll", life: { children: ["a", "b", "c"] } });
    await stage.sees("c starts 0");
    stage.seen.length = 0;
    childOf(stage, ref, "b").tell("boom", "x");
    await stage.sees("c starts 1");
    assertEquals(stage.seen, ["c ends 0", "b ends 0", "a ends 0", "a starts 1", "b starts 1", "c starts 1"]);
  });

  test("an actor supervises its children rest-for-one", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p", { kind: "restForOne", life: { children: ["a", "b", "c"] } });
    await stage.sees("c starts 0");
    stage.seen.length = 0;
    childOf(stage, ref, "b").tell("boom", "x");
    await stage.sees("c starts 1");
    assertEquals(stage.seen, ["c ends 0", "b ends 0", "b starts 1", "c starts 1"]);
  });

  test("a parent that resumes keeps the state of its child", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p", { kind: "resuming", life: { children: ["a"] } });
    const child = childOf(stage, ref, "a");
    child.tell("note", "kept");
    child.tell("boom", "x");
    assertEquals(await stage.wait(child.ask("state", undefined, SOON)), { incarnation: 0, notes: ["kept"] });
  });

  test("a parent that stops a failed child lives on, and may watch it to hear of what", async () => {
    await using stage = await openStage(name);
    const ref = await stage.born("p", { kind: "stopping", life: { children: ["a"] } });
    const child = childOf(stage, ref, "a");
    await stage.wait(ref.ask("watch", { ref: child }, SOON));
    child.tell("boom", "bad luck");
    await stage.sees("p hears p/a failed: bad luck");
    assertEquals((await stage.wait(ref.ask("state", undefined, SOON))).incarnation, 0);
  });

  for (const kind of ["escalating", "strict", "undecided"] as const) {
    test(`a parent that is ${kind} fails with its child, and is restarted by its own supervisor`, async () => {
      await using stage = await openStage(name);
      const ref = await stage.born("p", { kind, life: { children: ["a"] } });
      childOf(stage, ref, "a").tell("boom", "x");
      await stage.sees("p starts 1");
      await stage.sees("a starts 0", 2);
      assertEquals(stage.lifeOf("p"), ["starts 0", "ends 0", "starts 1"]);
      assertEquals((await stage.wait(ref.ask("state", undefined, SOON))).incarnation, 1);
      assertEquals(stage.failures, []);
    });
  }

  test("a failure may go up from child to parent to system, which then stops", async () => {
    await using stage = await openStage(name, { supervision: { limit: { restarts: 0, withinMs: 60_000 } } });
    const ref = await stage.born("p", { kind: "strict", life: { children: ["a"] } });
    childOf(stage, ref, "a").tell("boom", "deep down");
    const [error] = await stage.until(() => stage.failures, (failures) => failures.length > 0);
    assertEquals(error!.details, { actor: "p" });
    const cause = error!.cause as MillraceError;
    assertEquals([cause.code, cause.details], ["actor/restart-limit", { actor: "p/a" }]);
    assertEquals((cause.cause as Error).message, "deep down");
  });

  test("a child that fails too often while its parent still starts fails the parent", async () => {
    await using stage = await openStage(name);
    const born = stage.born("p", { kind: "strict", life: { children: ["a"], gateAfterChildren: "p" } });
    await stage.sees("a starts 0");
    const host = name === "local" ? 0 : 1;
    stage.system.ref(living, { host, name: "p/a" }).tell("boom", "x");
    await stage.sees("a ends 0");
    stage.open("p");
    const ref = await stage.wait(born);
    await stage.sees("p starts 1");
    assertEquals((await stage.wait(ref.ask("state", undefined, SOON))).incarnation, 1);
  });

  test("a parent that is resumed takes up again the child that it was asked to decide about", async () => {
    await using stage = await openStage(name, { supervision: { decide: () => "resume" } });
    const ref = await stage.born("p", { kind: "escalating", life: { children: ["a"] } });
    const child = childOf(stage, ref, "a");
    child.tell("note", "kept");
    child.tell("boom", "x");
    assertEquals(await stage.wait(child.ask("state", undefined, SOON)), { incarnation: 0, notes: ["kept"] });
    assertEquals((await stage.wait(ref.ask("state", undefined, SOON))).incarnation, 0);
  });

  if (name !== "sim") return;

  test("a restart comes at its time: each after a short life twice as late as the one before", async () => {
    await using stage = await openStage(name, {
      supervision: {
        limit: { restarts: 10, withinMs: 3_600_000 },
        backoff: { minMs: 100, maxMs: 300, jitter: 0 },
      },
    });
    const ref = await stage.born("a");
    for (const [incarnation, delayMs] of [100, 200, 300, 300].entries()) {
      ref.tell("boom", "x");
      await stage.pass(delayMs - 1);
      assertEquals(stage.lifeOf("a").at(-1), `ends ${incarnation}`);
      await stage.pass(1);
      assertEquals(stage.lifeOf("a").at(-1), `starts ${incarnation + 1}`);
    }
    await stage.pass(200); // a life as long as half of shortest and longest wait
    ref.tell("boom", "x");
    await stage.pass(100);
    assertEquals(stage.lifeOf("a").at(-1), "starts 5");
  });
}
