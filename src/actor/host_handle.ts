/**
 * A host as the system's thread sees it: orders that are answered, and actors that are supervised from afar.
 *
 * @module
 */
import { fromWire, MillraceError, type WireError } from "../base/errors.ts";
import { hostLost } from "./actor_errors.ts";
import type { Child } from "./guardian.ts";
import type { Answer, FromHost, SpawnOrder, StopMode, ToHost, Wire } from "./port.ts";
import type { RestartType } from "./supervision.ts";
import { findUncloneable } from "./uncloneable.ts";

/** An order that is answered. */
type Asked = Extract<ToHost, { readonly id: number }>;
/** The same before it has its number. */
export type Order = Asked extends infer A ? A extends { readonly id: number } ? Omit<A, "id"> : never : never;

/** One running host. Its loss ends it: a restarted host has a new handle. */
export class HostHandle {
  readonly wire: Wire;
  readonly #label: string;
  /** Settles when it can be talked to, or is gone before. */
  readonly ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #answers = new Map<number, PromiseWithResolvers<Answer>>();
  #lastId = 0;
  #lost: WireError | undefined;

  /** @param start Starts the host; what it says later is for the handle that it is given. */
  constructor(label: string, start: (handle: HostHandle) => Wire) {
    this.#label = label;
    this.ready.promise.catch(() => {});
    this.wire = start(this);
  }

  /** Whether it is gone. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Throws if it is gone: its last words may have come together with the word that it is ready. */
  assertThere(): void {
    if (this.#lost !== undefined) throw fromWire(this.#lost);
  }

  /** Gives an order, and resolves with the answer; rejects if the host refuses it or is lost. */
  ask(order: Order): Promise<Answer> {
    if (this.#lost !== undefined) return Promise.reject(fromWire(this.#lost));
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Answer>();
    this.#answers.set(id, answer);
    try {
      this.wire.order({ ...order, id } as ToHost);
    } catch (error) {
      this.#answers.delete(id);
      answer.reject(order.type === "spawn" ? optionsUncloneable(order.order, error) : error);
    }
    return answer.promise;
  }

  /** An answer has come. */
  answered(message: Extract<FromHost, { readonly type: "answer" | "refused" }>): void {
    const answer = this.#answers.get(message.id);
    this.#answers.delete(message.id);
    if (message.type === "answer") answer?.resolve(message.answer);
    else answer?.reject(fromWire(message.error));
  }

  /** It is gone: no answer will come. */
  lost(reason: string): void {
    this.#lost ??= hostLost(this.#label, reason);
    this.ready.reject(fromWire(this.#lost));
    for (const answer of this.#answers.values()) answer.reject(fromWire(this.#lost));
    this.#answers.clear();
  }
}

function optionsUncloneable({ name, options }: SpawnOrder, cause: unknown): MillraceError {
  const path = findUncloneable(options);
  return new MillraceError(
    "actor/uncloneable",
    `Cannot spawn actor "${name}" in another thread as its options must be cloneable: the value at "${path}" is not`,
    { details: { actor: name, verb: "start", path }, cause },
  );
}

/** What an actor of another host needs to be supervised from here. */
export interface RemoteChildPorts {
  /** The host as it is now. */
  handle(): HostHandle;
  /** Resolves once the host is back with its actors, if it is being started again; rejects if it is not. */
  up(): Promise<void>;
  /** Says that it did not stop within its time. */
  stuck(): void;
  /** Resolves after so many milliseconds; call the answer's second part to call it off. */
  after(delayMs: number): readonly [Promise<void>, () => void];
}

/** How much longer than it may take the word that an actor has stopped may take to come, in ms. */
const WORD_MS = 1_000;

/** An actor of another host under this thread's supervision. */
export class RemoteChild implements Child {
  readonly name: string;
  readonly restart: RestartType;
  readonly host: number;
  /** How it is spawned, and spawned again with its host. */
  readonly order: SpawnOrder;
  readonly #ports: RemoteChildPorts;
  #ended: Promise<readonly string[]> | undefined;

  constructor(host: number, order: SpawnOrder, ports: RemoteChildPorts) {
    this.host = host;
    this.order = order;
    this.name = order.name;
    this.restart = order.restart;
    this.#ports = ports;
  }

  resume(): void {
    const handle = this.#ports.handle();
    if (!handle.isLost) handle.wire.order({ type: "resume", name: this.name });
  }

  async halt(): Promise<void> {
    // Lost with its host it is halted enough.
    await this.#ports.handle().ask({ type: "halt", name: this.name }).catch(() => {});
  }

  async revive(): Promise<void> {
    const handle = this.#ports.handle();
    try {
      await handle.ask({ type: "revive", name: this.name });
    } catch (error) {
      // Its start may have failed of the loss of another host.
      if (!handle.isLost) throw error;
      await this.#ports.up(); // it comes back with its host
    }
  }

  /** Whether it was told to stop: it does not come back with its host. */
  get ending(): boolean {
    return this.#ended !== undefined;
  }

  end(mode: StopMode, error: WireError | null): Promise<readonly string[]> {
    if (this.#ended === undefined) this.#ended = this.#end(mode, error);
    // One that drains may be told to hurry.
    else if (mode === "now") this.#stop(mode, error).catch(() => {});
    return this.#ended;
  }

  #stop(mode: StopMode, error: WireError | null): Promise<Answer> {
    return this.#ports.handle().ask({ type: "stop", name: this.name, mode, error });
  }

  async #end(mode: StopMode, error: WireError | null): Promise<readonly string[]> {
    const [late, cancel] = this.#ports.after(this.order.stopMs + WORD_MS);
    const stopped = this.#stop(mode, error)
      .then(({ unstopped = [] }) => unstopped, () => []); // gone with its host
    const unstopped = await Promise.race([stopped, late]);
    cancel();
    if (unstopped !== undefined) return unstopped;
    this.#ports.stuck();
    return [this.name];
  }
}
