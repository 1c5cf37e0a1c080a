/**
 * Paths through tasks as text.
 *
 * @module
 */

/** How many tasks of a long path are spelled out at either end. */
const ENDS = 5;

/** `a → b → c`; the middle of a long path is only counted. */
export function pathText(names: readonly string[]): string {
  const spelled = names.length <= 2 * ENDS
    ? names
    : [...names.slice(0, ENDS), `… ${names.length - 2 * ENDS} more`, ...names.slice(-ENDS)];
  return spelled.join(" → ");
}
