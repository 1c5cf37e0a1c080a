/**
 * A host: how it is run, and what its system keeps of it.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { DeadLetter } from "./counters.ts";
import type { Frame } from "./frame.ts";
import type { HostHandle, RemoteChild } from "./host_handle.ts";
import type { HostLimits } from "./host_limits.ts";
import type { FromHost, Link, Transport } from "./port.ts";
import type { RestartBudget, Supervision } from "./supervision.ts";

/**
 * How a host is run. Only a process can be held to limits, and only a process can be ended whatever it computes.
 * What is printed in a process goes to `onOutput`, or else into the system's log: standard output as `info`,
 * standard error as `warn`.
 *
 * @example A host that may talk to one server, and take 128 MiB
 * ```ts
 * import { createActorSystem } from "@millrace/millrace";
 *
 * await using system = createActorSystem();
 * const host = await system.startHost("guarded", {
 *   transport: "process",
 *   permissions: { net: ["api.example.com:443"], read: ["./tasks"] },
 *   memoryMb: 128,
 *   restart: true,
 * });
 * ```
 */
export interface HostOptions extends HostLimits {
  /** What it runs in: `"worker"`, or `"process"` for a process of its own. @default {the system's first} */
  readonly transport?: string;
  /**
   * Whether it is started again, with its actors, when it is lost, stuck or to be recycled; their mail is lost,
   * and their addresses stay. `true` for 3 times in 30 s. @default {false}
   */
  readonly restart?: boolean | Pick<Supervision, "limit" | "backoff">;
  /**
   * After how many milliseconds without a sign of life it is given up; a quarter of that later at most.
   * @default {never}
   */
  readonly stuckMs?: number;
  /**
   * The numbers of the hosts that it may talk to, this thread (0) included; it hears of no other one, and what it
   * says to another one is dropped. For hosts whose code is not trusted: with an actor there whose name cannot be
   * guessed, it reaches nothing that it was not given. @default {all}
   */
  readonly peers?: readonly number[];
  /** Hears of each line that a process prints; a long line comes in parts. */
  readonly onOutput?: (stream: "stdout" | "stderr", text: string) => void;
}

/** What the hosts need of their system. */
export interface HostsPorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly transports: readonly Transport[];
  /** A frame for this thread. */
  frame(from: number, frame: Frame): void;
  /** A host can be reached from this thread. */
  connected(host: number, link: Link): void;
  /** A host is gone; `returns` if it is started again. */
  lost(host: number, reason: string, returns: boolean): void;
  /** An actor of a host says something about itself. */
  actor(child: RemoteChild, message: Extract<FromHost, { readonly type: "failed" | "left" | "gone" }>): void;
  /** Messages that nobody handled. */
  deadLetters(letters: readonly DeadLetter[], more: number): void;
  /** Dead, with no way back. */
  forget(child: RemoteChild): void;
}

/** One host, as the system keeps it. */
export interface Host {
  readonly number: number;
  readonly label: string;
  readonly options: HostOptions;
  readonly transport: Transport;
  readonly budget: RestartBudget | undefined;
  handle: HostHandle;
  state: "starting" | "running" | "restarting" | "lost";
  restarts: number;
  /** In the order in which they were spawned. */
  readonly children: RemoteChild[];
  /** Settles when the state is `running` or `lost`. */
  up: PromiseWithResolvers<void>;
  cancelCheck: Cancel;
  recycling: boolean;
}

/** What a process prints is for people: it goes into the log, unless somebody wants it. */
export function printed(
  { label, options: { onOutput } }: Host,
  { stream, text }: Extract<FromHost, { readonly type: "printed" }>,
  log: Logger,
): void {
  if (onOutput !== undefined) onOutput(stream, text);
  else log[stream === "stdout" ? "info" : "warn"]("A host printed a line", { host: label, stream, text });
}

/** Whether a host may talk to another one. */
export function mayReach({ options: { peers } }: Host, to: number): boolean {
  return peers === undefined || peers.includes(to);
}
