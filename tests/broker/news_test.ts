import { assertEquals } from "@std/assert";
import { newsOf, NewsReader } from "../../src/broker/news.ts";

/** Something that changes. */
function source() {
  const listeners = new Set<() => void>();
  return {
    listeners,
    change: () => listeners.forEach((listener) => listener()),
    watch: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

Deno.test("newsOf() is one item for all changes since the last one", async () => {
  const { change, watch, listeners } = source();
  const news = newsOf(watch);
  change();
  change();
  assertEquals(await news.next(), { done: false, value: null });
  const next = news.next();
  change();
  assertEquals((await next).done, false);
  const last = news.next();
  await news.return?.();
  assertEquals((await last).done, true);
  assertEquals(listeners.size, 0);
});

Deno.test("NewsReader reads as long as someone listens", async () => {
  const { change, watch, listeners } = source();
  let opened = 0;
  const reader = new NewsReader(() => {
    opened++;
    return newsOf(watch);
  });
  const told = Promise.withResolvers<void>();
  const stops = [reader.watch(() => told.resolve()), reader.watch(() => {})];
  change();
  await told.promise;
  assertEquals([opened, listeners.size], [1, 1]);
  stops.forEach((stop) => stop());
  assertEquals(listeners.size, 0);
  reader.watch(() => {})();
  assertEquals(opened, 2);
});

Deno.test("NewsReader tells once more when the stream ends or fails, and opens it again for the next", async () => {
  let opened = 0;
  const reader = new NewsReader(() => {
    opened++;
    return { next: () => Promise.reject(new Error("the actor is gone")) };
  });
  for (let time = 1; time <= 2; time++) {
    await new Promise<void>((resolve) => reader.watch(resolve));
    assertEquals(opened, time);
  }
});
