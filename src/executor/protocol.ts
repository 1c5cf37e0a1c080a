/**
 * What executors, their pool and their supervisor understand.
 *
 * @module
 */
import { z } from "zod";
import { passed, protocol } from "../actor/protocol.ts";
import type { Address } from "../actor/ref.ts";
import type { WireError } from "../base/errors.ts";
import type { Claims } from "./claims.ts";
import type { ExecutorKind } from "./kind.ts";
import type { Ended } from "./pool.ts";
import type { AttemptKey, ExecutableTask } from "./port.ts";
import type { OutputBatch } from "./sandbox_output.ts";
import type { CallWire, EndedWire } from "./task_call.ts";
import type { SandboxItem, SandboxReply } from "./sandbox.ts";

const executable = z.custom<ExecutableTask>((value) =>
  typeof value === "object" && value !== null && typeof (value as ExecutableTask).task === "string"
);

/** An executor's protocol. */
export const executorProtocol = protocol("executor", {
  /** Attempts to run, in this order; the first has the number `first`, the next one more. Each comes back once. */
  give: { in: z.object({ first: z.number(), tasks: z.array(z.custom<ExecutableTask>()) }) },
  /** Calls an attempt off, by its number; it still comes back. */
  cancel: { in: z.number() },
});

/** The protocol of an executor that serves a sandbox. */
export const wardenProtocol = protocol("warden", {
  ...executorProtocol.verbs,
  /** The sandbox's process has written lines. */
  printed: { in: passed<OutputBatch>() },
});

/** The protocol of a sandbox: it says nothing that it is not asked for. */
export const sandboxProtocol = protocol("sandbox", {
  /** Runs an attempt; the last item is its outcome. */
  run: { in: executable, stream: passed<SandboxItem>() },
  /** Answers a call that the attempt has made. */
  reply: { in: z.custom<SandboxReply>() },
  /** Calls off what runs; `run` still ends with its outcome. */
  cancel: { in: z.void() },
});

/** The protocol of who starts and ends the processes of sandboxes. */
export const processesProtocol = protocol("processes", {
  /** Starts a process and the executor that it belongs to, which then joins the pool. */
  start: { in: z.object({ executor: z.string(), kind: z.custom<ExecutorKind>() }) },
  /** Ends both. */
  stop: { in: z.string() },
});

/** What every pool hears of its executors. */
const lanes = {
  /** A new executor takes attempts. */
  join: {
    in: z.object({
      executor: z.custom<Address>(),
      kind: z.string(),
      slots: z.number().int().positive(),
      claims: z.custom<Claims>().optional(),
    }),
    out: z.void(),
  },
  /** An executor is gone. */
  leave: { in: z.object({ executor: z.string(), reason: z.string() }) },
};

/** The protocol of any pool, as who starts its executors sees it. */
export const lanesProtocol = protocol("lanes", lanes);

/** The pool's protocol. */
export const poolProtocol = protocol("pool", {
  ...lanes,
  /** Takes an attempt; its outcome goes to the orchestrator. */
  submit: { in: executable },
  /** Calls an attempt off. */
  cancel: { in: z.custom<AttemptKey>() },
  /** An executor could not be started. */
  refuse: {
    in: z.object({ executor: z.string(), kind: z.custom<ExecutorKind>(), error: z.custom<WireError>() }),
  },
  /** Attempts have come back from an executor. */
  ended: { in: z.object({ executor: z.string(), ended: z.array(z.custom<Ended>()) }) },
  /** Numbers. */
  status: {
    in: z.void(),
    out: z.object({ total: z.number(), busy: z.number(), queued: z.number(), lost: z.number() }),
  },
});

/** The protocol of an executor of calls. */
export const callExecutorProtocol = protocol("executor", {
  /** Calls to make, in this order; the first has the number `first`, the next one more. Each comes back once. */
  give: { in: z.object({ first: z.number(), calls: z.custom<readonly CallWire[]>() }) },
  /** Calls one off, by its number; it still comes back. */
  cancel: { in: z.number() },
});

/** The protocol of a pool of calls. */
export const callPoolProtocol = protocol("pool", {
  ...lanes,
  /** Calls have come back from an executor. */
  ended: { in: z.object({ executor: z.string(), ended: z.custom<readonly EndedWire[]>() }) },
});

/** The protocol of who starts and ends executors. */
export const supervisorProtocol = protocol("supervisor", {
  /** The pool is there: executors that are ready join it. */
  begin: { in: z.void(), out: z.void() },
  /** Ends an executor's host and starts another one in its place. */
  replace: { in: z.object({ executor: z.string(), reason: z.string(), stuck: z.boolean() }) },
});
