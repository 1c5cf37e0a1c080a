import { assertEquals, assertRejects } from "@std/assert";
import { within } from "../../src/actor/within.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";

Deno.test("within gives what the work gives, or throws what it throws, and leaves no alarm", async () => {
  const clock = createVirtualClock();
  assertEquals(await within(clock, 10, Promise.resolve("done"), () => "late"), "done");
  await assertRejects(() => within(clock, 10, Promise.reject(new Error("own")), () => "late"), Error, "own");
  assertEquals(clock.pending, 0);
});

Deno.test("within gives or throws what is due when the time is up, whatever the work does then", async () => {
  const clock = createVirtualClock();
  const slow = Promise.withResolvers<string>();
  const given = within(clock, 10, slow.promise, () => "late");
  const thrown = within(clock, 10, slow.promise, () => {
    throw new Error("too late");
  });
  const refused = assertRejects(() => thrown, Error, "too late");
  await clock.advance(10);
  assertEquals(await given, "late");
  await refused;
  slow.reject(new Error("nobody hears this"));
  await clock.advance(10);
});
