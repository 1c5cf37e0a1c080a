/** A process that opens a platform with two executors in the folder that it is given. */
import { openPlatform } from "@millrace/millrace";
import { report } from "./report.ts";

const startedMs = performance.now();
const app = await openPlatform({ dataDir: Deno.args[0]!, executors: 2 });
await report(performance.now() - startedMs);
await app.close();
