/**
 * News that travels as a stream: that something has changed, however often since the last item.
 *
 * @module
 */

/** One item for all changes since the last one was taken; leaving ends it. */
export function newsOf(watch: (listener: () => void) => () => void): AsyncIterableIterator<null> {
  let news = Promise.withResolvers<boolean>();
  const unwatch = watch(() => news.resolve(true));
  const end = (): void => {
    unwatch();
    news.resolve(false);
  };
  return {
    async next() {
      if (!await news.promise) return { done: true, value: undefined };
      news = Promise.withResolvers();
      return { done: false, value: null };
    },
    return() {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Listeners to a stream of news, which is read as long as there is one. */
export class NewsReader {
  readonly #open: () => AsyncIterator<null>;
  readonly #listeners = new Set<() => void>();
  #reading: AsyncIterator<null> | undefined;

  /** `open` begins the stream. */
  constructor(open: () => AsyncIterator<null>) {
    this.#open = open;
  }

  /** Calls `listener` with each item until it is called off. */
  watch(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    if (this.#reading === undefined) void this.#read(this.#reading = this.#open());
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size > 0) return;
      void this.#reading?.return?.().catch(() => {}); // who told us is gone
      this.#reading = undefined;
    };
  }

  /** All are told once more when the stream ends: whoever waits then finds out why. */
  async #read(reading: AsyncIterator<null>): Promise<void> {
    try {
      while (!(await reading.next()).done) this.#tell();
    } catch {
      // The actor is gone: what is asked of it next says so.
    }
    if (this.#reading === reading) this.#reading = undefined;
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
