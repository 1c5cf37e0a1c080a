/**
 * The result store: keeps what every task of every run returned.
 *
 * It receives a value under a key `(runId, task, resultId)`, and gives it back as it was: JSON values, dates,
 * maps, sets, bigints, bytes, errors and more; what cannot be kept is refused when it is saved. A result that
 * was reported as saved is complete and survives the end of the process; one that was not is complete or
 * absent. Every load is checked against a checksum. Nothing is ever executed on load.
 *
 * @example Keep a result and find it again
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openFilesystemIOManager, openMemoryIOManager } from "@millrace/millrace";
 *
 * const dir = await Deno.makeTempDir();
 * await using files = await openFilesystemIOManager({ dir });
 * const key = { runId: "run-1", task: "extract", resultId: "1" };
 * await files.save(key, { at: new Date(0), rows: [1, 2, 3] });
 * assertEquals(await files.load(key), { at: new Date(0), rows: [1, 2, 3] });
 * assertEquals(await files.list({ runId: "run-1" }), [key]);
 * assertEquals(await files.clearRun("run-1"), 1);
 *
 * await using memory = await openMemoryIOManager();
 * await memory.save(key, "the same, until the program ends");
 * assertEquals(await memory.exists(key), true);
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @module
 */
export { BackendIOManager } from "./backend_io_manager.ts";
export { FilesystemIOManager, openFilesystemIOManager } from "./filesystem_io_manager.ts";
export type { FilesystemIOManagerOptions } from "./filesystem_io_manager.ts";
export { KvIOManager, openKvIOManager } from "./kv_io_manager.ts";
export type { KvIOManagerOptions } from "./kv_io_manager.ts";
export { MemoryIOManager, openMemoryIOManager } from "./memory_io_manager.ts";
export { openPostgresIOManager, PostgresIOManager } from "./postgres_io_manager.ts";
export type { PostgresIOManagerOptions } from "./postgres_io_manager.ts";
export type { OpenIOManager, ResultsContext, ResultsOptions } from "./results.ts";
export { lockDataDir, readOwner } from "./data_dir_lock.ts";
export type { DataDirLock, DataDirOwner } from "./data_dir_lock.ts";
export type {
  FoundResult,
  IOManager,
  RecentResults,
  ResultBackend,
  ResultBlocks,
  ResultHead,
  ResultInfo,
  ResultKey,
  StoredResult,
} from "./port.ts";
