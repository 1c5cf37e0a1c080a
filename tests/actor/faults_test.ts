import { assertEquals } from "@std/assert";
import { claimed, claimFaults } from "../../src/actor/faults.ts";

Deno.test("claimed() hands an error to the one who claims such, as long as there is just one", () => {
  const heard: unknown[] = [];
  assertEquals(claimed("early"), false);
  const release = claimFaults((error) => heard.push(["first", error]));
  assertEquals(claimed("one"), true);
  const releaseSecond = claimFaults((error) => heard.push(["second", error]));
  assertEquals(claimed("whose?"), false);
  release();
  assertEquals(claimed("two"), true);
  releaseSecond();
  assertEquals(claimed("late"), false);
  assertEquals(heard, [["first", "one"], ["second", "two"]]);
});
