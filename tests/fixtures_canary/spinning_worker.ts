/** Counts in shared memory and never looks up. */
import { scope } from "./worker_scope.ts";

scope.onmessage = ({ data }: MessageEvent<SharedArrayBuffer>) => {
  const counter = new Int32Array(data);
  while (true) Atomics.add(counter, 0, 1);
};
