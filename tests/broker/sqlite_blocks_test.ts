import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { bytesOf } from "../../src/broker/log_rules.ts";
import { openMemoryEventLog } from "../../src/broker/memory_event_log.ts";
import type { EventLog } from "../../src/broker/port.ts";
import { openSqliteEventLog } from "../../src/broker/sqlite_event_log.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";
import { event, idsOf, settings } from "../contract/event_log_contract.ts";

const many = (count: number, from = 0, topic = "sales.created") =>
  Array.from({ length: count }, (_, n) => event(`${from + n}`, topic));

Deno.test("read() gives pages that begin and end within blocks, of one topic, some and all", async () => {
  await using log = await openSqliteEventLog({ path: ":memory:" });
  for (const topic of ["a", "b", "c"]) await log.declare(topic, {});
  const all = [
    ...many(600, 0, "a"),
    ...many(300, 600, "b"),
    ...Array.from({ length: 90 }, (_, n) => event(`${900 + n}`, "abc"[n % 3])),
    ...many(700, 990, "c"),
  ];
  await log.append(all);
  for (const max of [7, 255, 256, 257, 1_000, 5_000]) {
    for (const patterns of [["**"], ["a"], ["a", "c"]]) {
      const after = 100;
      const wanted = all.slice(after).filter(({ topic }) =>
        patterns.includes("**") || patterns.includes(topic)
      );
      assertEquals(
        await idsOf(log, patterns, after, max),
        wanted.map(({ id }) => id),
        `${patterns} by ${max}`,
      );
    }
  }
});

Deno.test("read() of some topics misses nothing where its look through the log ends within a block", async () => {
  await using log = await openSqliteEventLog({ path: ":memory:" });
  for (const topic of ["a", "b", "c"]) await log.declare(topic, {});
  await log.append([...many(9_900, 0, "c"), ...many(256, 9_900, "a"), event("last", "b")]);
  const ids = await idsOf(log, ["a", "b"], 0, 1_000);
  assertEquals([ids.length, ids[0], ids.at(-1)], [257, "9900", "last"]);
});

Deno.test("append() puts large events into rows of their own", async () => {
  const path = await Deno.makeTempFile();
  try {
    await using log = await openSqliteEventLog({ path });
    await log.declare("sales.created", {});
    const data = JSON.stringify("x".repeat(50_000));
    await log.append(many(10).map((event) => ({ ...event, data })));
    using db = new DatabaseSync(path);
    const { rows, longest } = db.prepare("SELECT count(*) AS rows, max(length(data)) AS longest FROM blocks")
      .get()!;
    assertEquals(rows, 10);
    assertLess(Number(longest), 50_100);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("prune() takes a part of a block: nobody sees it, its ids are free, and what is claimed stays", async () => {
  const path = await Deno.makeTempFile();
  try {
    const before = many(20).map(bytesOf).slice(12).reduce((sum, bytes) => sum + bytes, 0);
    {
      await using log = await openSqliteEventLog({ path });
      await log.declare("sales.created", {});
      await log.append(many(20));
      await log.openConsumer("billing", settings(), 0);
      assertEquals((await log.claim("billing", 5)).claims.length, 5);
      await log.declare("sales.created", { maxEvents: 8 });
      assertEquals(await log.prune(), 12);
    }
    await using log = await openSqliteEventLog({ path });
    const [topic] = await log.topics();
    assertEquals([topic?.events, topic?.bytes], [8, before]);
    assertEquals(await idsOf(log, ["**"]), many(8, 12).map(({ id }) => id));
    assertEquals(await log.find({ id: "11" }), undefined);
    assertEquals(await log.find({ id: "12" }), 13);
    const { claims } = await log.claim("billing", 99);
    const ids = [...many(5), ...many(8, 12)].map(({ id }) => id);
    assertEquals(claims.map(({ event }) => event.id), ids);
    assertEquals((await log.consumers())[0]?.missed, 7);
    assertEquals(await log.append([event("11"), event("12")]), [
      { sequence: 21, duplicate: false },
      { sequence: 13, duplicate: true },
    ]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("find() and append() do what MemoryEventLog does, whatever ids say and come again", async () => {
  const ids = fc.oneof(
    fc.nat(40).map(String),
    fc.string({ unit: "binary", maxLength: 3 }),
    fc.constantFrom("\0", "\0a", '"'),
  );
  const batch = fc.array(fc.tuple(ids, fc.constantFrom("a", "b")), { maxLength: 20 });
  const property = fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
    const clock = createVirtualClock(1_000);
    await using memory = await openMemoryEventLog({ clock });
    await using sqlite = await openSqliteEventLog({ path: ":memory:", clock });
    const both: readonly EventLog[] = [memory, sqlite];
    const same = async (ask: (log: EventLog) => Promise<unknown>): Promise<void> => {
      const [expected, current] = await Promise.all(both.map(ask));
      assertEquals(current, expected);
    };
    for (const log of both) for (const topic of ["a", "b"]) await log.declare(topic, { maxEvents: 30 });
    for (const all of batches) {
      await same((log) => log.append(all.map(([id, topic]) => ({ ...event("", topic), id }))));
      for (const log of both) while (await log.prune() > 0);
      await clock.advance(10);
      for (const [id] of all) await same((log) => log.find({ id }));
      await same((log) => log.read({ patterns: ["**"], after: 0, max: 999 }));
      await same((log) => log.topics());
    }
    const head = await sqlite.head();
    for (let timeMs = 995; timeMs < 1_100; timeMs += 5) {
      const [from, found] = await Promise.all(both.map((log) => log.find({ timeMs })));
      assert(found! <= head);
      const after = (log: EventLog, after: number) => log.read({ patterns: ["**"], after, max: 999 });
      assertEquals((await after(sqlite, found!)).events, (await after(memory, from!)).events);
    }
  });
  await fc.assert(property, { numRuns: 100 });
});
