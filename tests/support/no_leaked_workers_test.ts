import { assert, assertEquals } from "@std/assert";
import { runDeno } from "../fixtures_canary/children.ts";

Deno.test("no_leaked_workers fails the test that leaves a worker alive, names it, and only that one", async () => {
  const { code, stdout } = await runDeno(["test", "-A", "--no-check", "../support/leaking_tests.ts"]);
  assertEquals(code, 1);
  assert(stdout.includes("The test left workers alive: forgotten"), stdout);
  assert(stdout.includes("1 passed") && stdout.includes("1 failed"), stdout);
});
