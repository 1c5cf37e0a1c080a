/**
 * Importing this makes each test of the file fail that leaves a Web Worker alive: Deno's own sanitizers see
 * timers, files and ports, but no workers (measured on Deno 2.9.6).
 */

const alive = new Map<Worker, string>();

class CountedWorker extends Worker {
  constructor(specifier: string | URL, options?: WorkerOptions) {
    super(specifier, options);
    alive.set(this, options?.name ?? String(specifier));
  }

  override terminate(): void {
    alive.delete(this);
    super.terminate();
  }
}

globalThis.Worker = CountedWorker;

/** The names of the workers that this thread has started and not terminated. */
export function liveWorkers(): readonly string[] {
  return [...alive.values()];
}

Deno.test.afterEach(() => {
  const left = liveWorkers();
  // The next test is not to blame.
  for (const worker of [...alive.keys()]) worker.terminate();
  if (left.length > 0) throw new Error(`The test left workers alive: ${left.join(", ")}`);
});
