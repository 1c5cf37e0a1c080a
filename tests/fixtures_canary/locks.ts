/** The Web Locks of this process, which Deno has but does not declare. A lock is free when its thread is gone. */
export const locks = (navigator as unknown as {
  locks: { request(name: string, hold: () => void | Promise<void>): Promise<void> };
}).locks;
