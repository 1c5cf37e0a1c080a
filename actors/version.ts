/**
 * The version, as `deno.json` has it; a test keeps the two equal.
 *
 * @module
 */

/** The version of Millrace. */
export const VERSION = "0.1.0";
