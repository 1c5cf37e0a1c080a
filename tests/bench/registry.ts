/** What a look-up in the registry costs: by name beside a bare Map, by tag in a small and a large registry. */
import { defineTask } from "../../src/task/define_task.ts";
import { createTaskRegistry, type TaskRegistry } from "../../src/task/registry.ts";
import type { Task } from "../../src/task/task.ts";
import { assertCount, type OpenBench, perSecond } from "./figure.ts";

/** How many tasks have the tag that is asked for, whatever the size of the registry. */
const TAGGED = 100;
const byName = "registry.get";
const byMap = "raw: Map.get";
const [bySmall, byLarge] = ["registry.byTag of a small registry", "registry.byTag of a large registry"];

/** Fills the registries first. */
export function registry(quick: boolean): Promise<OpenBench> {
  const [small, large] = quick ? [200, 400] : [1_000, 100_000];
  const [lookups, queries] = quick ? [1_000, 10] : [1_000_000, 10_000];
  const registries = [registryOf(small), registryOf(large)] as const;
  const names = registries[0].list().map((task) => task.name);
  const bare = new Map<string, Task>(registries[0].list().map((task) => [task.name, task]));
  const look = (get: (name: string) => Task | undefined): Promise<number> =>
    perSecond(lookups, () => {
      let found = 0;
      for (let index = 0; index < lookups; index++) {
        const name = names[index % small]!;
        if (get(name)?.name === name) found++;
      }
      assertCount("tasks found by name", found, lookups);
      return Promise.resolve();
    });
  const query = (from: TaskRegistry): Promise<number> =>
    perSecond(queries * TAGGED, () => {
      let found = 0;
      for (let index = 0; index < queries; index++) found += from.byTag("wanted").length;
      assertCount("tasks found by tag", found, queries * TAGGED);
      return Promise.resolve();
    });
  return Promise.resolve({
    benches: [{
      name: `look-up by name among ${small.toLocaleString("en")} tasks`,
      unit: "look-ups/s",
      subjects: {
        [byName]: () => look((name) => registries[0].get(name)),
        [byMap]: () => look((name) => bare.get(name)),
      },
      compare: [[byName, byMap]],
    }, {
      name: `look-up by tag, ${TAGGED} tasks of ${small.toLocaleString("en")} or ${
        large.toLocaleString("en")
      }`,
      unit: "tasks/s",
      subjects: { [byLarge]: () => query(registries[1]), [bySmall]: () => query(registries[0]) },
      compare: [[byLarge, bySmall]],
    }],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

function registryOf(size: number): TaskRegistry {
  const registry = createTaskRegistry();
  for (let index = 0; index < size; index++) {
    const tags = index % (size / TAGGED) === 0 ? ["wanted"] : ["other"];
    registry.register(defineTask({ name: `task_${index}`, tags, run: () => index }));
  }
  return registry;
}
