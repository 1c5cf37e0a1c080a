/**
 * Writing to a Deno KV file that others write to.
 *
 * KV does not wait for another writer: a transaction that checks something fails at once with "database is
 * locked" (measured on Deno 2.9.6). So the threads of this process take turns, and only another process, which
 * a program should not have, is waited for by trying again.
 *
 * @module
 */

/** How long a thread waits for its turn before it goes without: who has it may never come back to say so, in ms. */
const TURN_MS = 1_000;

/** How long to try again while another process writes, and the longest pause between two tries, in ms. */
const BUSY_TIMEOUT_MS = 5_000;
const MAX_PAUSE_MS = 20;

/** A KV database. */
export class KvDatabase {
  /** For what only reads: KV lets readers in at any time. */
  readonly kv: Deno.Kv;
  readonly #lock: string;

  /** Takes an open database; `path` tells the threads of this process which one it is. */
  constructor(kv: Deno.Kv, path: string) {
    this.kv = kv;
    this.#lock = `millrace kv ${path}`;
  }

  /** Writes a transaction; says whether its checks held. */
  async commit(change: Deno.AtomicOperation): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), TURN_MS);
    try {
      return await locks.request(this.#lock, { signal: patience.signal }, () => {
        clearTimeout(timer);
        return commitWhenFree(change);
      });
    } catch (error) {
      if (!patience.signal.aborted) throw error;
      return await commitWhenFree(change);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What Deno has and its types have not. */
const { locks } = navigator as unknown as {
  readonly locks: {
    request<T>(name: string, options: { readonly signal: AbortSignal }, fn: () => Promise<T>): Promise<T>;
  };
};

async function commitWhenFree(
  change: Deno.AtomicOperation,
): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
  const untilMs = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return await change.commit();
    } catch (error) {
      if (!isBusy(error) || Date.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_PAUSE_MS));
    }
  }
}

/** Whether another process is writing; nothing has been written then. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message.includes("database is locked");
}
