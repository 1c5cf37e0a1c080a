/** What it costs to keep a task apart in a process, and to keep what it writes. */
import { openPlatform } from "../../actors/platform.ts";
import { assertCount, type OpenBench, perSecond } from "./figure.ts";
import { COUNT } from "./isolated_tasks.ts";

const inProcess = "in processes without rights";
const inThread = "in threads";
const bare = "raw: a bare deno for each";
const captured = "console.log in a task";
const rawFile = "raw: the same lines, JSON and one write each";

/** Starts everything first, so that no start is measured. */
export async function isolation(quick: boolean): Promise<OpenBench> {
  const alone = quick ? 3 : 25;
  const stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "millrace_bench_" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const app = stack.use(
    await openPlatform({
      modules: [import.meta.resolve("./isolated_tasks.ts")],
      dataDir: `${dir}/platform`,
      executors: 2,
      log: () => {},
    }),
  );
  const empty = `${dir}/empty.js`;
  await Deno.writeTextFile(empty, "");

  async function run(request: Parameters<typeof app.run>[0], count: number): Promise<string> {
    const { id, finished } = await app.run(request);
    const { tasks } = await finished;
    const succeeded = Object.values(tasks).filter(({ status }) => status === "succeeded").length;
    assertCount("tasks that succeeded", succeeded, count);
    return id;
  }
  const oneByOne = (kind: string) => async (): Promise<void> => {
    for (let n = 0; n < alone; n++) await run({ names: [`${kind}_${n}`] }, 1);
  };
  const spawns = async (): Promise<void> => {
    for (let n = 0; n < alone; n++) {
      const { success } = await new Deno.Command(Deno.execPath(), { args: ["run", empty] }).output();
      if (!success) throw new Error("Cannot give a figure as a bare deno must run");
    }
  };
  const rate = async (task: string): Promise<number> => {
    const path = `${dir}/raw_${crypto.randomUUID()}`;
    return await app.result(await run({ names: [task], params: { path } }, 1), task) as number;
  };
  return {
    benches: [
      {
        name: "runs of one no-op task, one by one",
        unit: "runs/s",
        subjects: {
          [inProcess]: () => perSecond(alone, oneByOne("process")),
          [inThread]: () => perSecond(alone, oneByOne("thread")),
          [bare]: () => perSecond(alone, spawns),
        },
        compare: [[inProcess, bare], [inProcess, inThread]],
      },
      {
        name: "no-op tasks of a fan-out, 2 executors",
        unit: "tasks/s",
        subjects: {
          [inProcess]: () => perSecond(COUNT, async () => void await run({ tags: ["process"] }, COUNT)),
          [inThread]: () => perSecond(COUNT, async () => void await run({ tags: ["thread"] }, COUNT)),
        },
        compare: [[inProcess, inThread]],
      },
      {
        name: "lines that a task writes",
        unit: "lines/s",
        subjects: { [captured]: () => rate("writes"), [rawFile]: () => rate("raw_writes") },
        compare: [[captured, rawFile]],
      },
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
