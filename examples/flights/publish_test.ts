import { assertEquals, assertRejects } from "@std/assert";
import { publishFiles } from "./publish.ts";

Deno.test("publishFiles replaces files and leaves nothing else behind", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await publishFiles({ dir: `${dir}/deep`, files: { "a.txt": "old" }, runId: "r1" });
    await Deno.writeTextFile(`${dir}/deep/.a.txt.r2.tmp`, "half of a fi"); // what a killed attempt of r2 left
    const paths = await publishFiles({
      dir: `${dir}/deep`,
      files: { "a.txt": "new", "b.txt": "ö" },
      runId: "r2",
    });
    assertEquals(paths, [`${dir}/deep/a.txt`, `${dir}/deep/b.txt`]);
    assertEquals(await Promise.all(paths.map((path) => Deno.readTextFile(path))), ["new", "ö"]);
    const names = (await Array.fromAsync(Deno.readDir(`${dir}/deep`))).map((entry) => entry.name);
    assertEquals(names.sort(), ["a.txt", "b.txt"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("publishFiles keeps the old file if it cannot write the new one", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await publishFiles({ dir, files: { "a.txt": "old" }, runId: "r1" });
    await Deno.mkdir(`${dir}/.a.txt.r2.tmp`); // in the way of the temporary file
    await assertRejects(() => publishFiles({ dir, files: { "a.txt": "new" }, runId: "r2" }));
    assertEquals(await Deno.readTextFile(`${dir}/a.txt`), "old");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
