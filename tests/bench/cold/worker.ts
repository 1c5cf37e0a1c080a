/** A process that starts one bare worker and waits for its first message. */
import { report } from "./report.ts";

const startedMs = performance.now();
const worker = new Worker(import.meta.resolve("./bare_worker.ts"), { type: "module" });
await new Promise((resolve) => worker.onmessage = resolve);
await report(performance.now() - startedMs);
worker.terminate();
