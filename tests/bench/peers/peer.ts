/** Other libraries, asked to do the same work in a process of their own. */

/** A running process with other libraries. */
export interface Peer extends AsyncDisposable {
  /** Lets a subject do its work so many times; resolves with what it measured: how long that took, in ms. */
  ask(subject: string, size: number, times: number): Promise<number>;
}

/** Starts one of the programs in this folder; resolves with the reason where its packages cannot be had. */
export async function openPeer(
  program: "graphs.ts" | "matchers.ts",
): Promise<Peer | { readonly missing: string }> {
  const folder = new URL("./", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      "--no-lock",
      "--node-modules-dir=none",
      "--quiet",
      "--v8-flags=--expose-gc",
      program,
    ],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return await connectPeer(child);
}

/** Talks to a program that says `ready` and then answers lines. */
export async function connectPeer(child: Deno.ChildProcess): Promise<Peer | { readonly missing: string }> {
  const said = new Response(child.stderr).text();
  const input = child.stdin.getWriter();
  const answers = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (): Promise<string | undefined> => {
    let text = "";
    while (!text.endsWith("\n")) {
      const { done, value } = await answers.read();
      if (done) return undefined;
      text += value;
    }
    return text.trim();
  };
  if (await read() !== "ready") {
    await input.close().catch(() => {});
    await child.status;
    return { missing: (await said).trim().split("\n")[0] ?? "it said nothing" };
  }
  return {
    async ask(subject, size, times) {
      await input.write(new TextEncoder().encode(`${subject} ${size} ${times}\n`));
      const answer = await read();
      if (answer === undefined) {
        throw new Error(`Cannot give a figure as the other library must answer: ${await said}`);
      }
      return Number(answer);
    },
    async [Symbol.asyncDispose]() {
      await input.close();
      await answers.cancel();
      await Promise.all([child.status, said]);
    },
  };
}
