/**
 * The control channel between the thread that made the system and one of its hosts: everything that is not a
 * message between actors. It has its own port, so that no full mailbox can hold it up.
 *
 * @module
 */
import type { WireError } from "../base/errors.ts";
import type { LogRecord } from "../base/log.ts";
import type { SpawnOrder, StopMode } from "./port.ts";

/** From the system's thread to a host. Ports travel in the transfer list. */
export type ToHost =
  | { readonly type: "hello"; readonly host: number; readonly label: string; readonly port: MessagePort }
  | { readonly type: "connect"; readonly host: number; readonly port: MessagePort }
  | { readonly type: "peer-lost"; readonly host: number; readonly reason: string }
  | { readonly type: "spawn"; readonly id: number; readonly order: SpawnOrder }
  | { readonly type: "stop"; readonly id: number; readonly name: string; readonly mode: StopMode };

/** From a host to the system's thread. */
export type FromHost =
  | { readonly type: "ready" }
  | { readonly type: "connect"; readonly host: number }
  | {
    readonly type: "answer";
    readonly id: number;
    readonly protocol?: string;
    readonly error?: WireError;
  }
  | { readonly type: "fault"; readonly error: WireError }
  | { readonly type: "log"; readonly record: LogRecord }
  | { readonly type: "exit"; readonly reason: string };
