/** A worker with the guards of `src/actor/worker_host.ts`. */
import { type Deed, DEEDS } from "./deeds.ts";
import { scope } from "./worker_scope.ts";

function report(thrown: Error): void {
  scope.postMessage({ name: thrown.name, message: thrown.message });
}

scope.addEventListener("error", (event) => {
  event.preventDefault();
  report(event.error);
});
scope.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  report(event.reason);
});
const close = scope.close.bind(scope);
scope.close = () => {
  scope.postMessage("leaving by close");
  close();
};
const exit = Deno.exit;
Deno.exit = (code) => {
  scope.postMessage(`leaving by exit ${code}`);
  return exit(code);
};
scope.addEventListener("message", ({ data }: MessageEvent<Deed | "ping">) => {
  if (data === "ping") scope.postMessage("pong");
  else DEEDS[data]();
});
