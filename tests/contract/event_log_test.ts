import { openMemoryEventLog } from "../../src/broker/memory_event_log.ts";
import { openSqliteEventLog } from "../../src/broker/sqlite_event_log.ts";
import { testEventLog, type WithEventLog } from "./event_log_contract.ts";

function onSqlite(fsync: "always" | "batched"): WithEventLog {
  return async (clock, test) => {
    const dir = await Deno.makeTempDir();
    try {
      await using log = await openSqliteEventLog({ path: `${dir}/events.db`, fsync, clock });
      await test(log);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  };
}

testEventLog("MemoryEventLog", async (clock, test) => {
  await using log = await openMemoryEventLog({ clock });
  await test(log);
});
testEventLog("SqliteEventLog (batched)", onSqlite("batched"));
testEventLog("SqliteEventLog (always)", onSqlite("always"));
