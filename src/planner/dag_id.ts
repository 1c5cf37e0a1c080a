/**
 * The content hash of a plan.
 *
 * @module
 */
import { hash } from "node:crypto";

/** Changes when the meaning of the hash does, so that ids of different meanings never meet. */
const FORMAT = "millrace/dag/2";

/** SHA-256 (hex) over the hashes of tasks, which are in the order of their names. */
export function dagIdOf(hashes: readonly string[]): string {
  return hash("sha256", FORMAT + hashes.join(""), "hex");
}
