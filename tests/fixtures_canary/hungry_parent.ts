/** A program that is ready for everything that its worker may do, but for the end of memory. */
const worker = new Worker(new URL("./hungry_worker.ts", import.meta.url), { type: "module" });
worker.onerror = (event) => {
  event.preventDefault();
  Deno.exit(0);
};
worker.postMessage("eat");
