/**
 * Whether a task's function takes its context, told by how it is written.
 *
 * @module
 */

/** Rest parameters, `arguments`, a second parameter with a default: ways to a second argument beside naming it. */
const BY_OTHER_MEANS = /\.\.\.|\barguments\b|,\s*(?:[\w$]+|\{[^}]*\})\s*=[^=>]/;

/** Whether a function may read a second argument; when in doubt it does. */
export function takesContext(run: (...args: never) => unknown): boolean {
  return run.length > 1 || BY_OTHER_MEANS.test(Function.prototype.toString.call(run));
}
