import { assertEquals } from "@std/assert";
import { createPlanner, createTaskRegistry, fitSchemas } from "@millrace/millrace";
import { problems, verdicts } from "./edges.ts";
import { orders, rates, report, totals } from "./orders.ts";
import { schemas } from "./orders.schemas.ts";

const root = new URL("../..", import.meta.url);

/** Runs `millrace` as a user does. */
async function millrace(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "actors/main.ts", ...args],
    cwd: root,
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("orders: the schemas that are checked in are those of the types", async () => {
  const { code, err } = await millrace("schema", "examples/tasks/orders.ts", "--check", "--json");
  assertEquals([code, err], [0, ""]);
});

Deno.test("orders: a strict pipeline plans with them, as it would not without", async () => {
  const { code, out, err } = await millrace("plan", "daily", "-m", "examples/tasks/orders.ts", "--json");
  assertEquals([code, err], [0, ""]);
  assertEquals(JSON.parse(out).executionOrder, ["orders", "rates", "totals", "report"]);
  const copy = await Deno.makeTempFile({ dir: new URL(".", import.meta.url).pathname, suffix: ".ts" });
  try {
    await Deno.copyFile(new URL("./orders.ts", import.meta.url), copy);
    const alone = await millrace("plan", "daily", "-m", copy, "--json");
    assertEquals([alone.code, JSON.parse(alone.err).error.code], [1, "plan/invalid"]);
  } finally {
    await Deno.remove(copy);
  }
});

Deno.test("orders: a planner in the program takes the schemas as they are", () => {
  const registry = createTaskRegistry();
  for (const task of [orders, rates, totals, report]) registry.register(task);
  const plan = createPlanner(registry, { schemas, strict: true }).plan();
  assertEquals(plan.tasks.rates?.output, schemas.rates!.output!);
  assertEquals(fitSchemas(schemas.totals!.output!, schemas.report!.inputs!.totals!).fit, "compatible");
});

Deno.test("edges: each verdict comes with its place and its reason", () => {
  assertEquals(verdicts(), [
    "an id: compatible",
    "an id that is text: incompatible, at 'id': gives integer, but string is needed",
    "to know whether it is paid: incompatible, at 'paid': gives null, but boolean is needed",
    "a note, if there is one: unknown, at 'note': nothing is said about it",
  ]);
});

Deno.test("edges: the planner refuses an edge that cannot work, and a strict one also what nobody checked", () => {
  const mismatch = `what task "customer" gives does not fit input "customer" of task "greet", at 'name': ` +
    "gives number, but string is needed";
  assertEquals(problems(), [mismatch]);
  assertEquals(problems({ strict: true }), ['task "greet" has no schema for what it gives', mismatch]);
});
