/** Commits rows to the database of its first argument, and writes a byte for each one, until it is killed. */
import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(Deno.args[0]!);
db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE rows (n INTEGER PRIMARY KEY)");
const insert = db.prepare("INSERT INTO rows DEFAULT VALUES");
while (true) {
  insert.run();
  Deno.stdout.writeSync(new Uint8Array(1));
}
