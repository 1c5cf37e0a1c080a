/** A worker without guards, whose handler is set in its first turn: does what it is told. */
import { type Deed, DEEDS } from "./deeds.ts";
import { locks } from "./locks.ts";
import { scope } from "./worker_scope.ts";

type Order =
  | Deed
  | "ping"
  | "where"
  | { readonly lock: string }
  | { readonly listenLater: MessagePort }
  | { readonly say: string; readonly to: MessagePort };

scope.onmessage = ({ data }: MessageEvent<Order>) => {
  if (data === "ping") scope.postMessage("pong");
  else if (data === "where") scope.postMessage("WorkerGlobalScope" in globalThis ? "in a worker" : "outside");
  else if (typeof data === "string") DEEDS[data]();
  else if ("lock" in data) void locks.request(data.lock, holdForLife);
  else if ("say" in data) {
    data.to.onmessage = (event) => scope.postMessage(`answered ${event.data}`);
    data.to.postMessage(data.say);
  } else setTimeout(() => echo(data.listenLater));
};

function holdForLife(): Promise<void> {
  scope.postMessage("holding");
  return new Promise(() => {});
}

function echo(port: MessagePort): void {
  port.onmessage = ({ data }) => port.postMessage(`heard ${data}`);
}
