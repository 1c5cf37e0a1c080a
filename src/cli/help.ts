/**
 * Examples below the help of each command.
 *
 * @module
 */

/** By command; `program` for the whole. */
export const EXAMPLES: {
  /** `millrace --help` */
  readonly program: string;
  /** `millrace start --help` */
  readonly start: string;
  /** `millrace run --help` */
  readonly run: string;
  /** `millrace plan --help` */
  readonly plan: string;
  /** `millrace schema --help` */
  readonly schema: string;
  /** `millrace runs --help` */
  readonly runs: string;
  /** `millrace runs prune --help` */
  readonly prune: string;
  /** `millrace runs rerun --help` */
  readonly rerun: string;
} = {
  program: `
Examples:
  $ millrace start pipelines.ts          the platform, until ^C
  $ millrace run my_pipeline --watch     one run, with its progress
  $ millrace plan my_pipeline            what a run would do
  $ millrace runs                        what ran

Exit codes: 0 done, 1 failed, 2 usage, 3 server unreachable, 130 interrupted.`,
  start: `
Examples:
  $ millrace start pipelines.ts --port 9000
  $ millrace start pipelines.ts --run my_pipeline
  $ MILLRACE_TOKEN=secret millrace start pipelines.ts --host 0.0.0.0

^C waits for the work at hand and ends with 0; a second ^C stops at once. Unfinished runs go on at the next start.`,
  run: `
Examples:
  $ millrace run my_pipeline --watch
  $ millrace run my_pipeline -P day=2026-01-31 -P limit=100
  $ millrace run extract clean           two tasks
  $ millrace run --select '+report'       a task with everything that it depends on
  $ millrace run --tags nightly --watch --json

Where a platform is running on the same data folder it does the work; else this process does.
Progress goes to stderr, the run's id to stdout; with --watch the exit code tells how the run ended.`,
  plan: `
Examples:
  $ millrace plan my_pipeline
  $ millrace plan --roots report         a task with everything that it depends on
  $ millrace plan --select '+report and not tag:slow'
  $ millrace plan my_pipeline --format mermaid > plan.mmd
  $ millrace plan my_pipeline --json > plan.json; millrace plan my_pipeline --against plan.json
  $ millrace plan my_pipeline --explain -P day=2026-01-31
  $ millrace plan --run 9f3a21c4         with its critical path
  $ millrace plan --strict               fails while a task or an edge has no schema

A selector: task, extract_*, tag:etl; +a with all that a depends on, a+ with all that depends on a, 2+a two steps
of it; and, or, not, brackets.`,
  schema: `
Examples:
  $ millrace schema pipelines.ts         writes pipelines.schemas.ts, for you to check in
  $ millrace schema pipelines.ts --check fails if it is stale

Plans check edges on these schemas. What a schema of the definition says is not written again.`,
  runs: `
Examples:
  $ millrace runs --pipeline my_pipeline --status failed
  $ millrace runs show 9f3a21c4          ids may be shortened
  $ millrace runs result 9f3a21c4 report
  $ millrace runs logs 9f3a21c4 -f       what its tasks write, until it has ended
  $ millrace runs logs 9f3a21c4 report --attempt 2 --json
  $ millrace runs rerun 9f3a21c4 --watch what failed, once more
  $ millrace runs cancel 9f3a21c4        what still runs is called off`,
  prune: `
Examples:
  $ millrace runs prune --older-than 7d --dry-run
  $ millrace runs prune --older-than 7d --keep 100  but not the newest 100 of a pipeline
  $ millrace runs prune --keep 0 --pipeline my_pipeline

What an unfinished run reads or repeats stays. Results that another run reads, and the latest one of each task,
outlive their run. A running platform deletes runs by itself as their pipelines say (retention).`,
  rerun: `
Examples:
  $ millrace runs rerun 9f3a21c4 --watch
  $ millrace runs rerun 9f3a21c4 -P day=2026-02-01
  $ millrace runs rerun 9f3a21c4 --from report

The new run takes over the other results. A task that takes a changed parameter runs again; one that does not say
which it takes (by its params schema, or as its function has no second argument) counts as taking all.`,
};
