/**
 * The one worker entry: every host of a Millrace platform starts here. Nothing is imported before the guards
 * stand but the kernel; actors and pipeline modules follow by dynamic import.
 *
 * Not for programs to import: it turns the thread that evaluates it into a host, if that is a worker.
 *
 * @module
 */
import { serveWorkerHost } from "../src/actor/worker_host.ts";

if ("WorkerGlobalScope" in globalThis) serveWorkerHost();
