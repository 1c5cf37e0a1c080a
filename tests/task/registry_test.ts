import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
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

Deno.test("byTags gives the tasks with any of some tags, or with all of them", () => {
  const registry = createTaskRegistry();
  for (const one of [task("a", "x"), task("b", "y", "x"), task("c", "y"), task("d")]) registry.register(one);
  const names = (tags: string[], mode: "any" | "all"): string[] =>
    registry.byTags(tags, mode).map(({ name }) => name);
  assertEquals(names(["y", "x"], "any"), ["a", "b", "c"]);
  assertEquals(names(["y", "x", "y"], "all"), ["b"]);
  assertEquals([names(["x", "z"], "any"), names(["x", "z"], "all")], [["a", "b"], []]);
  assertEquals([names([], "any"), names([], "all")], [[], []]);
});

Deno.test("byPattern gives the tasks whose name fits", () => {
  const registry = createTaskRegistry();
  for (const name of ["load", "extract_b", "extract_a"]) registry.register(task(name));
  assertEquals(registry.byPattern("extract_*").map(({ name }) => name), ["extract_b", "extract_a"]);
  assertEquals(registry.byPattern("load").length, 1);
  assertEquals(registry.byPattern("nope*"), []);
});

Deno.test("descriptors follow the registry, and are plain data that nothing can change", () => {
  const registry = createTaskRegistry();
  const { descriptors } = registry;
  registry.register(defineTask({
    name: "a",
    inputs: { b: task("b") },
    output: z.object({ rows: z.array(z.string()) }),
    permissions: { net: ["example.com"] },
    cache: { ttlMs: 5 },
    run: () => ({ rows: [] }),
  }));
  const descriptor = descriptors.get("a")!;
  assertEquals(JSON.parse(JSON.stringify(descriptor)), descriptor);
  const parts: unknown[] = [descriptor];
  for (const part of parts) {
    if (typeof part !== "object" || part === null) continue;
    assert(Object.isFrozen(part));
    parts.push(...Object.values(part));
  }
  assert(parts.length > 20, "it has many parts");
  registry.unregister("a");
  assertFalse(descriptors.has("a"));
  registry.register(task("c"));
  registry.clear();
  assertEquals(descriptors.size, 0);
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

Deno.test("byTag and byTags always give what a search through the list would", () => {
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
      const [x, z] = [(one: Task) => one.tags.includes("x"), (one: Task) => one.tags.includes("z")];
      assertEquals(registry.byTags(["z", "x"], "any"), registry.list().filter((one) => x(one) || z(one)));
      assertEquals(registry.byTags(["z", "x"], "all"), registry.list().filter((one) => x(one) && z(one)));
      assertEquals([...registry.descriptors.keys()], registry.list().map(({ name }) => name));
    }
  }));
});
