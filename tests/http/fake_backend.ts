/** A platform in memory, with the calls that reached it. */
import { MillraceError } from "../../src/base/errors.ts";
import type { TopicInfo } from "../../src/broker/port.ts";
import { matchTopic } from "../../src/event/topic.ts";
import type { ConsumerInfo, DeadEvent } from "../../src/broker/port.ts";
import type { EncodedEvent, MillraceEvent } from "../../src/event/event.ts";
import type { GatewayBackend, PlatformView, TriggerView } from "../../src/http/port.ts";
import type { LogEntry } from "../../src/task/log_entry.ts";
import type { Plan } from "../../src/task/plan.ts";
import type { RunView } from "../../src/task/run.ts";

/** When everything in the fake platform began. */
export const START_MS = Date.UTC(2025, 0, 1);

export const RUN_ID = "01941f29-7c00-7000-8000-000000000001";

export const TRIGGERS: readonly TriggerView[] = [
  {
    name: "nightly",
    kind: "cron",
    topic: "sales.due",
    running: true,
    count: 7,
    lastFiredMs: START_MS - 1000,
    nextMs: START_MS + 60_000,
    cron: "0 2 * * *",
    timezone: "UTC",
  },
  { name: "hook", kind: "api", topic: "sales.hooked", running: true, count: 2 },
];

export const TOPICS: readonly TopicInfo[] = [
  {
    topic: "orders.created",
    completed: false,
    durable: {
      retention: { maxAgeMs: 1000, maxEvents: 10, maxBytes: Infinity },
      events: 3,
      bytes: 300,
    },
  },
  { topic: "orders.seen", completed: true },
];

export const CONSUMER: ConsumerInfo = {
  name: "billing",
  patterns: ["orders.*"],
  ackWithinMs: 30_000,
  maxDeliveries: 5,
  maxInFlight: 1000,
  position: 17,
  inFlight: 2,
  deadLetters: 1,
  missed: 0,
};

export const LETTER: DeadEvent<MillraceEvent> = {
  event: { id: "e1", topic: "orders.created", timeMs: START_MS, source: "app", data: { id: 2 } },
  reason: "no such customer",
  tries: 5,
  timeMs: START_MS,
};

export const VIEW: PlatformView = {
  version: "0.1.0",
  startedMs: START_MS,
  dataDir: ".millrace",
  journal: ".millrace/millrace.db",
  results: "files in .millrace",
  fsync: "batched",
  executors: { total: 2, busy: 1, queued: 0, lost: 0 },
  tasks: ["extract", "load"],
  pipelines: [{ name: "sales", on: ["sales.due"], tasks: ["extract", "load"] }],
  triggers: TRIGGERS,
};

export const RUN: RunView = {
  id: RUN_ID,
  pipeline: "sales",
  status: "succeeded",
  eventId: "01941f29-7c00-7000-8000-00000000000e",
  acceptedMs: START_MS,
  endedMs: START_MS + 1500,
  request: { pipeline: "sales" },
  levels: [["extract"], ["load"]],
  tasks: {
    extract: { status: "succeeded", attempts: 1, resultIds: ["1"] },
    load: { status: "succeeded", attempts: 2, resultIds: ["2"] },
  },
};

export const PLAN: Plan = {
  dagId: "d".repeat(64),
  executionOrder: ["extract", "load"],
  parallelLevels: [["extract"], ["load"]],
  external: [],
  tasks: {},
};

/** What the tasks of the run wrote. */
export const ENTRIES: readonly LogEntry[] = [
  { timeMs: START_MS, task: "extract", attempt: 1, level: "info", source: "stdout", text: "read" },
  {
    timeMs: START_MS + 1,
    task: "load",
    attempt: 2,
    level: "warn",
    source: "log",
    text: "two\nlines",
    attrs: { n: 1 },
  },
];

/** A subscription that the test feeds; it knows whether it was given back. */
export class FakeSubscription implements AsyncIterableIterator<readonly EncodedEvent[]> {
  /** How often something was taken out of it. */
  taken = 0;
  /** Whether its consumer is done with it. */
  returned = false;
  readonly #buffer: (readonly EncodedEvent[])[] = [];
  #wake: ((result: IteratorResult<readonly EncodedEvent[]>) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;

  /** Events that have gathered. */
  push(...events: readonly EncodedEvent[]): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake === undefined) this.#buffer.push(events);
    else wake({ done: false, value: (this.taken++, events) });
  }

  /** Breaks off whoever waits. */
  fail(error: unknown): void {
    this.#fail?.(error);
  }

  next(): Promise<IteratorResult<readonly EncodedEvent[]>> {
    if (this.returned) return Promise.resolve({ done: true, value: undefined });
    const value = this.#buffer.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value: (this.taken++, value) });
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      this.#fail = reject;
    });
  }

  return(): Promise<IteratorResult<readonly EncodedEvent[]>> {
    this.returned = true;
    this.#wake?.({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A backend whose methods can be replaced one by one. */
export interface FakeBackend extends GatewayBackend {
  /** What was called, in order. */
  readonly calls: readonly (readonly [method: string, ...args: unknown[]])[];
  /** The subscriptions given out, in order. */
  readonly subscriptions: readonly FakeSubscription[];
}

export function createFakeBackend(overrides: Partial<GatewayBackend> = {}): FakeBackend {
  const calls: [string, ...unknown[]][] = [];
  const subscriptions: FakeSubscription[] = [];
  function noted<Result>(result: Result, ...call: [string, ...unknown[]]): Promise<Result> {
    calls.push(call);
    return Promise.resolve(result);
  }
  return {
    calls,
    subscriptions,
    view: () => noted(VIEW, "view"),
    fire: (name, data, { raw }) =>
      noted(
        { eventId: "e1", count: 3, runIds: ["r1", "r2"] },
        "fire",
        name,
        data,
        new TextDecoder().decode(raw),
      ),
    trigger(name) {
      const trigger = TRIGGERS.find((known) => known.name === name);
      return trigger === undefined ? Promise.reject(unknownTrigger(name)) : noted(trigger, "trigger", name);
    },
    publish: (topic, data, about) =>
      noted(
        { id: about?.id ?? "e2", matched: 4 },
        "publish",
        topic,
        data,
        ...(about === undefined ? [] : [about]),
      ),
    run: (request) => noted({ id: RUN_ID }, "run", request),
    cancel: (runId) => noted(undefined, "cancel", runId),
    prune: (request) => noted({ runs: 2, results: 5, more: false }, "prune", request),
    runs: (filter) => noted([RUN], "runs", filter),
    runView: (runId) => noted(RUN, "runView", runId),
    result: (runId, task) => noted({ rows: 3 }, "result", runId, task),
    logs(runId, filter) {
      calls.push(["logs", runId, filter]);
      return (async function* () {
        yield* ENTRIES;
      })();
    },
    drawPlan: (request, options) =>
      noted(
        options.format === "json" ? JSON.stringify(PLAN) : `${options.format} plan`,
        "drawPlan",
        request,
        options,
      ),
    topics: (pattern) => noted(TOPICS.filter(({ topic }) => matchTopic(pattern, topic)), "topics", pattern),
    declareTopic: (topic, durability) => noted(undefined, "declareTopic", topic, durability),
    completeTopic: (topic) => noted(undefined, "completeTopic", topic),
    consumers: () => noted([CONSUMER], "consumers"),
    deadLetters: (consumer, options) => noted([LETTER], "deadLetters", consumer, options),
    redeliver: (consumer, sequences) =>
      noted(2, "redeliver", consumer, ...(sequences === undefined ? [] : [sequences])),
    subscribe(pattern, since) {
      calls.push(["subscribe", pattern, ...(since === undefined ? [] : [since])]);
      const subscription = new FakeSubscription();
      subscriptions.push(subscription);
      return subscription;
    },
    ...overrides,
  };
}

export function unknownTrigger(trigger: string): MillraceError {
  return new MillraceError("trigger/unknown", `Cannot find trigger "${trigger}", did you mean "hook"?`, {
    details: { trigger, suggestion: "hook" },
  });
}

/** An event as the broker hands it over. */
export function encoded(topic: string, data: unknown, id: string = "e9"): EncodedEvent {
  return { id, topic, timeMs: START_MS, source: "app", data: JSON.stringify(data) };
}
