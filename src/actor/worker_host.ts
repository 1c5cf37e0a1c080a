/**
 * The inside of a Web Worker host: guards first, then the kernel, then actors by dynamic import.
 *
 * The entry must call {@linkcode serveWorkerHost} in its first turn, without top-level await before it:
 * messages that arrive before the handler is set would be lost (measured on Deno 2.9.6).
 *
 * @module
 */
import { toWire } from "../base/errors.ts";
import { systemClock } from "../base/system_clock.ts";
import { claimed } from "./faults.ts";
import { HostServer } from "./host_server.ts";
import { loadTracer } from "./host_tracer.ts";
import { later } from "./loop.ts";
import type { FromHost } from "./port.ts";
import type { Tracer } from "./tracer.ts";
import { type FromWorker, messagePortLink, type ToWorker } from "./worker_orders.ts";

/** The part of a worker's global scope that we use; JSR forbids the reference to the worker library. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
  close(): void;
}

/** Turns this Web Worker into a host of the actor system that started it. */
export function serveWorkerHost(): void {
  const scope = globalThis as unknown as WorkerScope;
  const postMessage = scope.postMessage.bind(scope);
  const post = (message: FromHost): void => postMessage({ "~millrace": message });
  installGuards(scope, post);
  let server: HostServer | undefined;
  const receive = (data: ToWorker, tracer: Tracer | undefined): void => {
    if (data.type === "link") {
      const { host, port } = data;
      server?.node.connected(host, messagePortLink(port, (frame) => server?.node.frame(host, frame)));
    } else if (data.order.type === "hello") {
      const { host, label } = data.order;
      const ways = { soon: queueMicrotask, later, tracer, post };
      server = new HostServer({ host, label, clock: systemClock, random: Math.random, ...ways });
      post({ type: "ready" });
    } else {
      server?.obey(data.order);
    }
  };
  const loaded = loadTracer();
  // No `onmessage`: other code in the worker may set that for itself.
  scope.addEventListener("message", ({ data }) => void loaded.then((tracer) => receive(data, tracer)));
}

/**
 * Keeps the worker alive whatever user code does: an uncaught error would kill it, and the process too if the
 * parent does not object; `close()` and `Deno.exit()` would end it without a word to anybody (ACTORS M1–M3).
 */
function installGuards(scope: WorkerScope, post: (message: FromHost) => void): void {
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    const error = event.error ?? new Error(event.message);
    if (!claimed(error)) post({ type: "fault", error: toWire(error) });
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    if (!claimed(event.reason)) post({ type: "fault", error: toWire(event.reason) });
  });
  const close = scope.close.bind(scope);
  scope.close = () => {
    post({ type: "exit", reason: "code in it called close()" });
    close();
  };
  const exit = Deno.exit;
  Deno.exit = (code) => {
    post({ type: "exit", reason: `code in it called Deno.exit(${code ?? ""})` });
    return exit(code);
  };
}
