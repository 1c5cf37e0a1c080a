/**
 * Follows runs: live events first, and a look at the runs themselves where events may have been missed.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { MillraceError } from "../base/errors.ts";
import type { MillraceEvent } from "../event/event.ts";
import type { RunView } from "../task/run.ts";
import { isFinal, type Progress, type ProgressChange } from "./progress.ts";
import { readProgressEvent } from "./progress_event.ts";
import type { ProgressView } from "./progress_view.ts";

/** What is followed. */
export const FOLLOWED = "run.**|task.**";

/** How often the runs under way are looked at, as live events may be dropped. */
export const LOOK_MS = 1_000;

/** After so many looks in a row that reached nobody, the server is given up. */
const MAX_FAILED_LOOKS = 10;

/** Where events and runs come from, and where they go to. */
export interface FollowOptions {
  /** Subscribes; the promise holds events back until `accept` says what is wanted. */
  readonly subscribe: (pattern: string, signal: AbortSignal) => Promise<AsyncIterable<MillraceEvent>>;
  /** One run. */
  readonly runView: (runId: string) => Promise<RunView>;
  /** What is known. */
  readonly progress: Progress;
  /** What shows it. */
  readonly view: ProgressView;
  /** The time between looks. */
  readonly clock: Clock;
}

/** Follows runs until disposed of. */
export class Following implements AsyncDisposable {
  readonly #options: FollowOptions;
  readonly #abort = new AbortController();
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();
  #accept: ((runId: string) => boolean) | undefined;
  #held: MillraceEvent[] = [];
  #pump: Promise<void> = Promise.resolve();
  #cancelLook: Cancel | undefined;
  #failedLooks = 0;

  /** Use {@linkcode followRuns}. */
  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Subscribes. Events are held back until {@linkcode Following.accept}. */
  async open(): Promise<void> {
    const events = await this.#options.subscribe(FOLLOWED, this.#abort.signal);
    this.#pump = this.#read(events);
  }

  /** Shows the runs that `wanted` says yes to, from the events held back on. */
  accept(wanted: (runId: string) => boolean): void {
    this.#accept = wanted;
    const held = this.#held;
    this.#held = [];
    for (const event of held) this.#take(event);
  }

  /** Takes in one look at a run. */
  async look(runId: string): Promise<void> {
    const view = await this.#options.runView(runId);
    this.#show(undefined, this.#options.progress.seed(view));
  }

  /**
   * Resolves once the run has a final state; follows it from now on, even if no event of it ever comes.
   * Rejects with `cli/server-unreachable` if nobody can be asked for long.
   */
  ended(runId: string): Promise<void> {
    const run = this.#options.progress.run(runId);
    if (run !== undefined && isFinal(run.status)) return Promise.resolve();
    const end = this.#ends.get(runId) ?? Promise.withResolvers<void>();
    this.#ends.set(runId, end);
    this.#lookSoon();
    return end.promise;
  }

  /** Lets go of the subscription. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    this.#cancelLook?.();
    await this.#pump;
  }

  async #read(events: AsyncIterable<MillraceEvent>): Promise<void> {
    try {
      for await (const event of events) {
        if (this.#abort.signal.aborted) return;
        if (this.#accept === undefined) this.#held.push(event);
        else this.#take(event);
      }
    } catch {
      // A broken subscription is no broken run: the looks go on.
    }
  }

  #take(event: MillraceEvent): void {
    const read = readProgressEvent(event);
    if (read === undefined || this.#accept?.(read.runId) !== true) return;
    const known = this.#options.progress.run(read.runId) !== undefined;
    const change = this.#options.progress.apply(event);
    this.#show(event, change === undefined ? [] : [change]);
    // The first event of a run does not say which tasks are to come: the run itself does.
    if (!known) this.look(read.runId).catch(() => {});
    this.#lookSoon();
  }

  #show(event: MillraceEvent | undefined, changes: readonly ProgressChange[]): void {
    if (this.#abort.signal.aborted) return;
    this.#options.view.update(event, changes);
    for (const { run, task } of changes) {
      if (task !== undefined || !isFinal(run.status)) continue;
      this.#ends.get(run.id)?.resolve();
      this.#ends.delete(run.id);
    }
  }

  #lookSoon(): void {
    if (this.#cancelLook !== undefined || this.#abort.signal.aborted) return;
    this.#cancelLook = this.#options.clock.after(LOOK_MS, async () => {
      await this.#lookAtAll();
      this.#cancelLook = undefined;
      if (this.#ends.size > 0 || this.#options.progress.active.length > 0) this.#lookSoon();
    });
  }

  async #lookAtAll(): Promise<void> {
    const ids = new Set([...this.#ends.keys(), ...this.#options.progress.active.map((run) => run.id)]);
    for (const runId of ids) {
      try {
        await this.look(runId);
        this.#failedLooks = 0;
      } catch (error) {
        // A run that is gone will not end; a server that restarts may come back.
        const gone = MillraceError.is(error, "run/not-found") || ++this.#failedLooks >= MAX_FAILED_LOOKS;
        if (!gone) continue;
        this.#ends.get(runId)?.reject(error);
        this.#ends.delete(runId);
      }
    }
  }
}

/** Starts to follow runs; nothing is shown before {@linkcode Following.accept}. */
export async function followRuns(options: FollowOptions): Promise<Following> {
  const following = new Following(options);
  await following.open();
  return following;
}
