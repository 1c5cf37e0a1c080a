import { openMemoryRunJournal } from "../../src/orchestrator/memory_run_journal.ts";
import { openSqliteRunJournal } from "../../src/orchestrator/sqlite_run_journal.ts";
import { testJournalPruning } from "./journal_pruning_contract.ts";
import { testRunJournal, type WithRunJournal } from "./run_journal_contract.ts";

function onSqlite(fsync: "always" | "batched"): WithRunJournal {
  return async (test) => {
    const dir = await Deno.makeTempDir();
    try {
      await using journal = await openSqliteRunJournal({ path: `${dir}/journal.db`, fsync });
      await test(journal);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  };
}

testRunJournal("MemoryRunJournal", async (test) => {
  await using journal = await openMemoryRunJournal();
  await test(journal);
});
testRunJournal("SqliteRunJournal (batched)", onSqlite("batched"));
testRunJournal("SqliteRunJournal (always)", onSqlite("always"));
testJournalPruning("MemoryRunJournal", async (test) => {
  await using journal = await openMemoryRunJournal();
  await test(journal);
});
testJournalPruning("SqliteRunJournal (batched)", onSqlite("batched"));
