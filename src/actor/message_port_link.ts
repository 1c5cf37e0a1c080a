/**
 * A link over a `MessagePort`.
 *
 * @module
 */
import type { Frame } from "./message.ts";
import type { Link } from "./port.ts";

/** Sends frames through `port` and hands over those that arrive. */
export function messagePortLink(port: MessagePort, onFrame: (frame: Frame) => void): Link {
  port.onmessage = (event) => onFrame(event.data as Frame);
  return { post: (frame) => port.postMessage(frame), close: () => port.close() };
}
