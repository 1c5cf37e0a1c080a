/**
 * One member of a named consumer: claims events ahead of its reader, and settles them in batches.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { MillraceError } from "../base/errors.ts";
import type { ClaimPage, LogClaim, Settled, Settlement } from "./port.ts";

/** Where a member claims from. */
export interface ClaimSource {
  /** Claims up to `max` events. */
  claim(max: number): Promise<ClaimPage>;
  /** Settles claims. */
  settle(settlements: readonly Settlement[]): Promise<readonly Settled[]>;
  /** Calls `listener` when there may be more to claim. */
  watch(listener: () => void): () => void;
}

/** How many events a member claims at a time at most. */
export const MAX_CLAIM = 256;

/** A member. One reader. */
export class Claims {
  readonly #source: ClaimSource;
  readonly #clock: Clock;
  readonly #ackWithinMs: number;
  #unwatch: (() => void) | undefined;
  #ready: LogClaim[] = [];
  /** When what is ready goes back: others shall have it, and it must never count as delivered. */
  #keptUntilMs = 0;
  #cancelReturn: Cancel = () => {};
  /** Claims that the reader has and has not settled: sequence and token. */
  readonly #held = new Map<number, number>();
  #settling: { readonly settlement: Settlement; readonly done: PromiseWithResolvers<Settled> }[] = [];
  #batch = 1;
  #claimedMs = 0;
  #news: PromiseWithResolvers<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Claims nothing until it is asked. */
  constructor(source: ClaimSource, clock: Clock, ackWithinMs: number) {
    this.#source = source;
    this.#clock = clock;
    this.#ackWithinMs = ackWithinMs;
  }

  /** The next claim; `undefined` once nothing more will come, or it was closed. */
  async next(): Promise<LogClaim | undefined> {
    while (this.#closing === undefined) {
      this.#unwatch ??= this.#source.watch(() => this.#wake());
      // The timer does not come while a reader holds the thread.
      if (this.#ready.length > 0 && this.#clock.now() >= this.#keptUntilMs) await this.#giveBack();
      const claim = this.#ready.shift();
      if (claim !== undefined) {
        if (this.#ready.length === 0) this.#cancelReturn();
        this.#held.set(claim.event.sequence, claim.token);
        return claim;
      }
      // Asked for before anything is looked at: what comes meanwhile is not overlooked.
      this.#news ??= Promise.withResolvers();
      const news = this.#news.promise;
      const page = await this.#claim();
      if (page.claims.length > 0) continue;
      if (page.ended) break;
      await this.#wait(news, page.nextDueMs);
    }
    await this.close();
    return undefined;
  }

  /** Settles a claim together with the others of this turn; tells whether it still held. */
  async settle(claim: LogClaim, how: Settlement["how"], more: Partial<Settlement> = {}): Promise<boolean> {
    const { event: { sequence }, token } = claim;
    if (how !== "extend" && this.#held.get(sequence) === token) this.#held.delete(sequence);
    return await this.#settle({ ...more, sequence, token, how }) !== "lost";
  }

  /** Gives everything back: what the reader never had as if it had not been claimed, the rest for one more try. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#unwatch?.();
    this.#wake();
    const unread = this.#takeUnread();
    const unsettled = [...this.#held].map(([sequence, token]) => ({
      sequence,
      token,
      how: "retry" as const,
    }));
    this.#held.clear();
    await Promise.all([...unread, ...unsettled].map((one) => this.#settle(one))).catch((error) => {
      // There is nothing to give back to: the consumer was removed.
      if (!MillraceError.is(error, "consumer/unknown")) throw error;
    });
  }

  /** As many as the reader is good for: more when it was through with the last ones early, else fewer. */
  async #claim(): Promise<ClaimPage> {
    const nowMs = this.#clock.now();
    const wasFast = nowMs - this.#claimedMs < this.#ackWithinMs / 16;
    this.#batch = wasFast ? Math.min(this.#batch * 2, MAX_CLAIM) : Math.max(1, this.#batch >> 1);
    this.#claimedMs = nowMs;
    const page = await this.#claimUpTo(this.#batch);
    if (this.#closing === undefined) this.#keep(page.claims, this.#ackWithinMs / 2);
    else await Promise.all(page.claims.map((claim) => this.settle(claim, "release")));
    return page;
  }

  /** Half of the time to settle it is the reader's for each, however many were claimed together. */
  #keep(claims: readonly LogClaim[], forMs: number): void {
    this.#ready = [...claims];
    this.#keptUntilMs = this.#claimedMs + forMs;
    if (claims.length > 1 && forMs < Infinity) {
      // Whoever asks the log next is told what is wrong with it.
      this.#cancelReturn = this.#clock.after(forMs, () => void this.#giveBack().catch(() => {}));
    }
  }

  /** Lets others have what the reader has not got to. */
  async #giveBack(): Promise<void> {
    await Promise.all(this.#takeUnread().map((one) => this.#settle(one)));
  }

  #takeUnread(): Settlement[] {
    this.#cancelReturn();
    const unread = this.#ready;
    this.#ready = [];
    return unread.map(({ event: { sequence }, token }) => ({ sequence, token, how: "release" }));
  }

  async #claimUpTo(max: number): Promise<ClaimPage> {
    try {
      return await this.#source.claim(max);
    } catch (error) {
      // Whoever goes on after an error watches again; who does not leaves nothing behind.
      this.#unwatch?.();
      this.#unwatch = undefined;
      if (!isClosed(error)) throw error;
      // Like a subscription, it ends with its broker.
      return { claims: [], buried: [], ended: true };
    }
  }

  async #wait(news: Promise<void>, dueMs: number | undefined): Promise<void> {
    const delayMs = dueMs === undefined ? Infinity : Math.max(0, dueMs - this.#clock.now());
    const cancel = delayMs === Infinity ? () => {} : this.#clock.after(delayMs, () => this.#wake());
    await news;
    cancel();
  }

  #settle(settlement: Settlement): Promise<Settled> {
    const done = Promise.withResolvers<Settled>();
    this.#settling.push({ settlement, done });
    if (this.#settling.length === 1) void Promise.resolve().then(() => this.#flush());
    return done.promise;
  }

  async #flush(): Promise<void> {
    const batch = this.#settling;
    this.#settling = [];
    try {
      const settled = await this.#source.settle(batch.map(({ settlement }) => settlement));
      for (const [index, { done }] of batch.entries()) done.resolve(settled[index]!);
    } catch (error) {
      // What is claimed when its log closes is free when it is opened again.
      for (const { done } of batch) isClosed(error) ? done.resolve("lost") : done.reject(error);
    }
  }

  #wake(): void {
    this.#news?.resolve();
    this.#news = undefined;
  }
}

/** Whether the broker or its log is closed, here or in another thread. */
function isClosed(error: unknown): boolean {
  return MillraceError.is(error) &&
    ["broker/closed", "broker/log-closed", "actor/stopped"].includes(error.code);
}
