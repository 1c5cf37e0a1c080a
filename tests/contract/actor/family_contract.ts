/** Whom a failure concerns: siblings, children and parents. */
import { assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../../src/base/errors.ts";
import { living } from "./fixtures_life.ts";
import type { PlaceName } from "./place.ts";
import { type LivingRef, openStage, SOON, type Stage } from "./witness.ts";

/** The child of an actor, by its name. */
function childOf(stage: Stage, { address: { host, name } }: LivingRef, child: string): LivingRef {
  return stage.system.ref(living, { host, name: `${name}/${child}` });
}

/** Registers the behaviours for one place. */
export function familyContract(name: PlaceName): void {
  const test = (behaviour: string, fn: () => Promise<void>): void =>
    Deno.test(`Family ${name}: ${behaviour}`, fn);

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
}
