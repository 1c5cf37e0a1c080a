/** A worker that does nothing but say that it is there. */
(globalThis as unknown as { postMessage(message: string): void }).postMessage("ready");
