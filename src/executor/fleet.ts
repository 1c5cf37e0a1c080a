/**
 * The fleet: how many executors of which kind there are to be, where they are started when attempts wait for
 * them and stopped when nothing does.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { type ExecutorKind, keyOfKind } from "./kind.ts";

/** How long an executor may have nothing to do before it is stopped, in ms. */
export const IDLE_MS = 60_000;

/** What a fleet does to the world. */
export interface FleetPorts {
  readonly clock: Clock;
  /** A name for the next executor. */
  name(): string;
  /** Starts an executor. `works` or `left` follows. */
  start(name: string, kind: ExecutorKind): void;
  /** Stops an executor that has nothing to do. */
  stop(name: string): void;
}

interface Member {
  readonly key: string;
  state: "starting" | "idle" | "busy";
  cancelIdle: Cancel;
}

/** Executors that come and go. At most `max` at the same time, over all kinds. */
export class Fleet {
  readonly #max: number;
  readonly #ports: FleetPorts;
  /** Those that are idle in the order in which they became so. */
  readonly #members = new Map<string, Member>();
  /** How many attempts wait, by kind; none waits in a kind that is not here. */
  readonly #waiting = new Map<string, { readonly kind: ExecutorKind; readonly count: number }>();

  constructor(max: number, ports: FleetPorts) {
    this.#max = max;
    this.#ports = ports;
  }

  /** So many attempts wait for an executor of this kind. */
  wants(kind: ExecutorKind, count: number): void {
    if (count === 0) this.#waiting.delete(keyOfKind(kind));
    else this.#waiting.set(keyOfKind(kind), { kind, count });
    this.#look();
  }

  /** An executor has so many attempts in hand. */
  works(name: string, running: number): void {
    const member = this.#members.get(name);
    if (member === undefined || member.state === "idle" && running === 0) return;
    member.cancelIdle();
    member.state = running > 0 ? "busy" : "idle";
    if (running > 0) return;
    this.#members.delete(name);
    this.#members.set(name, member);
    member.cancelIdle = this.#ports.clock.after(IDLE_MS, () => this.#stop(name));
    this.#look();
  }

  /** An executor is gone, or could not be started. */
  left(name: string): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    member.cancelIdle();
    this.#members.delete(name);
    this.#look();
  }

  /** Forgets all timers. */
  close(): void {
    for (const member of this.#members.values()) member.cancelIdle();
    this.#waiting.clear();
  }

  #look(): void {
    for (const [key, { kind, count }] of this.#waiting) {
      for (let missing = count - this.#countStarting(key); missing > 0; missing--) {
        if (this.#members.size >= this.#max && !this.#makeRoom()) return;
        const name = this.#ports.name();
        this.#members.set(name, { key, state: "starting", cancelIdle: () => {} });
        this.#ports.start(name, kind);
      }
    }
  }

  #countStarting(key: string): number {
    let count = 0;
    for (const member of this.#members.values()) {
      if (member.key === key && member.state === "starting") count++;
    }
    return count;
  }

  /** Stops the one that has had nothing to do for longest: whoever waits does not wait for its kind. */
  #makeRoom(): boolean {
    for (const [name, { key, state }] of this.#members) {
      if (state !== "idle" || this.#waiting.has(key)) continue;
      this.#stop(name);
      return true;
    }
    return false;
  }

  #stop(name: string): void {
    this.#members.get(name)?.cancelIdle();
    this.#members.delete(name);
    this.#ports.stop(name);
  }
}
