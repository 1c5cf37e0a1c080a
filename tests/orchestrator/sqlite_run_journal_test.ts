import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { MillraceError } from "../../src/base/errors.ts";
import { openMemoryRunJournal } from "../../src/orchestrator/memory_run_journal.ts";
import type { JournalWrite, RunJournal } from "../../src/orchestrator/port.ts";
import { openDatabase } from "../../src/orchestrator/sqlite_database.ts";
import { openSqliteRunJournal, SqliteRunJournal } from "../../src/orchestrator/sqlite_run_journal.ts";
import { event, run } from "../contract/run_journal_contract.ts";

async function inFolder(test: (dir: string, path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir, `${dir}/journal.db`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function accept(id: string): JournalWrite[] {
  return [{ kind: "event", event: event(`e-${id}`), routed: false }, { kind: "run", run: run(id) }];
}

async function refusal(path: string): Promise<string> {
  const error = await assertRejects(() => openSqliteRunJournal({ path }), MillraceError, path);
  assert(MillraceError.is(error, "platform/journal-unusable"));
  assertEquals(error.details.path, path);
  return error.details.reason;
}

/** Everything that a journal tells. */
async function everything(journal: RunJournal): Promise<unknown> {
  const runs = await journal.runs({ limit: 1_000 });
  return {
    runs,
    each: await Promise.all(runs.map(({ id }) => journal.run(id))),
    unfinished: await journal.unfinished(),
    unrouted: await journal.unrouted(),
    triggers: await journal.triggers(),
    latest: await Promise.all(["a", "b"].map((task) => journal.latestResult(task))),
  };
}

Deno.test("openSqliteRunJournal() finds everything that an earlier one wrote", () =>
  inFolder(async (_dir, path) => {
    let before: unknown;
    {
      await using journal = await openSqliteRunJournal({ path, fsync: "always" });
      await journal.commit([
        ...accept("1"),
        { kind: "facts", runId: "1", facts: ["a", "b"] },
        { kind: "result", runId: "1", task: "a", resultIds: ["1"], timeMs: 5 },
        { kind: "trigger", name: "hook", firedMs: 1 },
      ]);
      before = await everything(journal);
    }
    await using journal = await openSqliteRunJournal({ path });
    assertEquals(await everything(journal), before);
    assertEquals(await journal.commit(accept("1")), { duplicate: true });
    await journal.commit([{ kind: "facts", runId: "1", facts: ["c"] }]);
    assertEquals((await journal.unfinished())[0]?.facts, ["a", "b", "c"]);
  }));

Deno.test("SqliteRunJournal does what MemoryRunJournal does", async () => {
  const id = fc.constantFrom("1", "2", "3");
  const task = fc.constantFrom("a", "b");
  const timeMs = fc.nat(5);
  const of = <Kind extends JournalWrite["kind"]>(kind: Kind) => fc.constant(kind);
  const write: fc.Arbitrary<JournalWrite> = fc.oneof(
    fc.record({ kind: of("event"), event: fc.nat(20).map((n) => event(`${n}`)), routed: fc.boolean() }),
    fc.record({ kind: of("routed"), eventId: fc.nat(20).map(String) }),
    fc.record({ kind: of("run"), run: id.map((id) => run(id)) }),
    fc.record({ kind: of("facts"), runId: id, facts: fc.array(fc.jsonValue().filter((v) => !has0(v))) }),
    fc.record({
      kind: of("status"),
      runId: id,
      status: fc.constantFrom("running", "failed"),
      endedMs: timeMs,
    }),
    fc.record({ kind: of("result"), runId: id, task, resultIds: fc.array(fc.string()), timeMs }),
    fc.record({ kind: of("trigger"), name: task, firedMs: timeMs, scheduledMs: timeMs }, {
      requiredKeys: ["kind", "name", "firedMs"],
    }),
  );
  // Turns of batches of writes: the batches of a turn are committed together.
  const turns = fc.array(fc.array(fc.array(write, { maxLength: 4 }), { maxLength: 4 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(turns, async (turns) => {
      await using memory = await openMemoryRunJournal();
      await using sqlite = await openSqliteRunJournal({ path: ":memory:" });
      for (const batches of turns) {
        const answers = async (journal: RunJournal) =>
          (await Promise.allSettled(batches.map((batch) => journal.commit(batch)))).map((end) =>
            end.status === "fulfilled" ? end.value : end.reason.message
          );
        assertEquals(await answers(sqlite), await answers(memory));
      }
      assertEquals(await everything(sqlite), await everything(memory));
    }),
    { numRuns: 150 },
  );
});

/** JSON has no `-0`: facts that contain it are no JSON values. */
function has0(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(has0);
  return Object.is(value, -0);
}

/** How many transactions the write-ahead log holds: the last frame of each says the size of the database. */
async function transactions(path: string): Promise<number> {
  const log = await Deno.readFile(`${path}-wal`);
  const view = new DataView(log.buffer);
  const frameBytes = 24 + view.getUint32(8);
  let count = 0;
  // A log starts over from its head; frames of an earlier round have another salt.
  for (
    let at = 32;
    at + frameBytes <= log.length && view.getUint32(at + 8) === view.getUint32(16);
    at += frameBytes
  ) {
    if (view.getUint32(at + 4) > 0) count++;
  }
  return count;
}

Deno.test("commit() shares one transaction among all commits of one turn", () =>
  inFolder(async (_dir, path) => {
    await using journal = await openSqliteRunJournal({ path });
    const before = await transactions(path);
    const later = Promise.resolve().then(() => journal.commit(accept("later in the same turn")));
    await Promise.all([...Array.from({ length: 100 }, (_, i) => journal.commit(accept(`${i}`))), later]);
    assertEquals(await transactions(path) - before, 1);
  }));

Deno.test("openSqliteRunJournal() refuses a file that is no database", () =>
  inFolder(async (_dir, path) => {
    await Deno.writeTextFile(path, "Dear diary, ".repeat(1_000));
    assertEquals(await refusal(path), "file is not a database");
    assert((await Deno.readTextFile(path)).startsWith("Dear diary"), "the file is as it was");
  }));

Deno.test("openSqliteRunJournal() refuses a database of something else", () =>
  inFolder(async (_dir, path) => {
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE recipes (name TEXT)");
    db.close();
    assertEquals(await refusal(path), "it is a SQLite file of something else");
  }));

Deno.test("openSqliteRunJournal() refuses a journal of a newer version", () =>
  inFolder(async (_dir, path) => {
    await (await openSqliteRunJournal({ path }))[Symbol.asyncDispose]();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99");
    db.close();
    assert((await refusal(path)).startsWith("its schema version is 99, newer than "));
  }));

Deno.test("openSqliteRunJournal() takes a journal of the first version, and adds what that lacks", () =>
  inFolder(async (_dir, path) => {
    {
      await using journal = await openSqliteRunJournal({ path });
      await journal.commit(accept("a"));
    }
    const db = new DatabaseSync(path);
    db.exec(`DROP TABLE memos; DROP TABLE reads; DROP TABLE forgotten; DROP TABLE starts;
      DROP INDEX events_by_time; ALTER TABLE events DROP COLUMN time_ms;
      DROP INDEX runs_by_event; ALTER TABLE runs DROP COLUMN event_id; DROP INDEX results_by_run;
      PRAGMA user_version = 1`);
    db.close();
    await using journal = await openSqliteRunJournal({ path });
    const memo = { task: "t", key: "k", runId: "a", attempt: 1, digest: "d", timeMs: 1 };
    await journal.commit([{ kind: "memo", memo }, { kind: "routed", eventId: "e-a" }]);
    assertEquals(await journal.memo("t", "k"), memo);
    assertEquals((await journal.unfinished()).length, 1);
    assertEquals(await journal.pruneEvents(Infinity, 10), 0, "it is known whose event it is");
    await journal.commit([{ kind: "status", runId: "a", status: "failed", endedMs: 1 }]);
    await journal.prune({});
    assertEquals([await journal.pruneEvents(0, 10), await journal.pruneEvents(Infinity, 10)], [0, 1]);
  }));

Deno.test("openSqliteRunJournal() refuses a damaged journal", () =>
  inFolder(async (_dir, path) => {
    {
      await using journal = await openSqliteRunJournal({ path });
      for (let i = 0; i < 200; i++) await journal.commit(accept(`${i}`));
    }
    const whole = await Deno.readFile(path);
    await Deno.writeFile(path, whole.slice(0, whole.length / 2));
    await refusal(path);
    await Deno.writeFile(path, whole.map((byte, at) => at > 8_192 && at % 4_096 < 64 ? byte ^ 0xff : byte));
    await refusal(path);
    await Deno.writeFile(path, whole);
    await using journal = await openSqliteRunJournal({ path });
    assertEquals((await journal.unfinished()).length, 200);
  }));

Deno.test("openSqliteRunJournal() refuses a place where no file can be, and unknown options", () =>
  inFolder(async (dir) => {
    await refusal(`${dir}/none/journal.db`);
    await refusal(dir);
    // @ts-expect-error: an unknown option
    await assertRejects(() => openSqliteRunJournal({ path: "x", sync: "always" }), TypeError, "sync");
    // @ts-expect-error: an unknown level
    await assertRejects(() => openSqliteRunJournal({ path: "x", fsync: "never" }), TypeError, "never");
  }));

Deno.test("openSqliteRunJournal() takes an empty file for a new journal", () =>
  inFolder(async (_dir, path) => {
    await Deno.writeFile(path, new Uint8Array());
    await using journal = await openSqliteRunJournal({ path });
    assertEquals(await journal.commit(accept("1")), { duplicate: false });
  }));

Deno.test("commit() rejects when the disk is full, keeps what was there, and works again with room", () =>
  inFolder(async (_dir, path) => {
    const db = openDatabase({ path });
    await using journal = new SqliteRunJournal(path, db);
    await journal.commit(accept("1"));
    db.exec("PRAGMA max_page_count = 20");
    const fact = "x".repeat(100_000);
    const full = [
      journal.commit([{ kind: "facts", runId: "1", facts: [fact] }]),
      journal.commit([{ kind: "facts", runId: "1", facts: ["small"] }]),
    ];
    for (const commit of full) {
      const error = await assertRejects(() => commit, MillraceError, "full");
      assert(MillraceError.is(error, "store/unavailable"));
      assert(error.retryable);
    }
    assertEquals((await journal.run("1"))?.facts, []);
    db.exec("PRAGMA max_page_count = 4294967294");
    await journal.commit([{ kind: "facts", runId: "1", facts: [fact] }]);
    assertEquals((await journal.run("1"))?.facts, [fact]);
  }));

Deno.test("commit() rejects values that do not fit, and harms no other of the same turn", () =>
  inFolder(async (_dir, path) => {
    await using journal = await openSqliteRunJournal({ path });
    const bad = [
      journal.commit([...accept("1"), { kind: "trigger", name: "hook", firedMs: NaN }]),
      // @ts-expect-error: no name
      journal.commit([...accept("2"), { kind: "trigger", firedMs: 1 }]),
    ];
    const good = journal.commit(accept("3"));
    for (const commit of bad) await assertRejects(() => commit, TypeError);
    await good;
    assertEquals((await journal.runs({})).map(({ id }) => id), ["3"]);
  }));

for (const fsync of ["batched", "always"] as const) {
  Deno.test(`commit() that was answered survives kill -9 (${fsync})`, () =>
    inFolder(async (_dir, path) => {
      const module = import.meta.resolve("../../src/orchestrator/sqlite_run_journal.ts");
      const code = `
        const { openSqliteRunJournal } = await import(${JSON.stringify(module)});
        const journal = await openSqliteRunJournal(${JSON.stringify({ path, fsync })});
        const run = ${JSON.stringify(run(""))}, event = ${JSON.stringify(event(""))};
        const say = (id) => Deno.stdout.writeSync(new TextEncoder().encode(id + "\\n"));
        for (let i = 0; ; i++) {
          // Three in one turn, then the next.
          await Promise.all(["a", "b", "c"].map(async (part) => {
            const id = i + part;
            await journal.commit([
              { kind: "event", event: { ...event, id }, routed: false },
              { kind: "run", run: { ...run, id } },
              { kind: "facts", runId: id, facts: [id, "planned"] },
            ]);
            say(id);
          }));
        }`;
      const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
      let said = "";
      let killed = false;
      for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
        said += chunk;
        if (killed || said.split("\n").length <= 500) continue; // what it said before it died may come in parts
        child.kill("SIGKILL");
        killed = true;
      }
      await child.status;
      const answered = said.split("\n").slice(0, -1);
      assert(answered.length >= 500);
      await using journal = await openSqliteRunJournal({ path });
      const runs = new Map((await journal.unfinished()).map(({ run, facts }) => [run.id, facts]));
      assertEquals(answered.filter((id) => !runs.has(id)), []);
      for (const [id, facts] of runs) assertEquals(facts, [id, "planned"], "a batch is there as a whole");
      assertEquals((await journal.unrouted()).length, runs.size);
    }));
}

Deno.test("openSqliteRunJournal() after a torn write keeps every commit before it, and goes on from there", () =>
  inFolder(async (dir, path) => {
    const ids = Array.from({ length: 20 }, (_, index) => `r${index + 10}`);
    await using journal = await openSqliteRunJournal({ path, fsync: "always" });
    for (const id of ids) await journal.commit(accept(id));
    // As a crash leaves it: the log is not yet moved into the file.
    const log = await Deno.readFile(`${path}-wal`);
    const torn = { "garbage at the end": [...log, 1, 2, 3], "half a page": log.slice(0, -2_000) };
    const flipped = log.slice();
    flipped[log.length - 100]! ^= 1;
    for (const [how, bytes] of Object.entries({ ...torn, "one bit": flipped })) {
      const copy = `${dir}/${how.replaceAll(" ", "_")}.db`;
      await Deno.copyFile(path, copy);
      await Deno.writeFile(`${copy}-wal`, Uint8Array.from(bytes));
      await using reopened = await openSqliteRunJournal({ path: copy });
      const found = (await reopened.unfinished()).map(({ run }) => run.id);
      const kept = how.startsWith("garbage") ? ids.length : ids.length - 1;
      assertEquals(found, ids.slice(0, kept), how);
      assertEquals(await reopened.commit(accept("next")), { duplicate: false }, how);
    }
  }));
