import { assert, assertEquals } from "@std/assert";
import { parseChunk } from "./flight.ts";
import { readFlights } from "./source.ts";

Deno.test("readFlights reads the 20,000 in ten chunks, and all of them are sound", async () => {
  const chunks = await Array.fromAsync(readFlights("20k"));
  assertEquals(
    chunks.map((chunk) => chunk.firstRow),
    Array.from({ length: 10 }, (_, index) => index * 2_000),
  );
  assertEquals(chunks[0]!.rows[0], ["2001/01/01 00:47", 66, 1750, "DTW", "LAS"]);
  assertEquals(chunks.flatMap((chunk) => parseChunk(chunk).rejected), []);
});

Deno.test("readFlights gives the rows of the three million in the same form", async () => {
  for await (const chunk of readFlights("3m")) {
    assertEquals(chunk.rows.length, 25_000);
    assertEquals(chunk.rows[0], ["2001/01/01 00:01", 33, 2176, "LAS", "PHL"]);
    assertEquals(parseChunk(chunk).rejected, []);
    break;
  }
});

/**
 * Reads four of eleven row groups with a heap of 128 MiB. Held all together, their 1.1 million rows would take
 * more than that, and the child would die; and what it takes beside the heap must not grow with the rows.
 */
Deno.test("readFlights reads the three million in bounded memory", async () => {
  const source = new URL("./source.ts", import.meta.url).href;
  const program = `
    import { readFlights } from ${JSON.stringify(source)};
    let rows = 0, firstMb = 0, lastMb = 0;
    for await (const chunk of readFlights("3m")) {
      rows += chunk.rows.length;
      lastMb = Deno.memoryUsage().rss / 1e6;
      if (rows <= 272_727) firstMb = lastMb;
      if (rows >= 1_090_908) break;
    }
    console.log(JSON.stringify({ rows, growthMb: lastMb - firstMb }));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--v8-flags=--max-old-space-size=128", program],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1" },
  });
  const { success, stdout, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
  const { rows, growthMb } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(rows, 1_090_908);
  assert(growthMb < 150, `resident memory grew by ${growthMb} MB while three more row groups were read`);
});
