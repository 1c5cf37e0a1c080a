import { assertEquals } from "@std/assert";
import {
  defineManualTrigger,
  definePipeline,
  defineTask,
  isFailure,
  isPipeline,
  isTask,
  isTrigger,
} from "../../src/task/mod.ts";

Deno.test("isFailure, isTask, isPipeline and isTrigger tell by the brand", () => {
  const values = [
    {
      "~millrace": "failure",
      task: "a",
      status: "failed",
      error: { code: "task/threw", message: "", details: {} },
    },
    defineTask({ name: "a", run: () => 1 }),
    definePipeline({ name: "a", select: {} }),
    defineManualTrigger({ name: "a", topic: "a" }),
  ];
  const guards = [isFailure, isTask, isPipeline, isTrigger];
  assertEquals(
    guards.map((guard) => values.map((value) => guard(value))),
    [
      [true, false, false, false],
      [false, true, false, false],
      [false, false, true, false],
      [false, false, false, true],
    ],
  );
  for (const other of [undefined, null, 0, "failure", {}, [], () => 1]) assertEquals(isFailure(other), false);
});
