import { openFilesystemIOManager } from "../../src/store/filesystem_io_manager.ts";
import { openMemoryIOManager } from "../../src/store/memory_io_manager.ts";
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

for (const testAll of [testIOManager, testSaveNew]) {
  testAll("MemoryIOManager", inMemory);
  testAll("FilesystemIOManager (batched)", onFiles("batched"));
  testAll("FilesystemIOManager (always)", onFiles("always"));
}
