/** The other end of a peer under Node, as answer.ts is of one under Deno. */
import { createInterface } from "node:readline";

/** Answers each line `subject size times` with what `measure` says, one after the other. Says `ready` first. */
export async function answer(measure) {
  process.stdout.write("ready\n");
  for await (const line of createInterface({ input: process.stdin })) {
    const [subject, size, times] = line.split(" ");
    process.stdout.write(`${await measure(subject, Number(size), Number(times))}\n`);
  }
  process.exit(0);
}
