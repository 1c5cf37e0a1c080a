/** Terminates a worker that spins, and says whether the thread stands still within three seconds. */
const PATIENCE_MS = 3_000;
const LOOK_EVERY_MS = 50;
/** For so many looks on end: a busy machine may leave a thread alone for one. */
const STILL = 20;

const counter = new Int32Array(new SharedArrayBuffer(4));
const worker = new Worker(new URL("./spinning_worker.ts", import.meta.url), { type: "module" });
worker.postMessage(counter.buffer);
while (Atomics.load(counter, 0) === 0) await nextLook();
worker.terminate();
let still = 0;
for (let waitedMs = 0; waitedMs < PATIENCE_MS && still < STILL; waitedMs += LOOK_EVERY_MS) {
  const before = Atomics.load(counter, 0);
  await nextLook();
  still = Atomics.load(counter, 0) === before ? still + 1 : 0;
}
Deno.stdout.writeSync(new TextEncoder().encode(still === STILL ? "stopped" : "spinning"));
Deno.exit(5);

function nextLook(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
