/**
 * What the kernel needs of a transport: links that carry frames between hosts, and hosts to start.
 *
 * @module
 */
import type { LogRecord } from "../base/log.ts";
import type { WireError } from "../base/errors.ts";
import type { Frame } from "./message.ts";

/** One direction of a connection between two hosts. */
export interface Link {
  /** Sends a frame; throws a `DataCloneError` if part of it cannot be cloned. */
  post(frame: Frame): void;
  /** Closes the connection. */
  close(): void;
}

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
}

/** What a host tells the thread that started it. */
export interface HostEvents {
  /** It wants to talk to another host. */
  connect(host: number): void;
  /** It has ended, and will not say anything more. */
  lost(reason: string): void;
  /** Something went wrong in it that no actor is to blame for; it lives on. */
  fault(error: WireError): void;
  /** It logs. */
  log(record: LogRecord): void;
}

/** A running host in another thread or process. */
export interface HostHandle {
  /** Sends frames from this thread to it. */
  readonly link: Link;
  /** Spawns an actor; rejects with what its start threw. Answers with the protocol's name. */
  spawn(order: SpawnOrder): Promise<string>;
  /** Stops one actor: `drain` handles what waits first. Resolves once it has stopped. */
  stop(name: string, mode: StopMode): Promise<void>;
  /** Tells it that another host is gone. */
  peerLost(host: number, reason: string): void;
  /** Ends it. What still computes may go on burning a core (Deno 2.9.6 cannot stop a loop). */
  terminate(): void;
}

/** Whether an actor handles what waits in its mailbox before it stops, or calls off even what is in hand. */
export type StopMode = "drain" | "now";

/** Starts hosts and connects them. */
export interface Transport {
  /** Starts a host and waits until it is ready for messages. */
  start(host: number, options: HostOptions): Promise<HostHandle>;
  /** Connects two hosts that this transport has started. */
  connect(a: HostHandle, aId: number, b: HostHandle, bId: number): void;
}

/** What a new host needs. */
export interface HostOptions {
  /** A name for people. */
  readonly label: string;
  /** What to do with the frames that it sends to this thread. */
  readonly onFrame: (frame: Frame) => void;
  /** What to do with its news. */
  readonly events: HostEvents;
}
