/** A test that leaves a worker behind: run by a test, in a process of its own. */
Deno.test("leaves a worker behind", () => {
  new Worker(new URL("./plain_worker.ts", import.meta.url), { type: "module" });
});
