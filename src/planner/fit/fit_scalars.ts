/**
 * Whether numbers and strings of one branch are in another.
 *
 * @module
 */
import type { Bound, NumberBranch, StringBranch } from "./branch.ts";
import { examplesOf } from "./examples.ts";
import { type Finding, FITS, wrong } from "./verdict.ts";

/** Numbers within numbers. */
export function fitNumbers(gives: NumberBranch, needs: NumberBranch): Finding {
  const why = whyNumbersDiffer(gives, needs);
  return why === undefined ? FITS : wrong(why, () => examplesOf(gives, needs));
}

function whyNumbersDiffer(gives: NumberBranch, needs: NumberBranch): string | undefined {
  const isWhole = gives.whole || gives.multiples.some((step) => Number.isSafeInteger(step) && step > 0);
  if (needs.whole && !isWhole) return "gives number, but integer is needed";
  if (!isWithin(gives.min, needs.min, (a, b) => a > b)) return `may be less than ${shown(needs.min!)}`;
  if (!isWithin(gives.max, needs.max, (a, b) => a < b)) return `may be greater than ${shown(needs.max!)}`;
  const step = needs.multiples.find((step) => !isMultiple(gives, step));
  return step === undefined ? undefined : `need not be a multiple of ${step}`;
}

/** Whether the bound that is given lies at or within the one that is needed. */
function isWithin(
  gives: Bound | undefined,
  needs: Bound | undefined,
  isInside: (a: number, b: number) => boolean,
): boolean {
  if (needs === undefined) return true;
  if (gives === undefined) return false;
  return gives.at === needs.at ? gives.open || !needs.open : isInside(gives.at, needs.at);
}

/** Whether each number given is a multiple: only whole steps divide without errors of rounding. */
function isMultiple({ multiples, whole }: NumberBranch, step: number): boolean {
  return [...multiples, ...whole ? [1] : []].some((given) =>
    given === step ||
    Number.isSafeInteger(given) && Number.isSafeInteger(step) && step !== 0 && given % step === 0
  );
}

function shown({ at, open }: Bound): string {
  return open ? `${at}, or equal to it` : String(at);
}

/** Strings within strings. */
export function fitStrings(gives: StringBranch, needs: StringBranch): Finding {
  const why = whyStringsDiffer(gives, needs);
  return why === undefined ? FITS : wrong(why, () => examplesOf(gives, needs));
}

function whyStringsDiffer(gives: StringBranch, needs: StringBranch): string | undefined {
  const format = needs.formats.find((format) => !gives.formats.includes(format));
  if (format !== undefined) return `need not have the format "${format}"`;
  const pattern = needs.patterns.find((pattern) => !gives.patterns.includes(pattern));
  if (pattern !== undefined) return `need not match ${JSON.stringify(pattern)}`;
  if (gives.min < needs.min) return `may be shorter than ${needs.min}`;
  if (gives.max > needs.max) return `may be longer than ${needs.max}`;
  return undefined;
}
