/**
 * A named consumer as an application uses it: values, and what becomes of each.
 *
 * @module
 */
import { assertKeys } from "../base/names.ts";
import { check, type Schema } from "../base/schema.ts";
import { decodeEvent, type MillraceEvent } from "../event/event.ts";
import { parsePattern } from "../event/topic.ts";
import type { DeadLettersOptions } from "./broker.ts";
import type { Claims } from "./claims.ts";
import { assertConsumerSettings } from "./log_rules.ts";
import type { ConsumerSettings, LogClaim, Since } from "./port.ts";
import { assertSchema } from "./publication.ts";
import { assertSince } from "./replay_start.ts";

/** How to consume. */
export interface ConsumeOptions<Data = unknown> {
  /** Who consumes: members of the same name, in any number of loops, share the events, and their place is kept. */
  readonly name: string;
  /** Where a consumer begins when it is new. @default {"first"} */
  readonly since?: Since;
  /** Checks and converts the data; an event that does not fit becomes a dead letter at once. */
  // deno-lint-ignore no-explicit-any -- whatever the schema takes
  readonly schema?: Schema<any, Data>;
  /**
   * How long a member has to settle an event before it is delivered again, in ms. Members claim some at a time: what
   * a loop has not got to after half of it goes to others, and does not count as delivered. @default {30000}
   */
  readonly ackWithinMs?: number;
  /** How often an event is delivered before it becomes a dead letter. @default {5} */
  readonly maxDeliveries?: number;
  /** How many events may be unsettled at a time, over all members. @default {1000} */
  readonly maxInFlight?: number;
  /** Ends this member when it aborts. */
  readonly signal?: AbortSignal;
}

/** How to have an event delivered again. */
export interface RetryOptions {
  /** Not before so many ms have passed. @default {0} */
  readonly delayMs?: number;
  /** Why, if it was the last delivery. */
  readonly reason?: string;
}

/**
 * An event that is this member's to handle. It must be settled within the time: acknowledged, retried or
 * rejected. Each of these resolves once that is kept, and tells whether the claim still held; if it did not,
 * the event was delivered again meanwhile.
 */
export interface Claim<Data = unknown> {
  /** The event. */
  readonly event: MillraceEvent<Data>;
  /** Its place in the log. */
  readonly sequence: number;
  /** Which delivery of it this is, from 1. */
  readonly tries: number;
  /** It is done. If the broker closed meanwhile, it is not, and comes again. */
  ack(): Promise<boolean>;
  /** Deliver it again, not before `delayMs` have passed; after the last delivery it becomes a dead letter. */
  retry(options?: RetryOptions): Promise<boolean>;
  /** It can never be handled: it becomes a dead letter. */
  reject(reason?: string): Promise<boolean>;
  /** It takes longer: the time to settle it begins anew. */
  extend(): Promise<boolean>;
}

/** A member of a consumer. Leaving a `for await` over it closes it; when the broker closes, the loop ends. */
export interface Consumer<Data = unknown> extends AsyncIterable<Claim<Data>>, AsyncDisposable {
  /** The consumer. */
  readonly name: string;
  /** Gives back what is not settled: others have it at once. */
  close(): Promise<void>;
}

const KEYS = [
  "name",
  "since",
  "schema",
  "ackWithinMs",
  "maxDeliveries",
  "maxInFlight",
  "signal",
];

/** The settings of a consumer, with what is usual for those that are not given. */
export function consumerSettings(pattern: string, options: ConsumeOptions): ConsumerSettings {
  assertKeys("a consumer", options, KEYS);
  assertSchema("a consumer", options.schema);
  const { name, since = "first", ackWithinMs = 30_000, maxDeliveries = 5, maxInFlight = 1_000 } = options;
  if (typeof name !== "string" || !/^[\p{L}\p{N}_.-]{1,128}$/u.test(name)) {
    throw new TypeError(
      `Cannot consume as "name" must be 1 to 128 letters, digits, "_", "-" or ".": current value is ` +
        JSON.stringify(name),
    );
  }
  const settings = { patterns: [pattern], ackWithinMs, maxDeliveries, maxInFlight };
  parsePattern(pattern);
  assertConsumerSettings(settings);
  assertSince(since);
  return settings;
}

/** Which dead letters to list. */
export function deadLettersRange(options: DeadLettersOptions): Required<DeadLettersOptions> {
  assertKeys("a list of dead letters", options, ["after", "max"]);
  const { after = 0, max = 100 } = options;
  for (const [name, value, least] of [["after", after, 0], ["max", max, 1]] as const) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new RangeError(
      `Cannot list dead letters as "${name}" must be an integer of at least ${least}: current value is ${value}`,
    );
  }
  return { after, max };
}

/** A consumer whose claims are made on the first turn of its loop. */
export class ValueConsumer<Data> implements Consumer<Data> {
  readonly name: string;
  readonly #open: () => Promise<Claims>;
  readonly #options: ConsumeOptions<Data>;
  readonly #onAbort = (): void => void this.close();
  #claims: Promise<Claims> | undefined;
  #closed = false;

  /** `open` makes the consumer and joins it. */
  constructor(options: ConsumeOptions<Data>, open: () => Promise<Claims>) {
    this.name = options.name;
    this.#options = options;
    this.#open = open;
    const { signal } = options;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    // What could not be opened needs no closing: its loop has thrown.
    const claims = await this.#claims?.catch(() => undefined);
    await claims?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Claim<Data>, undefined> {
    return {
      next: async () => {
        const claim = await this.#next();
        return claim === undefined ? { done: true, value: undefined } : { done: false, value: claim };
      },
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  async #next(): Promise<Claim<Data> | undefined> {
    if (this.#closed) return undefined;
    const claims = await (this.#claims ??= this.#open());
    if (this.#closed) await claims.close();
    for (let claim = await claims.next(); claim !== undefined; claim = await claims.next()) {
      const event = decodeEvent(claim.event);
      const { schema } = this.#options;
      if (schema === undefined) return this.#handed(claims, claim, event as MillraceEvent<Data>);
      const fit = await check(schema, event.data);
      if (fit.ok) return this.#handed(claims, claim, { ...event, data: fit.value });
      await claims.settle(claim, "reject", { reason: `does not fit the schema: ${fit.issues.join("; ")}` });
    }
    return undefined;
  }

  #handed(claims: Claims, claim: LogClaim, event: MillraceEvent<Data>): Claim<Data> {
    return {
      event,
      sequence: claim.event.sequence,
      tries: claim.tries,
      ack: () => claims.settle(claim, "ack"),
      // deno-lint-ignore require-await -- what is wrong with a call is a rejection, too
      retry: async (options = {}) => claims.settle(claim, "retry", retrySettings(options)),
      // deno-lint-ignore require-await -- the same
      reject: async (reason = "rejected") => {
        assertReason(reason);
        return claims.settle(claim, "reject", { reason });
      },
      extend: () => claims.settle(claim, "extend"),
    };
  }
}

function retrySettings(options: RetryOptions): RetryOptions {
  assertKeys("a retry", options, ["delayMs", "reason"]);
  const { delayMs = 0, reason } = options;
  if (!(delayMs >= 0)) {
    throw new RangeError(`Cannot retry as "delayMs" must be at least 0: current value is ${delayMs}`);
  }
  if (reason !== undefined) assertReason(reason);
  return options;
}

function assertReason(reason: unknown): void {
  if (typeof reason === "string") return;
  throw new TypeError(`Cannot give up an event as the reason must be a text: it is of type ${typeof reason}`);
}
