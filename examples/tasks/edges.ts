/** How the planner judges an edge: run it, and it prints the verdict of each. */
import { z } from "zod";
import {
  createPlanner,
  createTaskRegistry,
  defineTask,
  fitSchemas,
  from,
  MillraceError,
  type PlannerOptions,
} from "@millrace/millrace";

/** What a shop gives, as JSON Schema. */
const order = {
  type: "object",
  properties: { id: { type: "integer" }, paid: { type: ["boolean", "null"] } },
  required: ["id", "paid"],
};

/** What others need of it. */
const needs: Record<string, Record<string, unknown>> = {
  "an id": { type: "object", properties: { id: { type: "number" } }, required: ["id"] },
  "an id that is text": { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
  "to know whether it is paid": { type: "object", properties: { paid: { type: "boolean" } } },
  "a note, if there is one": { type: "object", properties: { note: { type: "string" } } },
};

/** The verdicts, one line each. */
export function verdicts(): string[] {
  return Object.entries(needs).map(([what, schema]) => {
    const fit = fitSchemas(order, schema);
    return fit.fit === "compatible"
      ? `${what}: ${fit.fit}`
      : `${what}: ${fit.fit}, at '${fit.path}': ${fit.reason}`;
  });
}

/** What a planner says of a task that reads the name of a customer where there is only a number. */
export function problems(options: PlannerOptions = {}): string[] {
  const registry = createTaskRegistry();
  const Customer = z.object({ name: z.number() });
  registry.register(defineTask({ name: "customer", output: Customer, run: () => ({ name: 7 }) }));
  registry.register(defineTask({
    name: "greet",
    // By name, the compiler cannot compare the two: the planner does.
    inputs: { customer: from("customer", z.object({ name: z.string() })) },
    run: ({ customer }) => `Hello ${customer.name}`,
  }));
  try {
    createPlanner(registry, options).plan();
    return [];
  } catch (error) {
    if (!MillraceError.is(error, "plan/invalid")) throw error;
    return error.details.problems.map(({ message }) => message);
  }
}

// deno-lint-ignore no-console -- this is a program, and this is its answer
if (import.meta.main) console.log([...verdicts(), "", ...problems()].join("\n"));
