/**
 * Permits: which attempt may start, where a concurrency key or a rate limit has room for some of them only, over
 * all runs and pipelines.
 *
 * An attempt takes all that it needs in one moment: what waits holds nothing, so that nobody waits for who waits.
 * Those that need the same wait in one crowd; where crowds share a room, the higher priority goes first, and then
 * the crowd that was passed over most. One that was passed over {@linkcode MAX_PASSED} times wherever it needs room
 * has its turn before anybody takes more of that.
 *
 * @module
 */
import type { Cancel } from "../base/clock.ts";
import { FairQueue, MAX_PASSED } from "../base/fair_queue.ts";
import type { AttemptKey } from "../executor/port.ts";
import type { Need } from "./needs.ts";
import type { JournalWrite, Start } from "./port.ts";
import { type Room, RunningRoom, StartsRoom } from "./rooms.ts";

/** What permits need of the world. */
export interface PermitPorts {
  /** The time in ms since 1970. */
  now(): number;
  /** Calls `fn` once, so many ms from now. */
  after(delayMs: number, fn: () => void): Cancel;
  /** What earlier processes have started is needed: {@linkcode Permits.restore} is to be called. Asked once. */
  wanted(): void;
  /** Keeps what is known of a start. */
  note(write: JournalWrite & { readonly kind: "begun" }): void;
}

/** What an attempt needs a permit for. */
export interface PermitRequest {
  /** Who wants it. */
  readonly attempt: AttemptKey;
  /** What it needs; at least one thing. */
  readonly needs: readonly Need[];
  /** Among those that wait the higher goes first. */
  readonly priority: number;
  /** Called once the permit is there. */
  readonly granted: () => void;
}

/** What holds up an attempt that waits, and, if that is known, until when at the least, in ms since 1970. */
export interface PermitWait {
  /** The kind of what it needs. */
  readonly kind: Need["kind"];
  /** The time. */
  readonly untilMs?: number;
}

interface Waiting extends PermitRequest {
  readonly crowd: Crowd;
  /** Whether nobody waits for it any more. */
  withdrawn: boolean;
}

interface Held {
  readonly lanes: readonly Lane[];
  /** Whether the attempt is started for certain. */
  isStarted: boolean;
}

/** A room, and who wants to go in. */
interface Lane {
  readonly room: Room;
  readonly crowds: Set<Crowd>;
  alarm?: { readonly atMs: number; readonly cancel: Cancel } | undefined;
}

/** Attempts that need the same. */
interface Crowd {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly lanes: readonly Lane[];
  readonly queue: FairQueue<Waiting>;
  /** How many wait. */
  size: number;
  /** How often others have gone first, by lane. */
  readonly passed: number[];
}

/** With more lanes than this a look for empty ones is worth it. */
const MANY_LANES = 64;

/** The permits of a platform. */
export class Permits {
  readonly #ports: PermitPorts;
  readonly #lanes = new Map<string, Lane>();
  readonly #crowds = new Map<string, Crowd>();
  readonly #held = new Map<string, Held>();
  readonly #waiting = new Map<string, Waiting>();
  /** Before whom nobody else may go. */
  #due: Crowd | undefined;
  /** Whether it is known what earlier processes have started; `undefined` if nobody needs to know. */
  #isRestored: boolean | undefined;
  #tidyAt = MANY_LANES;

  constructor(ports: PermitPorts) {
    this.#ports = ports;
  }

  /** Whether an attempt has a permit: then it must start. Else it waits for one. */
  take(request: PermitRequest): boolean {
    const name = nameOf(request.attempt);
    if (!this.#held.has(name) && !this.#waiting.has(name)) this.#enqueue(name, request);
    const held = this.#held.get(name);
    if (held !== undefined) held.isStarted = true;
    return held !== undefined;
  }

  /** What an attempt waits for; `undefined` if it does not wait. */
  waits(attempt: AttemptKey): PermitWait | undefined {
    const crowd = this.#waiting.get(nameOf(attempt))?.crowd;
    if (crowd === undefined) return undefined;
    const nowMs = this.#ports.now();
    const frees = crowd.needs.map((need, index) => ({
      kind: need.kind,
      untilMs: this.#freeMs(crowd.lanes[index]!, need),
    }));
    const { kind, untilMs } = frees.find(({ untilMs }) => untilMs > nowMs) ?? frees[0]!;
    return Number.isFinite(untilMs) && untilMs > nowMs ? { kind, untilMs } : { kind };
  }

  /** An attempt that was started has begun; or, without a time, it never will. */
  begun(attempt: AttemptKey, atMs: number | undefined): void {
    const name = nameOf(attempt);
    const lanes = this.#held.get(name)?.lanes ?? [];
    for (const { room } of lanes) {
      if (room instanceof StartsRoom && room.begun(name, atMs)) this.#note(attempt, atMs);
    }
    this.#serve(lanes);
  }

  /** Nothing of an attempt runs any more, or it is not to be started after all. */
  release(attempt: AttemptKey): void {
    const name = nameOf(attempt);
    const crowd = this.#withdraw(name);
    if (crowd !== undefined) return this.#serve(crowd.lanes);
    const held = this.#held.get(name);
    if (held === undefined) return;
    // Nobody has said when it began: now at the latest.
    if (held.isStarted) this.begun(attempt, this.#ports.now());
    this.#held.delete(name);
    for (const { room } of held.lanes) room.leave(name);
    this.#serve(held.lanes);
  }

  /** What earlier processes have started; of what is not known when it began, that was now at the latest. */
  restore(starts: readonly Start[]): void {
    const nowMs = this.#ports.now();
    for (const { key, perMs, begunMs, ...attempt } of starts) {
      const { room } = this.#laneOf({ kind: "starts", key });
      (room as StartsRoom).restore(Math.min(begunMs ?? nowMs, nowMs), perMs);
      if (begunMs === undefined) this.#note(attempt, nowMs);
    }
    this.#isRestored = true;
    this.#serve([...this.#lanes.values()]);
  }

  #note({ runId, task, attempt }: AttemptKey, atMs: number | undefined): void {
    this.#ports.note({ kind: "begun", runId, task, attempt, ...(atMs === undefined ? {} : { atMs }) });
  }

  #enqueue(name: string, request: PermitRequest): void {
    if (this.#isRestored === undefined && request.needs.some(({ kind }) => kind === "starts")) {
      this.#isRestored = false;
      this.#ports.wanted();
    }
    const crowd = this.#crowdOf(request.needs);
    const waiting = { ...request, crowd, withdrawn: false };
    crowd.queue.push(waiting, request.priority, request.attempt.runId);
    crowd.size++;
    this.#waiting.set(name, waiting);
    this.#serve(crowd.lanes);
  }

  /** Takes an attempt out of those that wait; gives the crowd it was in. */
  #withdraw(name: string): Crowd | undefined {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return undefined;
    waiting.withdrawn = true;
    this.#waiting.delete(name);
    this.#shrink(waiting.crowd);
    return waiting.crowd;
  }

  #shrink(crowd: Crowd): void {
    if (--crowd.size > 0) return;
    this.#crowds.delete(crowd.name);
    for (const lane of crowd.lanes) lane.crowds.delete(crowd);
    if (this.#due === crowd) this.#due = undefined;
  }

  /** Gives permits to those whose turn it is, as long as there is room. */
  #serve(lanes: readonly Lane[]): void {
    const open = [...lanes];
    for (const lane of open) { // grows while it is looked at
      for (let crowd; (crowd = this.#next(lane)) !== undefined;) {
        if (crowd === this.#due) {
          this.#due = undefined;
          open.push(...crowd.lanes); // others have waited for it
        }
        this.#grant(crowd);
      }
      this.#watch(lane);
    }
  }

  /** The crowd of a lane whose turn it is, if there is room for it everywhere. */
  #next(lane: Lane): Crowd | undefined {
    const nowMs = this.#ports.now();
    let next: Crowd | undefined;
    for (const crowd of lane.crowds) {
      const hasRoom = crowd.lanes.every((other, index) =>
        this.#freeMs(other, crowd.needs[index]!) <= nowMs &&
        (this.#due === undefined || this.#due === crowd || !other.crowds.has(this.#due))
      );
      if (hasRoom && (next === undefined || goesFirst(crowd, next, lane))) next = crowd;
    }
    return next;
  }

  #grant(crowd: Crowd): void {
    let next = crowd.queue.shift()!;
    while (next.withdrawn) next = crowd.queue.shift()!;
    const name = nameOf(next.attempt);
    this.#waiting.delete(name);
    this.#held.set(name, { lanes: crowd.lanes, isStarted: false });
    for (const { room } of crowd.lanes) room.enter(name);
    this.#shrink(crowd);
    crowd.passed.fill(0);
    for (const lane of crowd.lanes) for (const other of lane.crowds) this.#passOver(other, crowd, lane);
    next.granted();
  }

  #passOver(crowd: Crowd, first: Crowd, lane: Lane): void {
    if (crowd === first) return;
    crowd.passed[crowd.lanes.indexOf(lane)]!++;
    if (crowd.passed.every((times) => times >= MAX_PASSED)) this.#due ??= crowd;
  }

  #freeMs({ room }: Lane, need: Need): number {
    if (need.kind === "running") return room.freeMs(need.limit, 0);
    return this.#isRestored ? room.freeMs(need.limit, need.perMs) : Infinity;
  }

  /** Looks again when the next one may start. */
  #watch(lane: Lane): void {
    const nowMs = this.#ports.now();
    const frees = [...lane.crowds].map(({ lanes, needs }) => this.#freeMs(lane, needs[lanes.indexOf(lane)]!));
    const atMs = Math.min(...frees.filter((freeMs) => freeMs > nowMs), Infinity);
    if (lane.alarm?.atMs === atMs) return;
    lane.alarm?.cancel();
    lane.alarm = atMs === Infinity ? undefined : {
      atMs,
      cancel: this.#ports.after(atMs - nowMs, () => {
        lane.alarm = undefined;
        this.#serve([lane]);
      }),
    };
  }

  #crowdOf(needs: readonly Need[]): Crowd {
    const name = JSON.stringify(needs);
    const before = this.#crowds.get(name);
    if (before !== undefined) return before;
    const lanes = needs.map((need) => this.#laneOf(need));
    const queue = new FairQueue<Waiting>();
    const crowd: Crowd = { name, needs, lanes, queue, size: 0, passed: needs.map(() => 0) };
    this.#crowds.set(name, crowd);
    for (const lane of lanes) lane.crowds.add(crowd);
    return crowd;
  }

  #laneOf({ kind, key }: Pick<Need, "kind" | "key">): Lane {
    const name = `${kind} ${key}`;
    const before = this.#lanes.get(name);
    if (before !== undefined) return before;
    this.#tidy();
    const lane = {
      room: kind === "running" ? new RunningRoom() : new StartsRoom(),
      crowds: new Set<Crowd>(),
    };
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Forgets lanes that nobody needs any more, now and then: a start counts on after its attempt. */
  #tidy(): void {
    if (this.#lanes.size < this.#tidyAt) return;
    const nowMs = this.#ports.now();
    for (const [name, { room, crowds }] of this.#lanes) {
      if (crowds.size === 0 && room.isEmpty(nowMs)) this.#lanes.delete(name);
    }
    this.#tidyAt = Math.max(MANY_LANES, 2 * this.#lanes.size);
  }
}

/** Whether one crowd goes before another one that has room in the same lane. */
function goesFirst(one: Crowd, other: Crowd, lane: Lane): boolean {
  const [a, b] = [one.queue.priority!, other.queue.priority!];
  const passed = ({ lanes, passed }: Crowd): number => passed[lanes.indexOf(lane)]!;
  return a > b || a === b && passed(one) > passed(other);
}

function nameOf({ runId, task, attempt }: AttemptKey): string {
  return `${runId}/${task}/${attempt}`;
}
