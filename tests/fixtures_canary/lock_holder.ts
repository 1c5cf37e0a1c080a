/** Locks the file of its first argument, says so, and holds it until it is killed. */
using file = await Deno.open(Deno.args[0]!, { read: true, write: true, create: true });
Deno.stdout.writeSync(new TextEncoder().encode(String(await file.tryLock(true))));
await Deno.stdin.read(new Uint8Array(1));
