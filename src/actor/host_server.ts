/**
 * The inside of a host, whatever it runs in: a node, and the orders of the thread that started it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { MillraceError, toWire } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import { startTimeout } from "./actor_errors.ts";
import type { DeadLetter } from "./counters.ts";
import type { AnyActor } from "./define_actor.ts";
import { Node } from "./node.ts";
import type { Answer, FromHost, SpawnOrder, ToHost } from "./port.ts";
import { unpack } from "./ref_token.ts";
import type { Tracer } from "./tracer.ts";
import { within } from "./within.ts";

/** What a host needs of what it runs in. */
export interface HostServerOptions {
  /** Its number. */
  readonly host: number;
  /** Its name for people. */
  readonly label: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tracer?: Tracer | undefined;
  readonly clones?: boolean;
  readonly soon: (fn: () => void) => void;
  readonly later: (fn: () => void) => void;
  /** Says something to the thread that started it; throws if it cannot be cloned. */
  readonly post: (message: FromHost) => void;
}

/** How many dead letters a host tells of at once; of more, only how many. */
const MAX_LETTERS = 64;

/** A host: does what it is told, and tells what happens. */
export class HostServer {
  /** What lives in it. */
  readonly node: Node;
  readonly #options: HostServerOptions;
  #letters: DeadLetter[] = [];
  #moreLetters = 0;

  constructor(options: HostServerOptions) {
    this.#options = options;
    const { host, label, clock, random, tracer, clones, soon, later, post } = options;
    this.node = new Node({
      ...{ host, clock, random, tracer, soon, later },
      clones: clones ?? false,
      log: createLogger((record) => post({ type: "log", record }), clock.now, { host: label }),
      connect: (other) => post({ type: "connect", host: other }),
      top: {
        failed: ({ name }, verb, error) => post({ type: "failed", name, verb, error }),
        left: ({ name, restart }) => {
          if (restart === "permanent") post({ type: "left", name });
          return restart === "permanent";
        },
        gone: ({ name, made }) => {
          if (made.parent === undefined) post({ type: "gone", name });
        },
      },
      onDeadLetter: (letter) => this.#gather(letter),
      onOverrun: (name) => post({ type: "overrun", name }),
    });
  }

  /** Does what it is told. */
  obey(order: Exclude<ToHost, { readonly type: "hello" }>): void {
    const { node } = this;
    switch (order.type) {
      case "peer-lost":
        return node.peerLost(order.host, order.reason, order.returns);
      case "resume":
        return node.cell(order.name)?.resume();
      case "spawn":
        return this.#answer(order.id, this.#spawn(order.order).then((protocol) => ({ protocol })));
      case "stop": {
        const stopped = node.stop(order.name, order.mode, order.error);
        return this.#answer(order.id, stopped.then((unstopped) => ({ unstopped })));
      }
      case "halt":
        return this.#answer(order.id, Promise.resolve(node.cell(order.name)?.halt()).then(() => ({})));
      case "revive":
        return this.#answer(order.id, Promise.resolve(node.cell(order.name)?.revive()).then(() => ({})));
      case "rest":
        return this.#answer(order.id, node.rest().then(() => ({})));
      case "ping":
        return this.#answer(order.id, Promise.resolve({}));
      case "snapshot":
        return this.#answer(order.id, Promise.resolve({ node: node.snapshot() }));
    }
  }

  #answer(id: number, work: Promise<Answer>): void {
    const { post } = this.#options;
    work.then(
      (answer) => post({ type: "answer", id, answer }),
      (error) => post({ type: "refused", id, error: toWire(error) }),
    );
  }

  async #spawn({ url, exportName, options, ...spawn }: SpawnOrder): Promise<string> {
    const { name, startMs } = spawn;
    const definition = await within(this.#options.clock, startMs, importActor(url, exportName), () => {
      throw startTimeout(name, startMs);
    });
    const bound = unpack(
      options,
      (address, name) => this.node.ref({ "~millrace": "protocol", name, verbs: {} }, address),
    );
    await this.node.spawn(definition, bound, spawn);
    return definition.protocol.name;
  }

  #gather(letter: DeadLetter): void {
    if (this.#letters.length === 0 && this.#moreLetters === 0) this.#options.later(() => this.#tell());
    if (this.#letters.length < MAX_LETTERS) this.#letters.push(letter);
    else this.#moreLetters += letter.count;
  }

  #tell(): void {
    const letters = this.#letters;
    const more = this.#moreLetters;
    this.#letters = [];
    this.#moreLetters = 0;
    const { post } = this.#options;
    try {
      post({ type: "dead-letters", letters, more });
    } catch {
      // What cannot be cloned may be why it is one: it is told of without what was sent.
      post({ type: "dead-letters", letters: letters.map(({ payload: _, ...letter }) => letter), more });
    }
  }
}

/** The actor definition that a module exports. */
async function importActor(url: string, exportName: string): Promise<AnyActor> {
  let module: Record<string, unknown>;
  try {
    module = await import(url);
  } catch (cause) {
    throw new MillraceError(
      "module/load-failed",
      `Cannot load module "${url}" as it must evaluate without an error: ${
        cause instanceof Error ? cause.message : cause
      }`,
      { details: { module: url }, cause },
    );
  }
  const definition = module[exportName] as AnyActor | undefined;
  if (definition?.["~millrace"] !== "actor") {
    throw new MillraceError(
      "module/definition-invalid",
      `Cannot spawn "${exportName}" of module "${url}" as it must be an actor definition: it is ${
        definition === undefined ? "not exported" : "something else"
      }`,
      { details: { module: url, export: exportName } },
    );
  }
  return definition;
}
