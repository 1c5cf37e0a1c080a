/** A real `millrace start` in a child process: what users run, to be talked to, interrupted and killed. */
const main = new URL("../../../actors/main.ts", import.meta.url);

export interface MillraceProcess extends AsyncDisposable {
  readonly pid: number;
  /** Where it serves; resolves once it does. Rejects with what it printed if it ends before. */
  readonly url: Promise<string>;
  /** What it printed as NDJSON on stdout, so far. */
  readonly lines: readonly Record<string, unknown>[];
  /** What it printed on stderr, once it has ended. */
  readonly stderr: Promise<string>;
  readonly ended: Promise<Deno.CommandStatus>;
  /** Resolves with the first printed line, old or new, that fits. */
  line(fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  kill(signal: Deno.Signal): void;
}

export function startMillrace(
  options: {
    readonly module: string;
    readonly dataDir: string;
    readonly args?: readonly string[];
    readonly env?: Record<string, string>;
    /** For Deno itself. */
    readonly denoArgs?: readonly string[];
  },
): MillraceProcess {
  const { module, dataDir, args = [], env = {}, denoArgs = [] } = options;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      ...denoArgs,
      main.href,
      "start",
      module,
      "--data-dir",
      dataDir,
      "--port",
      "0",
      "--json",
      ...args,
    ],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const read = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      for (const part of parts) lines.push(JSON.parse(part));
      for (const look of waiting) look();
    }
    for (const look of waiting) look();
  })();
  const stderr = new Response(child.stderr).text();
  let over = false;
  const ended = child.status.finally(() => over = true);
  const line = (fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      Promise.all([ended, read, stderr]).then(([status, _, text]) => {
        look();
        reject(new Error(`millrace ended (${JSON.stringify(status)}) without printing it: ${text}`));
      });
    });
  const platform = line((printed) => "platform" in printed);
  const url = platform.then((printed) => (printed.platform as { url: string }).url);
  url.catch(() => {}); // whoever does not ask for it need not hear of it
  return {
    pid: child.pid,
    url,
    lines,
    stderr,
    ended,
    line,
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      if (!over) child.kill("SIGKILL");
      await Promise.all([ended, read, stderr]);
    },
  };
}

/** The topic of a printed event. */
export function topicOf(line: Record<string, unknown>): string | undefined {
  return (line.event as { topic?: string } | undefined)?.topic;
}
