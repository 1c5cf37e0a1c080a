/** Workers of this folder, with what they say and how they end. */

/** A worker that is terminated at the end of the scope. */
export class CanaryWorker implements Disposable {
  /** What it said and nobody has taken yet. */
  readonly said: unknown[] = [];
  /** The messages of the `error` events that reached this side. */
  readonly errors: string[] = [];
  readonly #worker: Worker;
  #wake: () => void = () => {};

  constructor(file: string) {
    this.#worker = new Worker(new URL(file, import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => {
      this.said.push(data);
      this.#wake();
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.errors.push(event.message);
    };
  }

  /** Says something to it. */
  tell(message: unknown, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** The next thing that it says. */
  async hear(): Promise<unknown> {
    while (this.said.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.said.shift();
  }

  /** Says something and gives the next thing that it says. */
  ask(message: unknown, transfer: Transferable[] = []): Promise<unknown> {
    this.tell(message, transfer);
    return this.hear();
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** Starts a worker of this folder. */
export function startWorker(file: string): CanaryWorker {
  return new CanaryWorker(file);
}
