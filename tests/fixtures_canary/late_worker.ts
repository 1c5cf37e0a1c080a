/** Sets its handler after a top-level await. */
import { scope } from "./worker_scope.ts";

await new Promise((resolve) => setTimeout(resolve));
scope.onmessage = ({ data }) => scope.postMessage(`heard ${data}`);
scope.postMessage("ready");
