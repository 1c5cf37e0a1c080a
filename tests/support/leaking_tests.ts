/** Tests of which one leaves a worker behind: run by a test, in a process of its own. */
import "./no_leaked_workers.ts";

const url = new URL("../fixtures_canary/plain_worker.ts", import.meta.url);

Deno.test("leaves a worker behind", () => {
  new Worker(url, { type: "module", name: "forgotten" });
});

Deno.test("tidies up", () => {
  new Worker(url, { type: "module" }).terminate();
});
