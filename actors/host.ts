/**
 * The one entry of all hosts: every worker and every process of a Millrace platform starts here. Nothing is
 * imported before the guards stand but the kernel; actors and pipeline modules follow by dynamic import.
 *
 * Not for programs to import: it turns the thread that evaluates it into a host, if that is a worker or a
 * process started as one.
 *
 * @module
 */
import { PROCESS_HOST } from "../src/actor/process_entry.ts";
import { serveWorkerHost } from "../src/actor/worker_host.ts";

if ("WorkerGlobalScope" in globalThis) serveWorkerHost();
else if (Deno.args[0] === PROCESS_HOST && (import.meta.main || Deno.mainModule.startsWith("data:"))) {
  // Only a process needs what it takes to talk to one.
  const { serveProcessHost } = await import("../src/actor/process_host.ts");
  await serveProcessHost();
}
