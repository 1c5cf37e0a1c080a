/** Takes memory until there is none. */
import { scope } from "./worker_scope.ts";

scope.onmessage = () => {
  const kept: unknown[] = [];
  while (true) kept.push(new Array(10_000).fill({}));
};
