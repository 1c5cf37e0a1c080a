import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { defineTask, MillraceError, openPlatform, type Platform } from "@millrace/millrace";
import { z } from "zod";

async function inFolder(test: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  try {
    await test(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

const open = (dataDir: string): Promise<Platform> => openPlatform({ dataDir, executors: 0, log: () => {} });

async function take<T>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

Deno.test("a platform keeps durable topics, their events, consumers and dead letters across restarts", () =>
  inFolder(async (dataDir) => {
    {
      await using app = await open(dataDir);
      await app.declareTopic("orders.created", { durable: true, retention: { maxEvents: 1_000 } });
      await app.declareTopic("orders.paid", { durable: true });
      const published = await Promise.all(
        Array.from({ length: 300 }, (_, n) => app.publish("orders.created", n)),
      );
      assertEquals(published.map(({ sequence }) => sequence), published.map((_, n) => n + 1));
      assertEquals((await app.publish("orders.paid", "once", { id: "a" })).duplicate, false);
      for await (const claim of app.consume("orders.*", { name: "billing" })) {
        if (claim.event.data === 7) await claim.reject("seven");
        else if (claim.event.data === 9) break; // in hand when the platform closes
        else await claim.ack();
      }
      await app.complete("orders.paid");
    }
    await using app = await open(dataDir);
    assertEquals(
      (await app.topics()).map(({ topic, completed, durable }) => [topic, completed, durable?.events]),
      [
        ["orders.created", false, 300],
        ["orders.paid", true, 1],
      ],
    );
    const error = await assertRejects(() => app.publish("orders.paid", 1));
    assert(MillraceError.is(error, "topic/completed"));
    const again = await app.publish("orders.created", 1, { id: "a" });
    assertEquals([again.duplicate, again.sequence], [true, 301]);
    const next = await take(app.consume("orders.*", { name: "billing" }), 2);
    assertEquals(next.map(({ event, tries }) => [event.data, tries]), [[9, 2], [10, 1]]);
    const [letter] = await app.deadLetters("billing");
    assertEquals([letter?.event.data, letter?.reason], [7, "seven"]);
    assertEquals(await app.redeliver("billing"), 1);
    const all = await take(app.subscribe("orders.*", { since: "first" }), 301);
    assertEquals(all.map(({ sequence }) => sequence), all.map((_, n) => n + 1));
    const [info] = await app.consumers();
    assertEquals([info?.name, info?.deadLetters, info?.missed], ["billing", 0, 0]);
    assertEquals(await app.removeConsumer("billing"), true);
  }));

Deno.test("app.subscribe({ since }) goes on live without gap or duplicate, whatever is published meanwhile", () =>
  inFolder(async (dataDir) => {
    await using app = await open(dataDir);
    await app.declareTopic("orders.created", { durable: true });
    const publish = (from: number, to: number) =>
      Promise.all(Array.from({ length: to - from }, (_, n) => app.publish("orders.created", from + n)));
    await publish(0, 2_000);
    const slow = app.subscribe("orders.**", { since: "first", capacity: 8 });
    const reading = take(slow, 4_000);
    await publish(2_000, 4_000);
    const seen = await reading;
    assertEquals(seen.map(({ data }) => data), Array.from({ length: 4_000 }, (_, n) => n));
    assertEquals(slow.gap, false);
    const after = app.subscribe("orders.**", { since: { id: seen[3_989]!.id } });
    assertEquals(
      (await take(after, 10)).map(({ data }) => data),
      Array.from({ length: 10 }, (_, n) => 3_990 + n),
    );
  }));

Deno.test("app.subscribe({ schema }) hands over what fits; app.declareTopic({ schema }) refuses what does not", () =>
  inFolder(async (dataDir) => {
    await using app = await open(dataDir);
    const dead = app.subscribe("$sys.deadletter");
    const days = app.subscribe(["day.*", "days"], { schema: z.object({ day: z.coerce.date() }) });
    await app.view(); // answered after the subscriptions were taken
    await app.publish("days", { day: "never" });
    await app.publish("day.closed", { day: "2026-01-02" });
    const [first] = await take(days, 1);
    assertEquals([first?.data.day, days.misfits], [new Date("2026-01-02"), 1]);
    const [letter] = await take(dead, 1);
    assertEquals((letter?.data as { error: { code: string } }).error.code, "event/invalid");
    await app.declareTopic("day.closed", { schema: z.object({ day: z.iso.date() }) });
    const error = await assertRejects(() => app.publish("day.closed", { day: "never" }));
    assert(MillraceError.is(error, "event/invalid"));
  }));

Deno.test("ctx.publish() of a task waits until a durable topic has the event, and consumers get it", () =>
  inFolder(async (dataDir) => {
    await using app = await open(dataDir);
    await app.declareTopic("orders.created", { durable: true });
    const publish = defineTask({
      name: "announce",
      isolation: "inline",
      run: async (_, ctx) => {
        for (let n = 0; n < 20; n++) await ctx.publish("orders.created", n);
      },
    });
    app.registry.register(publish);
    const run = await app.run({ names: ["announce"] });
    assertEquals((await run.finished).status, "succeeded");
    assertEquals((await app.topics("orders.*"))[0]?.durable?.events, 20);
    const claims = await take(app.consume("orders.**", { name: "billing" }), 20);
    assertEquals(claims.map(({ event }) => event.data), Array.from({ length: 20 }, (_, n) => n));
    assertEquals(claims[0]?.event.source, `run/${run.id}`);
  }));

Deno.test("app.complete() of a topic that pipelines listen to: what is refused starts no run", () =>
  inFolder(async (dataDir) => {
    const modules = [import.meta.resolve("./fixtures/logged_pipelines.ts")];
    await using app = await openPlatform({ dataDir, modules, executors: 0, log: () => {} });
    const { runIds } = await app.publish("second.wanted", { of: "1" });
    assertEquals(runIds.length, 1);
    await app.complete("second.wanted");
    const error = await assertRejects(() => app.publish("second.wanted", { of: "2" }));
    assert(MillraceError.is(error, "topic/completed"));
    assertEquals((await app.runs()).map(({ id }) => id), runIds);
  }));

Deno.test("app.complete() takes what was published before it, awaited or not", () =>
  inFolder(async (dataDir) => {
    await using app = await open(dataDir);
    await app.declareTopic("orders.created", { durable: true });
    const published = [1, 2, 3].map((n) => app.publish("orders.created", n));
    const completed = app.complete("orders.created");
    assertEquals((await Promise.all(published)).map(({ sequence }) => sequence), [1, 2, 3]);
    await completed;
    assertEquals((await app.topics("orders.*"))[0]?.durable?.events, 3);
  }));

Deno.test("app.close() ends the loops of consumers and replays; what they hold comes again", () =>
  inFolder(async (dataDir) => {
    let looping: Promise<string>[];
    {
      await using app = await open(dataDir);
      await app.declareTopic("orders.created", { durable: true });
      await app.publish("orders.created", 1);
      const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const consume = async (): Promise<string> => {
        for await (const claim of app.consume("orders.**", { name: "billing" })) {
          begun[0]!.resolve();
          if (claim.event.data === 2) await claim.ack();
        }
        return "consumer ended";
      };
      const replay = async (): Promise<string> => {
        for await (const _ of app.subscribe("orders.**", { since: "first" })) begun[1]!.resolve();
        return "replay ended";
      };
      looping = [consume(), replay()];
      await Promise.all(begun.map(({ promise }) => promise));
    }
    assertEquals(await Promise.all(looping), ["consumer ended", "replay ended"]);
    await using app = await open(dataDir);
    const [again] = await take(app.consume("orders.**", { name: "billing" }), 1);
    assertEquals([again?.event.data, again?.tries], [1, 2]);
  }));

Deno.test("a platform killed while it publishes has everything that it acknowledged", () =>
  inFolder(async (dataDir) => {
    const program = new URL("./fixtures/durable_publisher.ts", import.meta.url).pathname;
    const acknowledged = new Set<string>();
    for (const enough of [70, 400, 1_500]) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", program, dataDir],
        stdout: "piped",
      })
        .spawn();
      let said = "";
      for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
        said += chunk;
        if (said.split("\n").length > enough) child.kill("SIGKILL");
      }
      await child.status;
      const ids = said.split("\n").slice(0, -1);
      assertGreaterOrEqual(ids.length, enough);
      for (const id of ids) acknowledged.add(id);
    }
    await using app = await open(dataDir);
    const [{ durable } = {}] = await app.topics();
    const kept = await take(app.subscribe("orders.created", { since: "first" }), durable!.events);
    const ids = new Set(kept.map(({ id }) => id));
    assertEquals([...acknowledged].filter((id) => !ids.has(id)), []);
    assertEquals(ids.size, kept.length);
    assertEquals(kept.map(({ sequence }) => sequence), kept.map((_, n) => n + 1));
  }));
