/** Calls things under a `node:vm` time-out, as `src/base/sync_limit.ts` does. */
import { Script } from "node:vm";
import { scope } from "./worker_scope.ts";

const LIMIT_MS = 100;
const script = new Script("globalThis.call()");

function callWithin(call: () => unknown): unknown {
  (globalThis as unknown as Record<string, unknown>).call = call;
  try {
    return script.runInThisContext({ timeout: LIMIT_MS });
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

function spinFor(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

type Call = "loop" | "stubborn loop" | "block" | "loop after await";

scope.onmessage = async ({ data }: MessageEvent<Call>) => {
  const ran: string[] = [];
  const loop = (): void => {
    while (true);
  };
  const stubbornLoop = (): void => {
    try {
      loop();
    } catch {
      ran.push("catch");
    } finally {
      ran.push("finally");
    }
  };
  const loopAfterAwait = async (): Promise<string> => {
    await Promise.resolve();
    spinFor(2 * LIMIT_MS);
    return "finished";
  };
  const block = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  const calls = {
    "loop": loop,
    "block": block,
    "stubborn loop": stubbornLoop,
    "loop after await": loopAfterAwait,
  };
  scope.postMessage({ outcome: await callWithin(calls[data]), ran });
};
