/** What a benchmark says: medians and ranges of repetitions, and ratios taken inside each repetition. */

/** One measured figure: what `--json` prints as a line. */
export interface Figure {
  /** The benchmark. */
  readonly bench: string;
  /** What was measured. */
  readonly subject: string;
  /** The median of the repetitions. */
  readonly value: number;
  /** What `value`, `min` and `max` count. */
  readonly unit: string;
  /** The least of the repetitions. */
  readonly min: number;
  /** The greatest of the repetitions. */
  readonly max: number;
  /** The median of `value / value of against`, each taken within one repetition. */
  readonly ratio?: number;
  /** The subject that `ratio` refers to. */
  readonly against?: string;
}

/** A benchmark: subjects that take turns, so that noise hits them all alike. */
export interface Bench {
  /** Its name. */
  readonly name: string;
  /** What each subject counts. */
  readonly unit: string;
  /** Each subject measures itself once per call. Throws if the work was not done in full. */
  readonly subjects: Readonly<Record<string, () => Promise<number>>>;
  /** Which subjects to compare: `[subject, against]`. Subjects without a comparison get a line without. */
  readonly compare: readonly (readonly [subject: string, against: string])[];
}

/** Benchmarks with what they have set up; disposed once they are measured. */
export interface OpenBench extends AsyncDisposable {
  /** What to measure. */
  readonly benches: readonly Bench[];
}

/** How many of `count` things `work` does in a second. */
export async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return count / (performance.now() - startedMs) * 1_000;
}

/** A figure of work that was not done in full is none. */
export function assertCount(what: string, current: number, expected: number): void {
  if (current === expected) return;
  throw new Error(`Cannot give a figure as nothing may be lost: ${what}: ${current} of ${expected}`);
}

/** Runs the subjects in turn, `reps` times after one round to warm up. */
export async function measure(bench: Bench, reps: number): Promise<Figure[]> {
  const rounds: Record<string, number>[] = [];
  for (let rep = 0; rep <= reps; rep++) {
    const round: Record<string, number> = {};
    for (const [subject, run] of Object.entries(bench.subjects)) round[subject] = await run();
    if (rep > 0) rounds.push(round);
  }
  const compared = new Set(bench.compare.map(([subject]) => subject));
  const alone = Object.keys(bench.subjects).filter((subject) => !compared.has(subject));
  return [
    ...bench.compare.map(([subject, against]) => ({
      ...figure(bench, subject, rounds),
      ratio: median(rounds.map((round) => round[subject]! / round[against]!)),
      against,
    })),
    ...alone.map((subject) => figure(bench, subject, rounds)),
  ];
}

function figure({ name, unit }: Bench, subject: string, rounds: readonly Record<string, number>[]): Figure {
  const values = rounds.map((round) => round[subject]!);
  return {
    bench: name,
    subject,
    value: median(values),
    unit,
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Figures as a table for people. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ bench, subject, value, unit, min, max, ratio, against }) => [
    bench,
    subject,
    number(value),
    unit,
    `${number(min)}–${number(max)}`,
    ratio === undefined ? "" : `${ratio.toPrecision(3)}x ${against}`,
  ]);
  const all = [["bench", "subject", "median", "unit", "min–max", "ratio"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => column === 2 ? cell.padStart(widths[2]!) : cell.padEnd(widths[column]!)).join(
      "  ",
    );
  return all.map((row) => line(row).trimEnd()).join("\n");
}

/** Whole numbers with groups from 1,000 on, else three digits. */
function number(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
