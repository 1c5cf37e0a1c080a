import { assertEquals } from "@std/assert";
import { collectDefinitions } from "../../src/task/mod.ts";
import * as userModule from "./user_module.ts";

Deno.test("the module of the documentation compiles and defines what it says", () => {
  const { tasks, pipelines, triggers } = collectDefinitions(
    userModule,
    import.meta.resolve("./user_module.ts"),
  );
  assertEquals(tasks.map((task) => task.name).sort(), ["exchangeRate", "extractSales", "report", "total"]);
  assertEquals(pipelines.map((pipeline) => pipeline.name), ["daily"]);
  assertEquals(triggers.map((trigger) => trigger.name).sort(), ["hook", "nightly"]);
});
