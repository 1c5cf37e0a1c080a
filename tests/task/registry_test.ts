import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MillraceError } from "../../src/base/errors.ts";
import { createTaskRegistry, defineTask, type Task } from "../../src/task/mod.ts";

function task(name: string, ...tags: string[]): Task {
  return defineTask({ name, tags, run: () => name });
}

Deno.test("createTaskRegistry keeps tasks by name, in the order of registration", () => {
  const registry = createTaskRegistry();
  const [b, a] = [task("b"), task("a")];
  registry.register(b);
  registry.register(a);
  assertStrictEquals(registry.get("a"), a);
  assert(registry.has("b"));
  assertFalse(registry.has("c"));
  assertEquals(registry.list(), [b, a]);
});

Deno.test("createTaskRegistry takes the very same task twice, another of its name not", () => {
  const registry = createTaskRegistry();
  const first = task("a");
  registry.register(first);
  registry.register(first);
  assertEquals(registry.list().length, 1);
  const error = assertThrows(() => registry.register(task("a")), MillraceError, '"a"');
  assert(MillraceError.is(error, "task/duplicate"));
  assertEquals(error.details, { task: "a" });
  assertStrictEquals(registry.get("a"), first, "the first stays");
});

Deno.test("createTaskRegistry suggests the nearest name for an unknown one", () => {
  const registry = createTaskRegistry();
  registry.register(task("extractSales"));
  const error = assertThrows(
    () => registry.get("extractSale"),
    MillraceError,
    'did you mean "extractSales"?',
  );
  assert(MillraceError.is(error, "task/unknown"));
  assertEquals(error.details, { task: "extractSale", suggestion: "extractSales" });
  const far = assertThrows(() => registry.get("zzz"), MillraceError);
  assertEquals(far.details, { task: "zzz" });
});

Deno.test("createTaskRegistry takes tasks only", () => {
  const registry = createTaskRegistry();
  assertThrows(() => registry.register({ name: "a", run: () => 1 } as never), TypeError, "defineTask()");
});

Deno.test("unregister removes a task, also from its tags", () => {
  const registry = createTaskRegistry();
  registry.register(task("a", "etl"));
  assert(registry.unregister("a"));
  assertFalse(registry.unregister("a"));
  assertEquals([registry.list(), registry.byTag("etl")], [[], []]);
  registry.register(task("a", "etl"));
  registry.clear();
  assertEquals([registry.list(), registry.byTag("etl")], [[], []]);
});

Deno.test("what list and byTag give is the caller's own", () => {
  const registry = createTaskRegistry();
  registry.register(task("a", "etl"));
  registry.list().pop();
  registry.byTag("etl").pop();
  assertEquals([registry.list().length, registry.byTag("etl").length], [1, 1]);
});

Deno.test("byTag always gives what a search through the list would", () => {
  const names = fc.constantFrom("a", "b", "c", "d");
  const tags = fc.subarray(["x", "y", "z"]);
  const steps = fc.array(fc.record({ add: fc.boolean(), name: names, tags }), { maxLength: 30 });
  fc.assert(fc.property(steps, (script) => {
    const registry = createTaskRegistry();
    for (const { add, name, tags } of script) {
      if (!add) registry.unregister(name);
      else if (!registry.has(name)) registry.register(task(name, ...tags));
      for (const tag of ["x", "y", "z"]) {
        assertEquals(registry.byTag(tag), registry.list().filter((one) => one.tags.includes(tag)));
      }
    }
  }));
});
