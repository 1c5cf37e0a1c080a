/**
 * What brings messages needs of the thread that it works in.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { WireError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Cell } from "./cell.ts";
import type { DeadLetterReason } from "./counters.ts";
import type { DeathReason } from "./death.ts";
import type { RemotePeer } from "./peer.ts";
import type { Address } from "./ref.ts";
import type { Tracer } from "./tracer.ts";

/** What a courier needs of its node. */
export interface CourierPorts {
  /** The host's number. */
  readonly host: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tracer: Tracer | undefined;
  /** Whether what is sent within this thread is cloned, as it is between threads. */
  readonly clones: boolean;
  soon(fn: () => void): void;
  later(fn: () => void): void;
  /** An actor that lives here. */
  cell(name: string): Cell | undefined;
  /** Binds a ref of a message to this thread, and to whoever takes it. */
  bind(address: Address, protocol: string, owner?: object): unknown;
  /** Asks for a link to another host. */
  connect(host: number): void;
  /** Records messages that nobody handled. */
  deadLetter(
    to: Address,
    verb: string,
    payload: unknown,
    reason: DeadLetterReason,
    asked: boolean,
    count?: number,
  ): void;
  /** Somebody in another host wants to know when an actor of this one is gone, or no more. */
  watched(name: string, by: RemotePeer, on: boolean): void;
  /** An actor of another host is gone. */
  died(host: number, name: string, reason: DeathReason, error: WireError | null): void;
}
