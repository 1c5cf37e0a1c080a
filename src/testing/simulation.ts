/**
 * A simulation of many hosts in one thread: each thing that could happen next is a candidate, and a seed decides
 * which one does. The same seed and the same program give the same history.
 *
 * @module
 */
import { inlineTransport, type InlineWire } from "../actor/inline_transport.ts";
import { later } from "../actor/loop.ts";
import type { Transport } from "../actor/port.ts";
import type { FaultPlan } from "./faults.ts";
import { createSettlingClock, type JumpingClock } from "./virtual_clock.ts";

/** One thing that could happen next. */
interface Candidate {
  readonly what: string;
  /** Whose turn it is: the host that works, or gets something. */
  readonly host: number;
  /** Not before this step, unless nothing else can happen. */
  readonly notBefore: number;
  /** Whether it comes after all that the host does at the end of its turn. */
  readonly late?: boolean;
  readonly fn: () => void;
}

/** How many steps of the history a failure shows. */
const SHOWN_STEPS = 60;
/** How many steps a delay takes at most. */
const MAX_DELAY_STEPS = 40;
/** After how many steps without a rest a simulation is taken to run in circles. */
const MAX_STEPS = 1_000_000;

/** A simulated world: its time, its chance and its order of events. */
export class Simulation {
  /** The time: moved by whoever holds the simulation. */
  readonly clock: JumpingClock;
  /** Starts hosts in it. */
  readonly transport: Transport;
  readonly #faults: FaultPlan;
  readonly #random: () => number;
  /** What waits for its turn, in no order. */
  #free: Candidate[] = [];
  /** What is under way between two hosts, in order. */
  readonly #lanes = new Map<string, Candidate[]>();
  readonly #wires = new Map<number, InlineWire>();
  readonly #trace: string[] = [];
  readonly #idle: (() => void)[] = [];
  #steps = 0;
  #pumping = false;

  constructor(seed: number, faults: FaultPlan = {}) {
    this.#random = mulberry32(seed);
    this.#faults = faults;
    this.clock = createSettlingClock(0, () => this.runUntilIdle());
    this.transport = inlineTransport({
      kind: "sim",
      clock: this.clock,
      random: this.#random,
      schedule: {
        soon: (host, fn) => this.soon(host, fn),
        later: (host, fn) => this.later(host, fn),
        deliver: (from, to, fn) => this.#deliver(from, to, fn),
      },
      onStart: (host, wire) => void this.#wires.set(host, wire),
      onFrame: (from, to) => this.#maybeFailClone(from, to),
    });
  }

  /** Gives a number from 0 to below 1, the same for the same seed. */
  random = (): number => this.#random();

  /** How many steps there were. */
  get steps(): number {
    return this.#steps;
  }

  /** The latest steps, oldest first. */
  get trace(): readonly string[] {
    return this.#trace.slice(-SHOWN_STEPS);
  }

  /** Hosts that are there. */
  get hosts(): readonly number[] {
    return [...this.#wires.keys()];
  }

  /** Calls `fn` when a turn of `host` is chosen. */
  soon(host: number, fn: () => void): void {
    this.#free.push({ what: `turn of ${host}`, host, notBefore: 0, fn });
    this.#pump();
  }

  /** The same, but after all that is to happen at the end of the host's turn. */
  later(host: number, fn: () => void): void {
    this.#free.push({ what: `later turn of ${host}`, host, notBefore: 0, late: true, fn });
    this.#pump();
  }

  /** Ends a host where it stands; without `announced` nobody is told, as if its machine had stopped. */
  crash(host: number, announced = true): void {
    const wire = this.#wires.get(host);
    this.#wires.delete(host);
    this.#note(`host ${host} crashes${announced ? "" : " without a word"}`);
    if (announced) wire?.crash("it crashed in the simulation");
    else wire?.crash();
  }

  /** Resolves once nothing can happen any more but by the passing of time. */
  async runUntilIdle(): Promise<void> {
    this.#pump();
    await new Promise<void>((resolve) => void this.#idle.push(resolve));
  }

  #deliver(from: number, to: number, fn: () => void): void {
    const key = `${from}>${to}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, lane = []);
    const delayed = this.#random() < (this.#faults.delay ?? 0);
    const notBefore = delayed ? this.#steps + 1 + Math.floor(this.#random() * MAX_DELAY_STEPS) : 0;
    lane.push({ what: `${from} to ${to}`, host: to, notBefore, fn });
    this.#pump();
  }

  #maybeFailClone(from: number, to: number): void {
    if (this.#random() >= (this.#faults.cloneFailure ?? 0)) return;
    this.#note(`clone from ${from} to ${to} fails`);
    throw new DOMException("made to fail by the simulation", "DataCloneError");
  }

  /** One step a turn of the loop: promises have settled before the next choice. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    later(() => this.#turn());
  }

  #turn(): void {
    this.#pumping = false;
    if (this.#step()) return this.#pump();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #step(): boolean {
    const heads = [...this.#lanes].flatMap(([key, [first]]) => first === undefined ? [] : [{ key, first }]);
    const inTurn = new Set(this.#free.flatMap(({ host, late }) => late ? [] : [host]));
    const free = this.#free.filter(({ host, late }) => !late || !inTurn.has(host));
    const all = [...free.map((first) => ({ key: undefined, first })), ...heads];
    if (all.length === 0) return false;
    this.#steps++;
    if (this.#steps > MAX_STEPS) throw new Error("Cannot simulate on as nothing comes to rest");
    const { crash, slowHost, clockJump } = this.#faults;
    if (crash !== undefined && crash.atStep === this.#steps) this.crash(crash.host, crash.announced ?? true);
    if (clockJump !== undefined && clockJump.atStep === this.#steps) {
      this.#note(`the clock jumps by ${clockJump.byMs} ms`);
      this.clock.jump(clockJump.byMs);
    }
    const due = all.filter(({ first }) => first.notBefore <= this.#steps);
    const swift = due.filter(({ first }) => first.host !== slowHost || this.#random() < 0.1);
    const pool = swift.length > 0 ? swift : due.length > 0 ? due : all;
    const { key, first } = pool[Math.floor(this.#random() * pool.length)]!;
    if (key === undefined) this.#free.splice(this.#free.indexOf(first), 1);
    else this.#lanes.get(key)!.shift();
    this.#note(first.what);
    first.fn();
    return true;
  }

  #note(what: string): void {
    this.#trace.push(`${this.#steps} ${what}`);
    if (this.#trace.length > 2 * SHOWN_STEPS) this.#trace.splice(0, SHOWN_STEPS);
  }
}

/** A small, fast generator of good quality for its size (Tommy Ettinger, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
