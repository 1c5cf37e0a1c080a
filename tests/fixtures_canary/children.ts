/** Programs of this folder, run in processes of their own. */

/** No fixture takes longer than this, in ms; a child that does is killed. */
const PATIENCE_MS = 15_000;

/** What became of a program. */
export interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** What it wrote. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `deno <args>` in this folder to its end. */
export async function runDeno(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { code, stdout, stderr } = await commandOf(args, "null", env).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Starts a program of this folder, which is killed at the end of the scope at the latest. */
export function startProgram(file: string, ...args: readonly string[]): Program {
  return new Program(commandOf(["run", "-A", file, ...args], "piped").spawn());
}

/** A program that runs until it is killed. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#output = child.stdout.getReader();
  }

  /** The next piece of what it writes. */
  async read(): Promise<Uint8Array> {
    const { value = new Uint8Array() } = await this.#output.read();
    return value;
  }

  /** Ends it as `kill -9` does, and gives the rest of what it wrote. */
  async kill(): Promise<Uint8Array> {
    this.#child.kill("SIGKILL");
    const rest: Uint8Array[] = [];
    for (let piece = await this.read(); piece.length > 0; piece = await this.read()) rest.push(piece);
    await this.#child.status;
    return new Uint8Array(await new Blob(rest as BlobPart[]).arrayBuffer());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#output.cancel();
    await Promise.all([this.#child.stdin.abort(), this.#child.stderr.cancel(), this.#child.status]);
  }
}

function commandOf(
  args: readonly string[],
  stdin: "null" | "piped",
  env: Readonly<Record<string, string>> = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: new URL(".", import.meta.url),
    env: { NO_COLOR: "1", ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}
