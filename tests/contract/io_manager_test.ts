import { openFilesystemIOManager } from "../../src/store/filesystem_io_manager.ts";
import { openKvIOManager } from "../../src/store/kv_io_manager.ts";
import { openMemoryIOManager } from "../../src/store/memory_io_manager.ts";
import { openPostgresIOManager } from "../../src/store/postgres_io_manager.ts";
import { inSchema, WITHOUT_POSTGRES } from "../support/postgres.ts";
import { testSaveNew } from "./save_new_contract.ts";
import { testIOManager, type WithIOManager } from "./io_manager_contract.ts";

function onFiles(fsync: "always" | "batched"): WithIOManager {
  return async (test) => {
    const dir = await Deno.makeTempDir();
    try {
      await using io = await openFilesystemIOManager({ dir, fsync });
      await test(io);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  };
}

const inMemory: WithIOManager = async (test) => {
  await using io = await openMemoryIOManager();
  await test(io);
};

const onKv: WithIOManager = async (test) => {
  const dir = await Deno.makeTempDir();
  try {
    await using io = await openKvIOManager({ path: `${dir}/results.kv` });
    await test(io);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
};

const onPostgres: WithIOManager = (test) =>
  inSchema(async (url, schema) => {
    await using io = await openPostgresIOManager({ url, schema });
    await test(io);
  });

for (const testAll of [testIOManager, testSaveNew]) {
  testAll("MemoryIOManager", inMemory);
  testAll("FilesystemIOManager (batched)", onFiles("batched"));
  testAll("FilesystemIOManager (always)", onFiles("always"));
  testAll("KvIOManager", onKv);
  testAll("PostgresIOManager", onPostgres, WITHOUT_POSTGRES);
}
