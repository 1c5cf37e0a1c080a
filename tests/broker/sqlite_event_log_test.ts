import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { MillraceError } from "../../src/base/errors.ts";
import { openSqliteFile } from "../../src/base/sqlite_file.ts";
import { openMemoryEventLog } from "../../src/broker/memory_event_log.ts";
import type { EventLog, LogClaim, Settlement } from "../../src/broker/port.ts";
import { EVENT_LOG_FILE } from "../../src/broker/sqlite_event_file.ts";
import { openSqliteEventLog, SqliteEventLog } from "../../src/broker/sqlite_event_log.ts";
import { createVirtualClock } from "../../src/testing/virtual_clock.ts";
import { event, idsOf, settings } from "../contract/event_log_contract.ts";

async function inFolder(test: (dir: string, path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir, `${dir}/events.db`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function refusal(path: string): Promise<string> {
  const error = await assertRejects(() => openSqliteEventLog({ path }), MillraceError, path);
  assert(MillraceError.is(error, "broker/log-unusable"));
  assertEquals(error.details.path, path);
  return error.details.reason;
}

Deno.test("openSqliteEventLog() finds topics, events, consumers and dead letters of an earlier one", () =>
  inFolder(async (_dir, path) => {
    const before: unknown[] = [];
    {
      await using log = await openSqliteEventLog({ path, fsync: "always" });
      await log.declare("sales.created", { maxEvents: 3, maxAgeMs: Infinity });
      await log.declare("sales.paid", {});
      await log.append(["1", "2", "3", "4"].map((id) => event(id)));
      await log.append([event("5", "sales.paid")]);
      await log.complete("sales.paid");
      await log.openConsumer("billing", settings(), 0);
      const { claims: [claim] } = await log.claim("billing", 1);
      await log.settle("billing", [{
        ...claim!,
        sequence: claim!.event.sequence,
        how: "reject",
        reason: "no",
      }]);
      before.push(await log.topics(), await log.consumers(), await log.deadLetters("billing", 0, 9));
    }
    await using log = await openSqliteEventLog({ path });
    assertEquals([await log.topics(), await log.consumers(), await log.deadLetters("billing", 0, 9)], before);
    assertEquals(await idsOf(log, ["**"]), ["2", "3", "4", "5"]);
    assertEquals((await log.read({ patterns: ["**"], after: 0, max: 9 })).missed, true);
    assertEquals(await log.append([event("3"), event("6")]), [
      { sequence: 3, duplicate: true },
      { sequence: 6, duplicate: false },
    ]);
    const error = await assertRejects(() => log.append([event("7", "sales.paid")]));
    assert(MillraceError.is(error, "topic/completed"));
  }));

Deno.test("openSqliteEventLog() frees what members of an earlier process had claimed, and counts its tries", () =>
  inFolder(async (_dir, path) => {
    let stale: LogClaim;
    {
      await using log = await openSqliteEventLog({ path });
      await log.declare("sales.created", {});
      await log.append([event("1"), event("2")]);
      await log.openConsumer("billing", settings({ ackWithinMs: 3_600_000 }), 0);
      stale = (await log.claim("billing", 1)).claims[0]!;
    }
    await using log = await openSqliteEventLog({ path });
    const { claims } = await log.claim("billing", 9);
    assertEquals(claims.map(({ event, tries }) => [event.id, tries]), [["1", 2], ["2", 1]]);
    const late = { sequence: 1, token: stale.token, how: "ack" } as const;
    assertEquals(await log.settle("billing", [late]), ["lost"]);
  }));

Deno.test("openSqliteEventLog() refuses a file that a log has open, as two would overwrite each other", () =>
  inFolder(async (_dir, path) => {
    const log = await openSqliteEventLog({ path });
    assertEquals(await refusal(path), "it is open already, here or in another process");
    // The one that has it goes on, and others may read the file.
    await log.declare("sales.created", {});
    await log.append([event("1")]);
    using reader = new DatabaseSync(path, { readOnly: true });
    assertEquals(reader.prepare("SELECT count(*) AS n FROM ids").get()?.n, 1);
    await log[Symbol.asyncDispose]();
    await log[Symbol.asyncDispose]();
    await using next = await openSqliteEventLog({ path });
    assertEquals(await next.head(), 1);
  }));

Deno.test("claim() says to ask again at once where it has looked through much of other topics", () =>
  inFolder(async (_dir, path) => {
    await using log = await openSqliteEventLog({ path, clock: createVirtualClock(1_000) });
    for (const topic of ["a", "b", "c"]) await log.declare(topic, {});
    await log.append(Array.from({ length: 10_000 }, (_, n) => event(`${n}`, "c")));
    await log.append([event("wanted", "a")]);
    await log.openConsumer("billing", settings({ patterns: ["a", "b"] }), 0);
    assertEquals(await log.claim("billing", 5), { claims: [], buried: [], ended: false, nextDueMs: 1_000 });
    assertEquals((await log.claim("billing", 5)).claims.map(({ event }) => event.id), ["wanted"]);
  }));

Deno.test("append() keeps the last sequence when retention has taken every event", () =>
  inFolder(async (_dir, path) => {
    {
      const clock = createVirtualClock(1_000);
      await using log = await openSqliteEventLog({ path, clock });
      await log.declare("sales.created", { maxAgeMs: 1 });
      await log.append([event("1"), event("2")]);
      await clock.advance(10);
      assertEquals(await log.prune(), 2);
    }
    await using log = await openSqliteEventLog({ path });
    assertEquals(await log.append([event("3")]), [{ sequence: 3, duplicate: false }]);
  }));

Deno.test("append() holds a topic within its count and bytes without prune()", () =>
  inFolder(async (_dir, path) => {
    await using log = await openSqliteEventLog({ path });
    await log.declare("sales.created", { maxEvents: 10 });
    for (let batch = 0; batch < 20; batch++) {
      await log.append(Array.from({ length: 30 }, (_, n) => event(`${batch}-${n}`)));
      assertEquals((await log.topics())[0]?.events, 10);
    }
    assertEquals((await idsOf(log, ["**"])).at(0), "19-20");
  }));

Deno.test("openSqliteEventLog() refuses what is no event log, older, newer or corrupt, and says what it is", () =>
  inFolder(async (dir, path) => {
    await Deno.writeTextFile(
      `${dir}/text`,
      "This is no database at all, but long enough to be read as one.".repeat(9),
    );
    assert((await refusal(`${dir}/text`)).includes("not a database"));
    {
      using other = new DatabaseSync(`${dir}/other.db`);
      other.exec("CREATE TABLE t (x)");
    }
    assertEquals(await refusal(`${dir}/other.db`), "it is a SQLite file of something else");
    await refusal(`${dir}/missing/events.db`);
    {
      await using log = await openSqliteEventLog({ path });
      await log.declare("sales.created", {});
      await log.append(Array.from({ length: 2_000 }, (_, n) => event(`${n}`)));
    }
    for (const [version, reason] of [[9, "newer than 2"], [1, "older than 2: move the file away"]] as const) {
      const copy = `${dir}/${version}.db`;
      await Deno.copyFile(path, copy);
      {
        using other = new DatabaseSync(copy);
        other.exec(`PRAGMA user_version = ${version}`);
      }
      assert((await refusal(copy)).includes(reason));
    }
    using file = await Deno.open(path, { write: true });
    for (const page of [9, 19, 29]) {
      await file.seek(page * 4096, Deno.SeekMode.Start);
      await file.write(new Uint8Array(2048).fill(0xa5));
    }
    assert((await refusal(path)).includes("corrupt"));
    await assertRejects(() => openSqliteEventLog({ path, fsync: "never" as never }), TypeError, "never");
    await assertRejects(() => openSqliteEventLog({ path, sync: true } as never), TypeError, "sync");
  }));

Deno.test("append() rejects when the disk is full, keeps what was there, and works again with room", () =>
  inFolder(async (_dir, path) => {
    const db = openSqliteFile(path, "batched", EVENT_LOG_FILE);
    await using log = new SqliteEventLog(path, db, createVirtualClock(1_000));
    await log.declare("sales.created", {});
    await log.append([event("1")]);
    db.exec("PRAGMA max_page_count = 24");
    const large = event("2", "sales.created", { data: JSON.stringify("x".repeat(200_000)) });
    const full = [log.append([large]), log.append([event("3")]), log.declare("sales.paid", {})];
    for (const write of full) {
      const error = await assertRejects(() => write as Promise<unknown>, MillraceError, "full");
      assert(MillraceError.is(error, "store/unavailable"));
      assert(error.retryable);
    }
    assertEquals([await idsOf(log, ["**"]), await log.head(), (await log.topics()).length], [["1"], 1, 1]);
    db.exec("PRAGMA max_page_count = 4294967294");
    assertEquals(await log.append([large, event("3")]), [
      { sequence: 2, duplicate: false },
      { sequence: 3, duplicate: false },
    ]);
    assertEquals((await log.topics())[0]?.events, 3);
  }));

Deno.test("declare() and append() of one turn are taken in their order", () =>
  inFolder(async (_dir, path) => {
    await using log = await openSqliteEventLog({ path });
    const declared = log.declare("sales.created", {});
    const appended = log.append([event("1")]);
    const completed = log.complete("sales.created");
    const late = log.append([event("2")]);
    await Promise.all([declared, completed]);
    assertEquals(await appended, [{ sequence: 1, duplicate: false }]);
    await assertRejects(() => late, MillraceError, "complete");
    assertEquals(await idsOf(log, ["**"]), ["1"]);
  }));

type Command = (
  log: EventLog,
  clock: { advance(ms: number): Promise<void> },
  held: LogClaim[],
) => Promise<unknown>;

/** Everything that a log tells. */
async function everything(log: EventLog): Promise<unknown> {
  const consumers = await log.consumers();
  return {
    topics: await log.topics(),
    consumers,
    dead: await Promise.all(consumers.map(({ name }) => log.deadLetters(name, 0, 1_000))),
    all: await log.read({ patterns: ["**"], after: 0, max: 1_000 }),
    some: await idsOf(log, ["a", "*.y"], 1, 3),
    head: await log.head(),
  };
}

Deno.test("SqliteEventLog does what MemoryEventLog does, claim by claim", async () => {
  const topic = fc.constantFrom("a", "b", "x.y");
  const name = fc.constantFrom("one", "two");
  const patterns = fc.constantFrom(["**"], ["a"], ["a", "x.*"]);
  const events = fc.array(fc.tuple(fc.nat(60), topic), { minLength: 1, maxLength: 30 })
    .map((all) => all.map(([n, topic]) => event(`${n}`, topic)));
  const limits = fc.record({
    maxEvents: fc.constantFrom(3, 8, Infinity),
    maxAgeMs: fc.constantFrom(50, 5_000, Infinity),
  });
  const settling = fc.record({
    pick: fc.nat(9),
    how: fc.constantFrom<Settlement["how"]>("ack", "ack", "retry", "release", "reject", "extend"),
    delayMs: fc.constantFrom(0, 40),
  });
  const drained = async (log: EventLog): Promise<number> => {
    let total = 0;
    for (let count = await log.prune(); count > 0; count = await log.prune()) total += count;
    return total;
  };
  const command: fc.Arbitrary<Command> = fc.oneof(
    events.map((events): Command => async (log) => [await log.append(events), (await drained(log)) && 0]),
    fc.tuple(topic, limits).map(([topic, limits]): Command => async (log) => {
      await log.declare(topic, limits);
      await drained(log);
    }),
    fc.constant<Command>((log) => log.complete("b")),
    fc.nat(60).map((ms): Command => async (_log, clock) => await clock.advance(ms)),
    fc.constant<Command>(async (log) => void await drained(log)),
    fc.tuple(name, patterns, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 })).map((
      [name, patterns, maxDeliveries, maxInFlight],
    ): Command =>
    async (log) => {
      const given = settings({ patterns, maxDeliveries, maxInFlight, ackWithinMs: 60 });
      return await log.openConsumer(name, given, 0);
    }),
    fc.tuple(name, fc.integer({ min: 1, max: 5 })).map(
      ([name, max]): Command => async (log, _clock, held) => {
        const page = await log.claim(name, max);
        held.push(...page.claims);
        return page;
      },
    ),
    fc.tuple(name, fc.array(settling, { maxLength: 4 })).map(([name, all]): Command => (log, _clock, held) =>
      log.settle(
        name,
        all.flatMap(({ pick, how, delayMs }) => {
          const claim = held.at(-1 - pick);
          return claim === undefined
            ? []
            : [{ sequence: claim.event.sequence, token: claim.token, how, delayMs, reason: how }];
        }),
      )
    ),
    name.map((name): Command => (log) => log.redeliver(name)),
    fc.tuple(name, fc.integer({ min: 1, max: 9 })).map(([name, n]): Command => (log) =>
      log.redeliver(name, [n])
    ),
    name.map((name): Command => (log) => log.removeConsumer(name)),
  );
  const property = fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
    const outcomes = await Promise.all(["memory", "sqlite"].map(async (kind) => {
      const clock = createVirtualClock(1_000);
      await using log = kind === "memory"
        ? await openMemoryEventLog({ clock })
        : await openSqliteEventLog({ path: ":memory:", clock });
      for (const topic of ["a", "b", "x.y"]) await log.declare(topic, {});
      const held: LogClaim[] = [];
      const told: unknown[] = [];
      for (const command of commands) {
        told.push(await command(log, clock, held).catch((error) => String(error)), await everything(log));
      }
      return told;
    }));
    assertEquals(outcomes[1], outcomes[0]);
  });
  await fc.assert(property, { numRuns: 150 });
});

for (const fsync of ["batched", "always"] as const) {
  Deno.test(`append() that was answered survives kill -9 at any point (${fsync})`, async () => {
    for (const enough of [40, 333, 700]) {
      await inFolder(async (_dir, path) => {
        const module = import.meta.resolve("../../src/broker/sqlite_event_log.ts");
        const code = `
          const { openSqliteEventLog } = await import(${JSON.stringify(module)});
          const log = await openSqliteEventLog(${JSON.stringify({ path, fsync })});
          await log.declare("sales.created", {});
          const say = (id) => Deno.stdout.writeSync(new TextEncoder().encode(id + "\\n"));
          // Many in flight: groups of every size.
          await Promise.all(Array.from({ length: 20 }, async (_, lane) => {
            for (let i = 0; ; i++) {
              const id = lane + "-" + i;
              await log.append([{ ...${JSON.stringify(event(""))}, id }]);
              say(id);
            }
          }));`;
        const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
        let said = "";
        let killed = false;
        for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
          said += chunk;
          if (killed || said.split("\n").length <= enough) continue;
          killed = true; // what it said before is still to come
          child.kill("SIGKILL");
        }
        await child.status;
        const answered = said.split("\n").slice(0, -1);
        assertGreaterOrEqual(answered.length, enough);
        await using log = await openSqliteEventLog({ path });
        const kept = await idsOf(log, ["**"], 0, 1_000);
        assertEquals(answered.filter((id) => !new Set(kept).has(id)), []);
        assertEquals(new Set(kept).size, kept.length);
        const [topic] = await log.topics();
        assertEquals([topic?.events, await log.head()], [kept.length, kept.length]);
      });
    }
  });
}
