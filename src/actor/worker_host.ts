/**
 * The inside of a Web Worker host: guards first, then the kernel, then actors by dynamic import.
 *
 * The entry must call {@linkcode serveWorkerHost} in its first turn, without top-level await before it:
 * messages that arrive before the handler is set would be lost (measured on Deno 2.9.6).
 *
 * @module
 */
import { MillraceError, toWire } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import { systemClock } from "../base/system_clock.ts";
import type { FromHost, ToHost } from "./control.ts";
import type { AnyActor } from "./define_actor.ts";
import { later } from "./loop.ts";
import { messagePortLink } from "./message_port_link.ts";
import { Node } from "./node.ts";
import type { SpawnOrder } from "./port.ts";

/** The part of a worker's global scope that we use; JSR forbids the reference to the worker library. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToHost>) => void) | null;
  postMessage(message: FromHost): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
  close(): void;
}

/** Turns this Web Worker into a host of the actor system that started it. */
export function serveWorkerHost(): void {
  const scope = globalThis as unknown as WorkerScope;
  const post = (message: FromHost): void => scope.postMessage(message);
  installGuards(scope, post);
  let node: Node | undefined;
  scope.onmessage = ({ data }) => {
    if (data.type === "hello") {
      node = createNode(data.host, data.label, post);
      join(node, 0, data.port);
      post({ type: "ready" });
    } else if (node !== undefined) {
      obey(node, data, post);
    }
  };
}

function createNode(host: number, label: string, post: (message: FromHost) => void): Node {
  return new Node({
    host,
    clock: systemClock,
    log: createLogger((record) => post({ type: "log", record }), systemClock.now, { host: label }),
    later,
    connect: (other) => post({ type: "connect", host: other }),
  });
}

function join(node: Node, host: number, port: MessagePort): void {
  node.connected(host, messagePortLink(port, (frame) => node.frame(host, frame)));
}

function obey(
  node: Node,
  order: Exclude<ToHost, { type: "hello" }>,
  post: (message: FromHost) => void,
): void {
  const answer = (id: number, work: Promise<string | undefined>): void => {
    work.then(
      (protocol) => post({ type: "answer", id, ...(protocol === undefined ? {} : { protocol }) }),
      (error) => post({ type: "answer", id, error: toWire(error) }),
    );
  };
  switch (order.type) {
    case "connect":
      return join(node, order.host, order.port);
    case "peer-lost":
      return node.peerLost(order.host, order.reason);
    case "spawn":
      return answer(order.id, spawn(node, order.order));
    case "stop":
      return answer(order.id, node.stop(order.name, order.mode).then(() => undefined));
  }
}

async function spawn(node: Node, order: SpawnOrder): Promise<string> {
  let module: Record<string, unknown>;
  try {
    module = await import(order.url);
  } catch (cause) {
    throw new MillraceError(
      "module/load-failed",
      `Cannot load module "${order.url}" as it must evaluate without an error: ${
        cause instanceof Error ? cause.message : cause
      }`,
      { details: { module: order.url }, cause },
    );
  }
  const definition = module[order.exportName] as AnyActor | undefined;
  if (definition?.["~millrace"] !== "actor") {
    throw new MillraceError(
      "module/definition-invalid",
      `Cannot spawn "${order.exportName}" of module "${order.url}" as it must be an actor definition: it is ${
        definition === undefined ? "not exported" : "something else"
      }`,
      { details: { module: order.url, export: order.exportName } },
    );
  }
  await node.spawn(definition, order.options, order.name);
  return definition.protocol.name;
}

/**
 * Keeps the worker alive whatever user code does: an uncaught error would kill it, and the process too if the
 * parent does not object; `close()` and `Deno.exit()` would end it without a word to anybody (ACTORS M1–M3).
 */
function installGuards(scope: WorkerScope, post: (message: FromHost) => void): void {
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    post({ type: "fault", error: toWire(event.error ?? new Error(event.message)) });
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    post({ type: "fault", error: toWire(event.reason) });
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
