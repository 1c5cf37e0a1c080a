import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { type NodeSnapshot, totals } from "../../src/actor/snapshot.ts";
import type { ActorSystem } from "../../src/actor/system.ts";
import { testSystem, until } from "./fixtures/systems.ts";

/** What lives in this thread. */
async function here({ system }: { readonly system: ActorSystem }): Promise<NodeSnapshot> {
  return (await system.snapshot()).hosts[0]!.node!;
}

const soon = { timeoutMs: 20_000 };

for (const where of ["inline", "worker"] as const) {
  Deno.test(`ActorRef ${where}: tell keeps the order of one sender`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    for (let n = 0; n < 4; n++) ref.tell("note", String(n));
    assertEquals(await ref.ask("notes", undefined, soon), ["0", "1", "2", "3"]);
  });

  Deno.test(`ActorRef ${where}: ask answers with values that survive a thread`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const value = {
      map: new Map([["a", 1n]]),
      date: new Date(0),
      bytes: new Uint8Array([1, 2]),
      none: undefined,
    };
    assertEquals(await ref.ask("echo", value, soon), value);
  });

  Deno.test(`ActorRef ${where}: ask rejects with the handler's code, details and cause`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const error = await assertRejects(() => ref.ask("fail", "nope", soon), MillraceError);
    assertEquals([error.code, error.details, (error.cause as Error).message], ["task/unknown", {
      task: "nope",
    }, "deep"]);
  });

  Deno.test(`ActorRef ${where}: ask rejects at its deadline and tells the handler`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const error = await assertRejects(() => ref.ask("hold", "late", { timeoutMs: 1 }), MillraceError);
    assertEquals(error.code, "actor/ask-timeout");
    assertEquals(await until(() => ref.ask("left", undefined, soon), (left) => left.length > 0), ["late"]);
  });

  Deno.test(`ActorRef ${where}: ask can be called off before it is sent and while it runs`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const before = AbortSignal.abort(new Error("changed my mind"));
    await assertRejects(() => ref.ask("hold", "x", { ...soon, signal: before }), Error, "changed my mind");
    const controller = new AbortController();
    const running = ref.ask("hold", "running", { ...soon, signal: controller.signal });
    await ref.ask("echo", "the one before me has been taken", soon);
    controller.abort(new Error("enough"));
    await assertRejects(() => running, Error, "enough");
    await until(() => ref.ask("left", undefined, soon), (left) => left.includes("running"));
  });

  Deno.test(`ActorRef ${where}: an invalid message is rejected with the path and restarts nothing`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    ref.tell("note", "kept");
    // deno-lint-ignore no-explicit-any -- a sender that the compiler cannot check
    const wrong = ref as any;
    const error = await assertRejects(() => wrong.ask("relay", { to: {}, note: 7 }, soon), MillraceError);
    assertEquals(error.code, "actor/message-invalid");
    assert(error.message.includes("at 'note'"), error.message);
    const unknown = await assertRejects(() => wrong.ask("nope", 1, soon), MillraceError);
    assertEquals(unknown.code, "actor/unknown-verb");
    assertEquals(await ref.ask("notes", undefined, soon), ["kept"]);
  });

  Deno.test(`ActorRef ${where}: whoever sends to a stopped actor is told`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const held = ref.ask("echo", 1, soon);
    assertEquals(await held, 1);
    assert(await test.system.stopActor(ref, "drain", 20_000));
    const error = await assertRejects(() => ref.ask("echo", 1, soon), MillraceError);
    assertEquals(error.code, "actor/stopped");
    ref.tell("note", "into the void"); // a dead letter, not a throw
  });

  Deno.test(`ActorRef ${where}: a failed start rejects the spawn with its cause`, async () => {
    await using test = testSystem(where);
    const error = await assertRejects(() => test.spawn("echo", { failStart: true }), MillraceError);
    assertEquals([error.code, (error.cause as Error).message], ["actor/start-failed", "no luck today"]);
  });

  Deno.test(`ActorRef ${where}: stream flows with credit, and leaving the loop ends it at the source`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const all: number[] = [];
    for await (const n of ref.stream("count", 1000, { capacity: 8 })) all.push(n);
    assertEquals([all.length, all[0], all[999]], [1000, 1, 1000]);
    for await (const n of ref.stream("count", 1e9, { capacity: 8 })) if (n === 20) break;
    assertEquals(await until(() => ref.ask("open", undefined, soon), (open) => open === 0), 0);
  });

  Deno.test(`ActorRef ${where}: actors reach each other by address`, async () => {
    await using test = testSystem(where);
    const [a, b] = [await test.spawn("a"), await test.spawn("b", { greeting: "hello" })];
    assertEquals(await a.ask("relay", { to: b.address, note: "from a" }, soon), ["hello", "from a"]);
  });

  Deno.test(`ActorRef ${where}: a burst beyond mailbox and window loses nothing that is waited for`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    assertEquals(await Promise.all(numbers.map((n) => ref.ask("echo", n, soon))), numbers);
    await Promise.all(numbers.map((n) => ref.offer("note", String(n))));
    assertEquals(await ref.ask("notes", undefined, soon), numbers.map(String));
  });
}

Deno.test("ActorSystem stopActor drains what waits in the mailbox", async () => {
  await using test = testSystem("inline");
  const ref = await test.spawn("echo");
  const answers = [1, 2, 3].map((n) => ref.ask("echo", n, soon));
  await Promise.all([test.system.stopActor(ref, "drain", 20_000), ...answers]);
  assertEquals(await Promise.all(answers), [1, 2, 3]);
});

Deno.test("ActorRef ask that is called off while it waits in the mailbox is never handled", async () => {
  await using test = testSystem("inline");
  const ref = await test.spawn("echo");
  const controller = new AbortController();
  const queued = ref.ask("hold", "x", { ...soon, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => queued, Error, "enough");
  assertEquals(await ref.ask("left", undefined, soon), []);
  assertEquals((await here(test)).deadLetters, { "called-off": 1 });
});

Deno.test("ActorRef offer settles at once for a stopped actor, and on the abort of one that waits", async () => {
  await using test = testSystem("inline");
  const ref = await test.spawn("echo");
  const { signal } = new AbortController();
  for (let n = 0; n < 4; n++) ref.tell("note", "fills the mailbox");
  const controller = new AbortController();
  const waiting = ref.offer("note", "waits", { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await ref.offer("note", "gets in", { signal });
  await test.system.stopActor(ref, "drain", 20_000);
  const error = await assertRejects(() => ref.offer("note", "too late", { signal }), MillraceError);
  assertEquals(error.code, "actor/stopped");
});

for (const where of ["inline", "worker"] as const) {
  Deno.test(`ActorRef ${where}: a stream ends with an error once its actor has stopped`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const stream = ref.stream("forever", undefined);
    assertEquals((await stream.next()).value, 0);
    const refused = assertRejects(() => stream.next(), MillraceError);
    assert(await test.system.stopActor(ref, "drain", 20_000));
    assertEquals((await refused).code, "actor/stopped");
  });

  Deno.test(`ActorRef ${where}: several readers of one stream are all woken`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    const stream = ref.stream("count", 2);
    const results = await Promise.all([stream.next(), stream.next(), stream.next()]);
    assertEquals(results.map(({ value }) => value), [1, 2, undefined]);
  });

  Deno.test(`ActorRef ${where}: a schema that throws fails the ask, not the thread`, async () => {
    await using test = testSystem(where);
    const ref = await test.spawn("echo");
    await assertRejects(() => ref.ask("hostile", 1, soon), Error, "no schema of yours");
    assertEquals(await ref.ask("echo", 1, soon), 1);
  });
}

Deno.test("ActorRef worker: what is nested without end is refused like anything uncloneable", async () => {
  await using test = testSystem("worker");
  const ref = await test.spawn("echo");
  let deep: unknown = 1;
  for (let level = 0; level < 20_000; level++) deep = [deep];
  const error = await assertRejects(() => ref.ask("echo", deep, soon), MillraceError);
  assertEquals(error.code, "actor/uncloneable");
  assertEquals(await ref.ask("echo", 1, soon), 1);
});

Deno.test("ActorSystem spawn refuses a name that is taken", async () => {
  await using test = testSystem("inline");
  await test.spawn("echo");
  const error = await assertRejects(() => test.spawn("echo"), MillraceError);
  assertEquals(error.code, "actor/name-taken");
});

Deno.test("ActorRef tell into a full mailbox becomes a dead letter, tryTell says so", async () => {
  await using test = testSystem("inline");
  const ref = await test.spawn("echo");
  const told = Array.from({ length: 6 }, () => ref.tryTell("note", "x"));
  assertEquals(told, ["accepted", "accepted", "accepted", "accepted", "full", "full"]);
  ref.tell("note", "lost");
  assertEquals((await here(test)).deadLetters, { overflow: 1 });
});

Deno.test("ActorSystem accepted = handled + failed + dead-lettered + queued + in hand", async () => {
  await using test = testSystem("inline");
  const ref = await test.spawn("echo");
  await Promise.allSettled([
    ...Array.from({ length: 50 }, (_, n) => ref.ask("echo", n, soon)),
    ref.ask("fail", "x", soon),
    // deno-lint-ignore no-explicit-any -- a sender that the compiler cannot check
    (ref as any).ask("nope", "x", soon),
  ]);
  const { accepted, handled, failed, deadLettered, queued, inHand } = totals(await here(test));
  assertEquals({ accepted, handled, failed, deadLettered, queued, inHand }, {
    accepted: 52,
    handled: 50,
    failed: 1,
    deadLettered: 1,
    queued: 0,
    inHand: 0,
  });
});

Deno.test("ActorRef worker: what cannot be cloned is named by its path, and its neighbours arrive", async () => {
  await using test = testSystem("worker");
  const ref = await test.spawn("echo");
  ref.tell("note", "before");
  const bad = ref.ask("echo", { deep: { fn: () => 1 } }, soon);
  ref.tell("note", "after");
  const error = await assertRejects(() => bad, MillraceError);
  assert(MillraceError.is(error, "actor/uncloneable"));
  assertEquals(error.details.path, "deep.fn");
  assertEquals(await ref.ask("notes", undefined, soon), ["before", "after"]);
});

Deno.test("worker host survives a late throw and a rejection nobody awaits", async () => {
  await using test = testSystem("worker");
  const ref = await test.spawn("echo");
  ref.tell("fault", "throw-later");
  ref.tell("fault", "reject");
  await until(() => test.logged.length, (count) => count >= 2);
  assertEquals(await ref.ask("echo", "alive", soon), "alive");
});

for (const fault of ["close", "exit"] as const) {
  Deno.test(`worker host that ends itself by ${fault} fails all who wait, and only them`, async () => {
    await using test = testSystem("worker");
    const [doomed, other] = [await test.spawn("doomed"), await test.spawn("other")];
    const waiting = [
      doomed.ask("hold", "x", soon),
      other.ask("relay", { to: doomed.address, note: "x" }, soon),
    ];
    await waiting[1];
    const lost = Promise.withResolvers<string>();
    test.system.onHostLost((_host, reason) => lost.resolve(reason));
    doomed.tell("fault", fault);
    const error = await assertRejects(() => waiting[0]!, MillraceError);
    assertEquals(error.code, "actor/host-lost");
    assert((await lost.promise).includes(fault), await lost.promise);
    const relayed = await assertRejects(
      () => other.ask("relay", { to: doomed.address, note: "x" }, soon),
      MillraceError,
    );
    assertEquals(relayed.code, "actor/host-lost");
    assertEquals(await other.ask("echo", 1, soon), 1);
  });
}

Deno.test("ActorSystem spawnIn names a module that does not load, and an export that is no actor", async () => {
  await using test = testSystem("worker");
  const host = await test.system.startHost("h");
  const place = (url: string, exportName: string) => ({ url, exportName, module: () => Promise.resolve({}) });
  const url = import.meta.resolve("./fixtures/nowhere.ts");
  const missing = await assertRejects(
    () => test.system.spawnIn(place(url, "x"), undefined as never, { name: "a", host }),
    MillraceError,
  );
  assertEquals([missing.code, missing.details], ["module/load-failed", { module: url }]);
  const here = import.meta.resolve("./fixtures/echo.ts");
  const wrong = await assertRejects(
    () => test.system.spawnIn(place(here, "echoing"), undefined as never, { name: "a", host }),
    MillraceError,
  );
  assertEquals(wrong.code, "module/definition-invalid");
});
