/** What a process says once it is ready: how long its work took and how much memory it holds. */
export interface ColdReport {
  /** Milliseconds that the work took, as the process itself measured. */
  readonly workMs: number;
  /** Resident memory of the whole process, with all its threads, in bytes. */
  readonly rssBytes: number;
}

/** Says so, on one line. */
export async function report(workMs = 0): Promise<void> {
  const ready: ColdReport = { workMs, rssBytes: Deno.memoryUsage().rss };
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(ready) + "\n"));
}
