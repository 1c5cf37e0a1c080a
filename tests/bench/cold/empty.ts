/** A process that does nothing but say that it is there. */
import { report } from "./report.ts";

await report();
