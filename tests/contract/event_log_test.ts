import { eventLog } from "../../actors/event_log.ts";
import { later } from "../../src/actor/loop.ts";
import { createSystem } from "../../src/actor/system.ts";
import { createLogger } from "../../src/base/log.ts";
import { RemoteEventLog } from "../../src/broker/remote_event_log.ts";
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

/** The log of an actor, asked from another host. */
const onActor: WithEventLog = async (clock, test) => {
  const dataDir = await Deno.makeTempDir();
  try {
    await using system = createSystem({
      clock,
      random: () => 0.5,
      log: createLogger(() => {}, clock.now),
      transports: [],
      later,
    });
    const actor = await system.spawn(eventLog, { dataDir, fsync: "batched" }, { name: "event-log" });
    await using log = new RemoteEventLog(actor);
    await test(log);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
};

testEventLog("RemoteEventLog", onActor);
testEventLog("MemoryEventLog", async (clock, test) => {
  await using log = await openMemoryEventLog({ clock });
  await test(log);
});
testEventLog("SqliteEventLog (batched)", onSqlite("batched"));
testEventLog("SqliteEventLog (always)", onSqlite("always"));
