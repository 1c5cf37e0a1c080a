import { assertEquals } from "@std/assert";
import { planText } from "../../src/cli/plan_text.ts";
import { PLAIN_STYLE } from "../../src/cli/style.ts";
import type { InputDescriptor, TaskDescriptor } from "../../src/task/descriptor.ts";
import type { Plan } from "../../src/task/plan.ts";

function task(name: string, inputs: Partial<InputDescriptor>[] = [], after: string[] = []): TaskDescriptor {
  return {
    name,
    inputs: inputs.map((input) => ({ param: input.task!, task: input.task!, collect: false, ...input })),
    after,
    tags: [],
    stream: false,
    failSafe: false,
    maxRetries: 0,
    backoff: { baseMs: 1, factor: 2, maxMs: 3, jitter: false },
    isolation: "worker",
  };
}

const PLAN: Plan = {
  dagId: "3f2a91bc0d1e2f30aa",
  executionOrder: ["airports", "read", "parse", "report"],
  parallelLevels: [["airports", "read"], ["parse"], ["report"]],
  external: ["weather"],
  tasks: {
    airports: task("airports"),
    read: task("read"),
    parse: task("parse", [{ task: "read", param: "rows", collect: true }]),
    report: task("report", [{ task: "parse" }, { task: "weather", param: "sky" }], ["airports"]),
  },
};

Deno.test("planText() shows levels, edges and what comes from outside", () => {
  assertEquals(planText("flights", PLAN, 80, PLAIN_STYLE), [
    "flights  4 tasks  3 levels  dag 3f2a91bc0d1e",
    "",
    "levels",
    "    1   airports  read",
    "    2   parse",
    "    3   report",
    "",
    "edges",
    "    parse  ← all of read as rows",
    "    report ← parse, weather as sky, after airports",
    "",
    "external: a run loads the latest succeeded result of",
    "    weather",
  ]);
});

Deno.test("planText() of a task alone has no edges", () => {
  const alone: Plan = { ...PLAN, executionOrder: ["read"], parallelLevels: [["read"]], external: [] };
  assertEquals(planText("selection", { ...alone, tasks: { read: task("read") } }, 80, PLAIN_STYLE), [
    "selection  1 task  1 level  dag 3f2a91bc0d1e",
    "",
    "levels",
    "    1   read",
  ]);
});
