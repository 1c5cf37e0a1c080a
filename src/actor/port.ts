/**
 * What the kernel needs of a transport: hosts to start, and ways to carry frames between them.
 *
 * @module
 */
import type { LogRecord } from "../base/log.ts";
import type { WireError } from "../base/errors.ts";
import type { DeadLetter } from "./counters.ts";
import type { Frame } from "./frame.ts";
import type { HostLimits } from "./host_limits.ts";
import type { NodeSnapshot } from "./snapshot.ts";
import type { RestartType } from "./supervision.ts";

/** One direction of a connection between two hosts. */
export interface Link {
  /** Sends a frame; throws if part of it cannot be cloned. */
  post(frame: Frame): void;
  /** Closes the connection. */
  close(): void;
}

/** Whether an actor handles what waits in its mailbox before it stops, or calls off even what is in hand. */
export type StopMode = "drain" | "now";

/** What to spawn in a host. */
export interface SpawnOrder {
  /** The actor's name. */
  readonly name: string;
  /** The module that exports the definition. */
  readonly url: string;
  /** The name under which it does. */
  readonly exportName: string;
  /** What `start` gets: cloneable data. */
  readonly options: unknown;
  /** When it is started again. */
  readonly restart: RestartType;
  /** How long its module may take to load, and each of its starts, in ms. */
  readonly startMs: number;
  /** How long it may take to stop, in ms. */
  readonly stopMs: number;
}

/** From the system's thread to a host: everything that is no message between actors. */
export type ToHost =
  /** The first order: who it is. */
  | { readonly type: "hello"; readonly host: number; readonly label: string }
  | { readonly type: "spawn"; readonly id: number; readonly order: SpawnOrder }
  /** An actor is to stop; of an error, if its supervision has given it up. */
  | {
    readonly type: "stop";
    readonly id: number;
    readonly name: string;
    readonly mode: StopMode;
    readonly error: WireError | null;
  }
  /** What is to become of an actor that has failed. */
  | { readonly type: "resume"; readonly name: string }
  | { readonly type: "halt"; readonly id: number; readonly name: string }
  | { readonly type: "revive"; readonly id: number; readonly name: string }
  | { readonly type: "snapshot"; readonly id: number }
  /** Answered at once: a sign of life. */
  | { readonly type: "ping"; readonly id: number }
  /** Answered once nothing waits and nothing is in hand. */
  | { readonly type: "rest"; readonly id: number }
  /** Another host is gone; `returns` if it is started again. */
  | { readonly type: "peer-lost"; readonly host: number; readonly reason: string; readonly returns: boolean };

/** What a host answers. */
export type Answer = {
  /** The protocol of what was spawned. */
  readonly protocol?: string;
  /** Actors that had to be given up. */
  readonly unstopped?: readonly string[];
  /** What lives in it. */
  readonly node?: NodeSnapshot;
};

/** From a host to the system's thread. */
export type FromHost =
  | { readonly type: "ready" }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "refused"; readonly id: number; readonly error: WireError }
  /** It wants to talk to another host. */
  | { readonly type: "connect"; readonly host: number }
  /** One of its actors has failed, and stands still. */
  | {
    readonly type: "failed";
    readonly name: string;
    readonly verb: string | undefined;
    readonly error: WireError;
  }
  /** One of its actors has stopped itself, and waits for what is to become of it. */
  | { readonly type: "left"; readonly name: string }
  /** One of its actors is gone. */
  | { readonly type: "gone"; readonly name: string }
  /** A turn had to be interrupted: the host is to be recycled. */
  | { readonly type: "overrun"; readonly name: string }
  /** Messages that nobody handled; and how many more there were. */
  | { readonly type: "dead-letters"; readonly letters: readonly DeadLetter[]; readonly more: number }
  /** Something went wrong that no actor is to blame for; it lives on. */
  | { readonly type: "fault"; readonly error: WireError }
  | { readonly type: "log"; readonly record: LogRecord }
  /** A process has written a line. */
  | { readonly type: "printed"; readonly stream: "stdout" | "stderr"; readonly text: string }
  /** It is about to end. */
  | { readonly type: "exit"; readonly reason: string };

/** What a transport tells of a host that it has started. */
export interface WireEvents {
  /** It says something to the system. */
  said(message: FromHost): void;
  /** It sends a frame to another host; to host 0 most of the time. */
  frame(to: number, frame: Frame): void;
  /** It has ended, and will say nothing more. */
  lost(reason: string): void;
}

/** A running host, as the system's thread holds on to it. */
export interface Wire {
  /** Gives it an order. */
  order(order: ToHost): void;
  /** Hands it a frame of host `from`; throws if part of it cannot be cloned. */
  deliver(from: number, frame: Frame): void;
  /** Lets it talk to host `peer`: frames come as `frame(peer, …)`, or directly if the transport can do so. */
  open(peer: number): void;
  /** Ends it. In a thread, what still computes may go on burning a core (Deno 2.9.6 cannot stop a loop). */
  kill(): void;
}

/** Starts hosts. */
export interface Transport {
  /** How its hosts run, for people. */
  readonly kind: string;
  /** Whether `kill` ends whatever computes. */
  readonly killsLoops: boolean;
  /** Whether it can hold a host to its limits; else it is given none. */
  readonly keepsLimits: boolean;
  /** Starts a host. Orders and frames may be given at once: they wait until it is ready. */
  start(host: number, label: string, events: WireEvents, limits: HostLimits): Wire;
  /** Connects two of its hosts without a detour; `false` if it cannot. */
  connect?(a: Wire, aHost: number, b: Wire, bHost: number): boolean;
  /** All its hosts are ended: resolves once nothing of them is left. */
  close?(): Promise<void>;
}
