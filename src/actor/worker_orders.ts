/**
 * What crosses between the system's thread and a Web Worker besides orders: the ports of its links. Orders have
 * a port of their own, so that no full mailbox can hold them up.
 *
 * @module
 */
import type { Frame } from "./frame.ts";
import type { FromHost, Link, ToHost } from "./port.ts";

/** What the system's thread posts to a worker. */
export type ToWorker =
  | { readonly type: "order"; readonly order: ToHost }
  /** The way to another host; to host 0 first. */
  | { readonly type: "link"; readonly host: number; readonly port: MessagePort };

/** What a worker posts to the system's thread: marked, as other code in it may post whatever it likes. */
export interface FromWorker {
  /** Marks what the kernel says. */
  readonly "~millrace": FromHost;
}

/** Sends frames through `port` and hands over those that arrive. */
export function messagePortLink(port: MessagePort, onFrame: (frame: Frame) => void): Link {
  port.onmessage = (event) => onFrame(event.data as Frame);
  return { post: (frame) => port.postMessage(frame), close: () => port.close() };
}
