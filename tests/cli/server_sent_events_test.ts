import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readServerSentEvents } from "../../src/cli/server_sent_events.ts";

async function read(chunks: Uint8Array[]): Promise<unknown[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return await Array.fromAsync(readServerSentEvents(body));
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("readServerSentEvents() reads type and data, joins lines, skips comments and unknown fields", async () => {
  const text = ': hello\n\nretry: 1000\nid: 7\ndata: {"a":\ndata: 1}\n\nevent: problem\ndata:x\n\n';
  assertEquals(await read([encode(text)]), [
    { type: "message", data: '{"a":\n1}' },
    { type: "problem", data: "x" },
  ]);
});

Deno.test("readServerSentEvents() drops an event that was cut off", async () => {
  assertEquals(await read([encode("data: whole\n\ndata: ha")]), [{ type: "message", data: "whole" }]);
});

Deno.test("readServerSentEvents() reads the same however the bytes are cut and lines are ended", async () => {
  const data = fc.array(fc.stringMatching(/^[a-zæ😀 ]{0,6}$/u), { maxLength: 5 });
  const ending = fc.constantFrom("\n", "\r\n", "\r");
  await fc.assert(fc.asyncProperty(data, ending, fc.array(fc.nat(200)), async (texts, end, cuts) => {
    const bytes = encode(texts.map((text) => `data: ${text}${end}${end}`).join("") + `: end${end}`);
    const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
    const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index]!, place));
    assertEquals(await read(chunks), texts.map((text) => ({ type: "message", data: text })));
  }));
});
