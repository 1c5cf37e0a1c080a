/**
 * The other end of a peer: `subject size times` on a line of stdin, what `measure` says on a line of stdout.
 * Says `ready` first.
 */
export async function answer(
  measure: (subject: string, size: number, times: number) => number,
): Promise<void> {
  // deno-lint-ignore no-console -- this is a program, and this is its answer
  const say = (line: string): void => console.log(line);
  say("ready");
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const [...whole] = (rest + text).split("\n");
    rest = whole.pop()!;
    for (const line of whole) {
      const [subject, size, times] = line.split(" ");
      say(String(measure(subject!, Number(size), Number(times))));
    }
  }
}
