/** How long until a platform is there, and how much memory it holds; each time in a process of its own. */
import type { Bench, OpenBench } from "./figure.ts";
import type { ColdReport } from "./cold/report.ts";

const platform = "platform, 2 executors";
const worker = "raw: one bare worker";
const empty = "raw: empty process";

interface Started extends ColdReport {
  /** Milliseconds from the start of the process to its report. */
  readonly readyMs: number;
}

/** Three benchmarks of the same processes: the time of the work, the time of the process, the memory. */
export async function coldStart(): Promise<OpenBench> {
  const dir = await Deno.makeTempDir({ prefix: "millrace_bench_" });
  let opened = 0;
  const starts = {
    [platform]: () => start("platform.ts", `${dir}/${++opened}`),
    [worker]: () => start("worker.ts"),
    [empty]: () => start("empty.ts"),
  };
  const bench = (
    name: string,
    unit: string,
    read: (started: Started) => number,
    subjects: readonly (keyof typeof starts)[],
  ): Bench => ({
    name,
    unit,
    subjects: Object.fromEntries(
      subjects.map((subject) => [subject, async () => read(await starts[subject]!())]),
    ),
    compare: [[subjects[0]!, subjects[1]!]],
  });
  return {
    benches: [
      bench("cold start", "ms", ({ workMs }) => workMs, [platform, worker]),
      bench("cold start with its process", "ms", ({ readyMs }) => readyMs, [platform, empty]),
      bench("resident memory", "MiB", ({ rssBytes }) => rssBytes / 2 ** 20, [platform, empty, worker]),
    ],
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

/** Starts a process of `cold/` and reads its report. */
async function start(program: string, ...args: string[]): Promise<Started> {
  const url = new URL(`./cold/${program}`, import.meta.url).href;
  const startedMs = performance.now();
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", url, ...args],
    stdout: "piped",
  }).spawn();
  let text = "";
  let readyMs = 0;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (readyMs === 0) readyMs = performance.now() - startedMs;
    text += part;
  }
  const { success } = await child.status;
  if (!success) throw new Error(`Cannot give a figure as ${program} must end well: ${text}`);
  return { ...JSON.parse(text) as ColdReport, readyMs };
}
