import { assert, assertEquals, assertRejects } from "@std/assert";
import { MillraceError } from "../../src/base/errors.ts";
import { testSystem, until } from "./fixtures/systems.ts";

const soon = { timeoutMs: 20_000 };

for (const where of ["inline", "worker"] as const) {
  Deno.test(`ActorRef ${where}: a failed start rejects the spawn with its cause`, async () => {
    await using test = testSystem(where);
    const error = await assertRejects(() => test.spawn("echo", { failStart: true }), MillraceError);
    assertEquals([error.code, (error.cause as Error).message], ["actor/start-failed", "no luck today"]);
  });
}

Deno.test("ActorSystem spawn refuses a name that is taken", async () => {
  await using test = testSystem("inline");
  await test.spawn("echo");
  const error = await assertRejects(() => test.spawn("echo"), MillraceError);
  assertEquals(error.code, "actor/name-taken");
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
