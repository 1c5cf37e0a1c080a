/**
 * What lives in an actor system and how it does, as plain data.
 *
 * @module
 */
import { type Counters, type DeadLetterReason, zeroCounters } from "./counters.ts";

/** What an actor is doing: `failed` waits for its supervisor, `halted` for its restart. */
export type ActorState = "starting" | "running" | "failed" | "halted" | "stopping" | "stopped";

/** How one actor does. */
export interface ActorLoad {
  /** What it is doing. */
  readonly state: ActorState;
  /** How often it was started again. */
  readonly restarts: number;
  /** How many messages wait. */
  readonly depth: number;
  /** The most that ever waited. */
  readonly highWater: number;
  /** How much those of its own host weigh, in bytes, approximately. */
  readonly bytes: number;
  /** How many were put aside. */
  readonly stashed: number;
  /** How many are being handled. */
  readonly inHand: number;
  /** How many timers are set. */
  readonly timers: number;
}

/** One actor, as plain data. */
export interface ActorSnapshot extends ActorLoad {
  /** Its name. */
  readonly name: string;
  /** The name of its protocol. */
  readonly protocol: string;
  /** The actor that spawned it, in the same host. */
  readonly parent?: string;
  /** What became of its messages. */
  readonly counters: Readonly<Counters>;
}

/** One thread's part of the actor system, as plain data. */
export interface NodeSnapshot {
  /** The host's number. */
  readonly host: number;
  /** Its actors, in the order in which they were spawned. */
  readonly actors: readonly ActorSnapshot[];
  /** What became of the messages of actors that are gone. */
  readonly gone: Readonly<Counters>;
  /** How many messages nobody handled, by reason. */
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** Asks that wait for an answer. */
  readonly pendingAsks: number;
  /** Streams that are being read. */
  readonly openStreams: number;
}

/** One host. */
export interface HostSnapshot {
  /** Its number; 0 is the thread that made the system. */
  readonly host: number;
  /** Its name for people. */
  readonly label: string;
  /** How it runs. */
  readonly kind: string;
  /** `unresponsive` if it did not say in time what lives in it. */
  readonly state: "running" | "restarting" | "unresponsive";
  /** How often it was started again. */
  readonly restarts: number;
  /** What lives in it; `undefined` if it did not say. */
  readonly node?: NodeSnapshot;
}

/** The whole system. */
export interface SystemSnapshot {
  /** All hosts, this thread first. */
  readonly hosts: readonly HostSnapshot[];
  /** Threads that were given up while something in them went on computing: they end with the process. */
  readonly lostThreads: number;
}

/** All counters of a thread together: the accounting law holds for them. */
export function totals(
  snapshot: NodeSnapshot,
): Counters & { readonly queued: number; readonly inHand: number } {
  const sum = { ...zeroCounters(), ...snapshot.gone, queued: 0, inHand: 0 };
  for (const { counters, depth, stashed, inHand } of snapshot.actors) {
    sum.accepted += counters.accepted;
    sum.handled += counters.handled;
    sum.failed += counters.failed;
    sum.deadLettered += counters.deadLettered;
    sum.queued += depth + stashed;
    sum.inHand += inHand;
  }
  return sum;
}
