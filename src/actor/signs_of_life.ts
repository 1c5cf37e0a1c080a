/**
 * Signs of life: tells a host that computes without end from one that has much to do.
 *
 * @module
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { HostHandle } from "./host_handle.ts";

/**
 * How often a host is looked at in the time that it may be silent. Each look takes a turn of this thread's loop,
 * so that an answer which waits while this thread itself is busy is heard in time.
 */
const LOOKS = 4;

/**
 * Calls `stuck` when a host has given no sign of life for `silentMs`, a quarter of that later at most; the answer
 * calls the watch off.
 */
export function watchSilence(handle: HostHandle, clock: Clock, silentMs: number, stuck: () => void): Cancel {
  let asked = false;
  let looks = 0;
  let cancel: Cancel;
  const look = (): void => {
    if (handle.isLost) return;
    if (asked && ++looks === LOOKS) return stuck();
    if (!asked) {
      asked = true;
      looks = 0;
      handle.ask({ type: "ping" }).then(() => asked = false, () => {});
    }
    again();
  };
  const again = (): void => void (cancel = clock.after(silentMs / LOOKS, look));
  again();
  return () => cancel();
}
