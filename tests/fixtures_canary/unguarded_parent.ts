/** A program whose worker throws. Its argument says how it takes that. */
const [attitude] = Deno.args;
const worker = new Worker(new URL("./plain_worker.ts", import.meta.url), { type: "module" });
worker.postMessage("throw");
if (attitude === "listens") worker.onerror = () => {};
if (attitude === "prevents") {
  worker.onerror = (event) => {
    event.preventDefault();
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify([event.message, event.error])));
  };
}
// Kept alive by the worker, so that only its end can end the program.
