/** Without any permission: says back on file descriptor 4 what it reads from 3. */
import { writeSync } from "node:fs";
import { Socket } from "node:net";

new Socket({ fd: 3, readable: true, writable: false }).on("data", (bytes: Uint8Array) => writeSync(4, bytes));
