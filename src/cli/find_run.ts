/**
 * Runs by a part of their id.
 *
 * @module
 */
import { MillraceError } from "../base/errors.ts";
import type { RunSource } from "./run_source.ts";

/** How far back a shortened id is looked for. */
const MAX_SEARCHED = 5_000;
const PAGE = 500;
/** A whole UUID is nothing to look for. */
const WHOLE_ID = 36;

/** The id that begins or ends with what was given. */
export async function findRun(source: RunSource, part: string): Promise<string> {
  if (part.length >= WHOLE_ID) return part;
  const matches: string[] = [];
  let before: string | undefined;
  for (let searched = 0; searched < MAX_SEARCHED; searched += PAGE) {
    const page = await source.runs({ limit: PAGE, ...(before === undefined ? {} : { before }) });
    matches.push(...page.map((run) => run.id).filter((id) => id.startsWith(part) || id.endsWith(part)));
    if (page.length < PAGE) break;
    before = page.at(-1)!.id;
  }
  const [match] = matches;
  if (match === undefined) {
    throw new MillraceError(
      "run/not-found",
      `Cannot find the run as no id begins or ends like this: "${part}"`,
      { details: { runId: part } },
    );
  }
  if (matches.length === 1) return match;
  throw new MillraceError(
    "cli/ambiguous-run-id",
    `Cannot tell which run is meant as "${part}" fits ${matches.length} of them: ` +
      matches.slice(0, 5).join(", ") + (matches.length > 5 ? ", …" : ""),
    { details: { runId: part, matches: matches.slice(0, 100) } },
  );
}
