/**
 * Retention: which runs are forgotten when, and the pace at which that happens.
 *
 * @module
 */
import type { PipelineDescriptor } from "../task/descriptor.ts";
import type { Retention } from "../task/pipeline.ts";
import type { PruneReport, PruneRequest } from "../task/run.ts";
import type { JournalPruning, PruneFilter } from "./port.ts";

/** What retention needs of the world. */
export interface RetentionPorts extends Pick<JournalPruning, "prune" | "pruneEvents" | "reclaim"> {
  /** The time, in ms since 1970. */
  now(): number;
  /** Clears away a bit of what is forgotten: the number of results deleted, or `undefined` if nothing is left. */
  sweep(): Promise<number | undefined>;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** How long the ended runs of a pipeline are kept that says nothing about it. */
export const DEFAULT_RETENTION: Retention = { maxAgeMs: 30 * DAY_MS, maxRuns: 1_000 };

/** For so long an event is known by its id, so that the same one again starts nothing, whatever became of its runs. */
const EVENT_MS = DAY_MS;

/** How many runs are forgotten, and events deleted, in one step. */
const STEP = 100;

/** How long runs are kept, by their pipelines. */
export class Retentions {
  readonly #ports: RetentionPorts;
  readonly #policies = new Map<string, Retention>();
  readonly #rest: Retention;

  /** @param rest For pipelines that say nothing, or that are not there any more. */
  constructor(ports: RetentionPorts, rest: Retention = DEFAULT_RETENTION) {
    this.#ports = ports;
    this.#rest = rest;
  }

  /** Makes pipelines known. */
  addPipelines(pipelines: readonly PipelineDescriptor[]): void {
    for (const { name, retention } of pipelines) this.#policies.set(name, retention ?? this.#rest);
  }

  /** Forgets the runs that are past a limit of their pipeline, and clears everything away that is over. */
  async apply(): Promise<PruneReport> {
    const runs = [await this.#forget(this.#rest, { except: [...this.#policies.keys()] })];
    for (const [pipeline, policy] of this.#policies) runs.push(await this.#forget(policy, { pipeline }));
    const results = await this.#clear();
    return { runs: runs.reduce((sum, count) => sum + count, 0), results, more: false };
  }

  /** Forgets the runs that were asked for. */
  async prune({ olderThanMs, limit, ...request }: PruneRequest): Promise<PruneReport> {
    if (olderThanMs === undefined && request.keep === undefined) return await this.apply();
    const filter = {
      ...request,
      ...(olderThanMs === undefined ? {} : { endedBeforeMs: this.#ports.now() - olderThanMs }),
    };
    const most = limit ?? Number.MAX_SAFE_INTEGER;
    if (request.dryRun) {
      const ids = await this.#ports.prune({ ...filter, limit: most });
      return { runs: ids.length, results: 0, more: false };
    }
    const runs = await this.#steps(filter, most);
    return { runs, results: await this.#clear(), more: runs === limit };
  }

  async #forget({ maxAgeMs, maxRuns }: Retention, whose: PruneFilter): Promise<number> {
    const byAge = maxAgeMs === undefined
      ? 0
      : await this.#steps({ ...whose, endedBeforeMs: this.#ports.now() - maxAgeMs });
    return byAge + (maxRuns === undefined ? 0 : await this.#steps({ ...whose, keep: maxRuns }));
  }

  async #steps(filter: PruneFilter, most: number = Number.MAX_SAFE_INTEGER): Promise<number> {
    for (let runs = 0;;) {
      const limit = Math.min(STEP, most - runs);
      const ids = limit === 0 ? [] : await this.#ports.prune({ ...filter, limit });
      runs += ids.length;
      if (ids.length < STEP) return runs;
    }
  }

  /** Clears away what belongs to forgotten runs, and gives the number of their results. */
  async #clear(): Promise<number> {
    let results = 0;
    for (let deleted; (deleted = await this.#ports.sweep()) !== undefined;) results += deleted;
    while (await this.#ports.pruneEvents(this.#ports.now() - EVENT_MS, STEP) === STEP);
    while (await this.#ports.reclaim());
    return results;
  }
}
