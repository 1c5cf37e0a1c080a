/**
 * The cast of a platform: what it is made of, and whom of it the platform talks to.
 *
 * @module
 */
import type { ActorRef } from "../src/actor/ref.ts";
import type { ActorSystem, StopReport } from "../src/actor/system.ts";
import type { Clock } from "../src/base/clock.ts";
import type { Logger } from "../src/base/log.ts";
import type { brokerProtocol } from "../src/broker/protocol.ts";
import type { poolProtocol } from "../src/executor/protocol.ts";
import type { orchestratorProtocol } from "../src/orchestrator/protocol.ts";
import type { plannerProtocol } from "../src/planner/protocol.ts";
import type { logsProtocol } from "../src/store/logs_protocol.ts";
import type { storeProtocol } from "../src/store/protocol.ts";
import type { ResultsOptions } from "../src/store/results.ts";
import type { Retention } from "../src/task/pipeline.ts";
import type { Task } from "../src/task/task.ts";
import type { schedulerProtocol } from "../src/trigger/protocol.ts";

/** What a cast is made of. */
export interface CastOptions {
  /** Modules that define tasks, pipelines and triggers. */
  readonly modules: readonly string[];
  /** The folder where state is kept; absolute. */
  readonly dataDir: string;
  /** How durable a commit is. */
  readonly fsync: "always" | "batched";
  /** Where results are kept. */
  readonly results: ResultsOptions;
  /** How many executors. */
  readonly executors: number;
  /** Tasks of the main program. */
  readonly local: { get(name: string): Task | undefined };
  /** Whether triggers fire by themselves. */
  readonly schedules: boolean;
  /** Whether unfinished runs go on. */
  readonly resume: boolean;
  /** How long ended runs are kept of pipelines that do not say so; `false`: none is deleted by itself. */
  readonly retention: Retention | false;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told once if a thread is lost that nothing can take the place of: the platform must be opened again. */
  readonly onFailure: (reason: string) => void;
}

/** The actors that the platform talks to. */
export interface Cast {
  readonly system: ActorSystem;
  readonly broker: ActorRef<typeof brokerProtocol>;
  readonly scheduler: ActorRef<typeof schedulerProtocol>;
  readonly planner: ActorRef<typeof plannerProtocol>;
  readonly orchestrator: ActorRef<typeof orchestratorProtocol>;
  readonly pool: ActorRef<typeof poolProtocol>;
  readonly store: ActorRef<typeof storeProtocol>;
  readonly logs: ActorRef<typeof logsProtocol>;
  /** How many unfinished runs go on. */
  readonly resumed: number;
  /** Stops everything within a deadline for what runs; says what was left. */
  stop(deadlineMs: number): Promise<StopReport & { readonly unfinishedRuns: number }>;
}
