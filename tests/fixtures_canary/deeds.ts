/** What user code in a worker may do to it. */
export const DEEDS = {
  throw: (): void => {
    throw new TypeError("thrown");
  },
  reject: (): void => {
    void Promise.reject(new TypeError("rejected"));
  },
  timer: (): void => {
    setTimeout(() => {
      throw new TypeError("thrown in a timer");
    });
  },
  uncloneable: (): void => {
    (globalThis as unknown as Worker).postMessage(() => {});
  },
  close: (): void => (globalThis as unknown as { close(): void }).close(),
  exit: (): void => Deno.exit(7),
  "process.exit": (): void =>
    (globalThis as unknown as { process: { exit(code: number): void } }).process.exit(8),
  "own handler": (): void => {
    (globalThis as unknown as { onmessage: unknown }).onmessage = () => {
      throw new TypeError("not for me");
    };
  },
} as const;

/** The name of one of them. */
export type Deed = keyof typeof DEEDS;
