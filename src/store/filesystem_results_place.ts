/**
 * Where the results of a data folder are, written into the folder: a platform that looked for them elsewhere
 * would find none of those that its journal tells of.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import { type ResultsOptions, resultsPlace } from "./results.ts";

/** The name of the file. */
const FILE = "results.json";

/**
 * Checks that the results of a data folder are where they are looked for.
 *
 * @throws {MillraceError} `platform/results-elsewhere` if it has them elsewhere.
 */
export async function assertResultsPlace(dataDir: string, options: ResultsOptions): Promise<void> {
  const place = resultsPlace(options);
  const noted = await readPlace(dataDir);
  if (noted === undefined || noted === place) return;
  throw new MillraceError(
    "platform/results-elsewhere",
    `Cannot keep results in ${place} as the data folder "${dataDir}" has its results in ${noted}: name that ` +
      `place again (option results, MILLRACE_RESULTS), or delete ${dataDir}/${FILE} if they have moved`,
    { details: { dataDir, place, noted } },
  );
}

/**
 * Notes where the results of a data folder are, once they could be opened there.
 *
 * @throws {MillraceError} `platform/data-dir-unusable`.
 */
export async function noteResultsPlace(dataDir: string, options: ResultsOptions): Promise<void> {
  const place = resultsPlace(options);
  if (await readPlace(dataDir) === place) return;
  try {
    await Deno.writeTextFile(`${dataDir}/${FILE}.tmp`, JSON.stringify({ place }) + "\n");
    await Deno.rename(`${dataDir}/${FILE}.tmp`, `${dataDir}/${FILE}`);
  } catch (error) {
    const reason = messageOf(error);
    throw new MillraceError(
      "platform/data-dir-unusable",
      `Cannot use the data folder "${dataDir}" as it must be a folder that can be written: ${reason}`,
      { details: { dataDir, reason }, cause: error },
    );
  }
}

async function readPlace(dataDir: string): Promise<string | undefined> {
  try {
    const { place } = JSON.parse(await Deno.readTextFile(`${dataDir}/${FILE}`));
    return typeof place === "string" ? place : undefined;
  } catch {
    return undefined; // none yet, or none that can be read: it is written anew
  }
}
