import { assertEquals, assertRejects } from "@std/assert";
import { MillraceError, openPlatform } from "@millrace/millrace";
import { z } from "zod";

const modules = [import.meta.resolve("./fixtures/publishing_pipelines.ts")];

Deno.test("Platform.declareTopic() a schema holds for whoever publishes: program, HTTP, task and trigger", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    await using app = await openPlatform({ dataDir, modules, executors: 1, log: () => {} });
    const schema = z.object({ amount: z.coerce.number().positive() });
    await app.declareTopic("orders.created", { schema });
    const events = app.subscribe("orders.created");

    const run = await app.run({
      names: ["say"],
      params: { values: [{ amount: "1" }, { amount: -1 }, { amount: 2 }] },
    });
    await run.finished;
    assertEquals(await app.result(run.id, "say"), ["published", "event/invalid", "published"]);

    await app.publish("orders.created", { amount: "3" });
    const error = await assertRejects(() => app.publish("orders.created", {}), MillraceError, "amount");
    assertEquals(error.code, "event/invalid");

    const post = async (path: string, body: unknown): Promise<number> => {
      const init = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      };
      const response = await app.fetch(new Request(`http://localhost${path}`, init));
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await post("/api/events", { topic: "orders.created", data: { amount: "4" } }), 202);
    assertEquals(await post("/api/events", { topic: "orders.created", data: "nothing" }), 422);
    assertEquals(await post("/api/triggers/order/trigger", { data: { amount: "5" } }), 200);
    assertEquals(await post("/api/triggers/order/trigger", { data: {} }), 422);

    const seen: unknown[] = [];
    for await (const { data } of events) {
      seen.push(data);
      if (seen.length === 5) break;
    }
    assertEquals(seen, [1, 2, 3, 4, 5].map((amount) => ({ amount })));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
