/** Tasks that do nothing, in a thread and in a process, and one that writes. */
import { defineTask, type Task } from "@millrace/millrace";

/** How many tasks of each kind there are. */
export const COUNT = 256;

/** What the log of an attempt costs: so many lines a task. */
export const LINES = 1_000;

const noops = (kind: string, more: { isolation?: "process"; permissions?: Record<never, never> }): Task[] =>
  Array.from(
    { length: COUNT },
    (_, n) => defineTask({ name: `${kind}_${n}`, tags: [kind], ...more, run: () => n }),
  );

export const tasks: readonly Task[] = [...noops("thread", {}), ...noops("process", { permissions: {} })];

export const writes = defineTask({
  name: "writes",
  run() {
    const startedMs = performance.now();
    // deno-lint-ignore no-console -- what it costs is measured
    for (let n = 0; n < LINES; n++) console.log("a line of some length, as people write them", n);
    return LINES / (performance.now() - startedMs) * 1_000;
  },
});
/** The raw limit: the same lines, written one by one to a file by the same kind of thread. */
export const rawWrites = defineTask({
  name: "raw_writes",
  run(_inputs, { params }) {
    const encoder = new TextEncoder();
    using file = Deno.openSync(String(params.path), { append: true, create: true });
    const startedMs = performance.now();
    for (let n = 0; n < LINES; n++) {
      const text = `a line of some length, as people write them ${n}`;
      const line = { timeMs: Date.now(), level: "info", source: "stdout", text };
      file.writeSync(encoder.encode(JSON.stringify(line) + "\n"));
    }
    return LINES / (performance.now() - startedMs) * 1_000;
  },
});
