/** Work really stops: real threads and processes, in programs of their own where a thread is lost for good. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { APART_AFTER } from "../../src/orchestrator/interruptions.ts";
import { startMillrace } from "./support/millrace_process.ts";

const module = new URL("./fixtures/stopping_pipelines.ts", import.meta.url).href;

interface Report {
  readonly ends: readonly (readonly string[])[];
  readonly written: readonly string[];
  readonly lost: number;
  readonly closed: { readonly lostThreads: number; readonly unfinishedRuns: number };
}

/** Runs tasks in a program, which must end by itself. */
async function report(...names: readonly string[]): Promise<Report> {
  const dataDir = await Deno.makeTempDir();
  try {
    const program = new URL("./fixtures/stopping.ts", import.meta.url).href;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", program, dataDir, ...names],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return JSON.parse(await Deno.readTextFile(`${dataDir}/report.json`));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("loops and blocking waits before an await, and overflows of the stack, cost no thread", async () => {
  const { ends, lost, closed } = await report(
    "loops_in_generator",
    "waits",
    "overflows",
    "overflows_later",
    "apart_waits_for_program",
    "follow",
  );
  assertEquals(ends, [
    ["loops_in_generator", "timed_out", "task/timed-out"],
    ["waits", "timed_out", "task/timed-out"],
    ["overflows", "failed", "task/threw"],
    ["overflows_later", "failed", "task/threw"],
    ["apart_waits_for_program", "timed_out", "task/timed-out"],
    ["follow", "in a thread"],
  ]);
  assertEquals([lost, closed], [0, { lostThreads: 0, unfinishedRuns: 0 }]);
});

Deno.test("what cannot be interrupted costs a thread; once there are two, everything runs in processes", async () => {
  const { ends, written, lost, closed } = await report(
    "loops_later",
    "follow",
    "loops_later",
    "waits_for_program",
    "follow",
    "waits_later",
    "overflows",
    "follow",
  );
  assertEquals(ends, [
    ["loops_later", "timed_out", "task/timed-out"],
    ["follow", "in a thread"],
    ["loops_later", "timed_out", "task/timed-out"], // in a process, as it has cost a thread
    ["waits_for_program", "timed_out", "task/timed-out"],
    ["follow", "in a process"],
    ["waits_later", "timed_out", "task/timed-out"],
    ["overflows", "failed", "task/threw"],
    ["follow", "in a process"],
  ]);
  assertEquals(
    written,
    ["loops_later going in", "loops_later going in"],
    "from the lost thread, and the process",
  );
  assertEquals([lost, closed], [2, { lostThreads: 2, unfinishedRuns: 0 }]);
});

Deno.test("millrace run ends with its exit code although a thread goes on", async () => {
  const dataDir = await Deno.makeTempDir();
  const main = new URL("../../actors/main.ts", import.meta.url).href;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, "run", "loops_later", "-m", module, "-d", dataDir, "--watch"],
  }).output();
  assertEquals(code, 1);
  assertStringIncludes(new TextDecoder().decode(stderr), "must end within 100 ms");
  await Deno.remove(dataDir, { recursive: true });
});

/** Starts `millrace` again and again until the run has ended; gives how often, and the run. */
async function livesOf(
  pipeline: string,
  options: { readonly env?: Record<string, string>; readonly denoArgs?: readonly string[] } = {},
): Promise<
  { lives: number; run: { status: string; tasks: Record<string, { status: string; error?: unknown }> } }
> {
  const dataDir = await Deno.makeTempDir();
  try {
    for (let lives = 1; lives < 12; lives++) {
      await using process = startMillrace({
        module,
        dataDir,
        ...options,
        args: lives === 1 ? ["--run", pipeline] : [],
      });
      try {
        const url = await process.url;
        for (;;) {
          const [run] = await (await fetch(`${url}/api/runs?pipeline=${pipeline}`)).json();
          if (run !== undefined && run.status !== "running" && run.status !== "pending") {
            return { lives, run: await (await fetch(`${url}/api/runs/${run.id}`)).json() };
          }
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      } catch (error) {
        // It has ended: before it served, or while it was asked.
        assert(error instanceof TypeError || (error as Error).message.startsWith("millrace ended"));
        await process.ended;
      }
    }
    throw new Error("the run never ended");
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("a task that kills its process again and again is kept apart, then fails; what ran beside it succeeds", async () => {
  const { lives, run } = await livesOf("poison");
  assertEquals([run.status, run.tasks.kills?.status, run.tasks.innocent?.status], [
    "failed",
    "failed",
    "succeeded",
  ]);
  const { code, message } = run.tasks.kills!.error as { code: string; message: string };
  assertEquals(code, "executor/lost");
  assertStringIncludes(message, "it was ended by SIGKILL");
  assertEquals(lives, APART_AFTER + 1);
});

Deno.test("a task that runs out of memory in a thread ends the process, and the next start goes on with it", async () => {
  const mark = await Deno.makeTempFile();
  await Deno.remove(mark);
  const { lives, run } = await livesOf("hungry", {
    env: { HUNGRY_MARK: mark },
    denoArgs: ["--v8-flags=--max-old-space-size=160"],
  });
  assertEquals([lives, run.status], [2, "succeeded"]);
  await Deno.remove(mark);
});
