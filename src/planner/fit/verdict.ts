/**
 * What a comparison of two schemas comes to.
 *
 * @module
 */

/** Whether everything that one schema takes is taken by another. */
export type SchemaFit =
  | {
    /** Every output is accepted. */
    readonly fit: "compatible";
  }
  | {
    /** Some output is not accepted. */
    readonly fit: "incompatible";
    /** Where, as `a.b[].c`; empty for the whole. */
    readonly path: string;
    /** Why, as the end of a sentence: `gives string, but number is needed`. */
    readonly reason: string;
    /** An output that is not accepted. */
    readonly example: unknown;
  }
  | {
    /** Neither was proved. */
    readonly fit: "unknown";
    /** Where, as `a.b[].c`; empty for the whole. */
    readonly path: string;
    /** Why. */
    readonly reason: string;
  };

/** Finds values that are worth trying as examples: most findings are overtaken before anybody asks. */
export type Examples = () => Iterable<unknown>;

/** What comparing two branches comes to; examples are still to be proved. */
export type Finding =
  | { readonly ok: true }
  | {
    readonly ok: false;
    readonly path: string;
    readonly reason: string;
    readonly examples?: Examples;
  };

/** All is well. */
export const FITS: Finding = { ok: true };

/** Something is wrong. */
export function wrong(reason: string, examples?: Examples, path: string = ""): Finding {
  return { ok: false, path, reason, ...(examples === undefined ? {} : { examples }) };
}

/** What is wrong with one of several parts: what has an example tells more than what is only unclear. */
export function worst(findings: Iterable<Finding>): Finding {
  let first: Finding = FITS;
  for (const finding of findings) {
    if (finding.ok) continue;
    if (finding.examples !== undefined) return finding;
    if (first.ok) first = finding;
  }
  return first;
}
