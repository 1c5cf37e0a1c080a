import { assertEquals } from "@std/assert";
import type { AttemptOutcome } from "../../src/executor/port.ts";
import { isLost, outcomeOfLost } from "../../src/orchestrator/lost_outcome.ts";
import { failure, success } from "./world.ts";

const lost: AttemptOutcome = {
  ok: false,
  durationMs: 7,
  error: { code: "executor/lost", message: "gone", details: {}, name: "MillraceError" },
  retryable: true,
};

Deno.test("isLost is true of nothing but an attempt whose executor is gone", () => {
  assertEquals([lost, failure(), success()].map(isLost), [true, false, false]);
});

Deno.test("outcomeOfLost is success if the result is stored, and the loss if it is not or nobody knows", async () => {
  assertEquals(await outcomeOfLost(lost, () => Promise.resolve({})), { ok: true, durationMs: 7 });
  assertEquals(await outcomeOfLost(lost, () => Promise.resolve({ chunks: 3 })), {
    ...{ ok: true, durationMs: 7, chunks: 3 },
  });
  assertEquals(await outcomeOfLost(lost, () => Promise.resolve(undefined)), lost);
  assertEquals(await outcomeOfLost(lost, () => Promise.reject(new Error("disk"))), lost);
});
