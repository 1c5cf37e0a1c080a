/**
 * A limit to how long something is waited for.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";

/** What `work` gives; or what `late` gives or throws once `limitMs` have passed, whatever `work` still does. */
export async function within<T, L>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  late: () => L,
): Promise<T | L> {
  const alarm = Promise.withResolvers<void>();
  const cancel = clock.after(limitMs, alarm.resolve);
  try {
    return await Promise.race([work, alarm.promise.then(late)]);
  } finally {
    cancel();
  }
}
