/**
 * Where the data come from: the files in the npm package `vega-datasets`, read a chunk at a time.
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetScan } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { formatWallMinute } from "./wall_clock.ts";

/** What a row has, in this order, whatever the file. */
export const COLUMNS = ["date", "delay", "distance", "origin", "destination"] as const;

/** Rows as the file has them, unchecked: `[date, delay, distance, origin, destination]`, if all is well. */
export interface RawChunk {
  /** The number of the first row, counted from 0 over the whole file. */
  readonly firstRow: number;
  /** The rows. Tuples instead of objects, so that three million of them are stored at half the size. */
  readonly rows: readonly (readonly unknown[])[];
}

/** Which of the two files to read. */
export type Dataset = "20k" | "3m";

/** The dataset that `FLIGHTS` names; "20k" if it is not set. */
export function datasetFromEnv(): Dataset {
  const name = Deno.env.get("FLIGHTS") ?? "20k";
  if (name === "20k" || name === "3m") return name;
  throw new RangeError(`Cannot read flights as FLIGHTS must be "20k" or "3m": current value is "${name}"`);
}

/** Reads a dataset in chunks. Memory stays bounded: of the three million, one row group is held at a time. */
export function readFlights(dataset: Dataset): AsyncGenerator<RawChunk> {
  return dataset === "20k" ? readJson("flights-20k.json", 2_000) : readParquet("flights-3m.parquet", 25_000);
}

/** Reads one of the package's text files. */
export async function readDataText(name: string): Promise<string> {
  return await Deno.readTextFile(await dataFile(name));
}

async function* readJson(name: string, chunkRows: number): AsyncGenerator<RawChunk> {
  const records: unknown[] = JSON.parse(await readDataText(name));
  for (let firstRow = 0; firstRow < records.length; firstRow += chunkRows) {
    yield { firstRow, rows: records.slice(firstRow, firstRow + chunkRows).map(toTuple) };
  }
}

/** Something that is no record becomes a tuple of one, which no schema accepts: rejected later, not lost now. */
function toTuple(record: unknown): unknown[] {
  if (typeof record !== "object" || record === null) return [record];
  return COLUMNS.map((column) => (record as Record<string, unknown>)[column] ?? null);
}

async function* readParquet(name: string, chunkRows: number): AsyncGenerator<RawChunk> {
  const file = await asyncBufferFromFile((await dataFile(name)).pathname);
  const metadata = await parquetMetadataAsync(file);
  const scan = await parquetScan({ file, metadata, compressors, parsers: PARSERS, columns: [...COLUMNS] });
  for (const { rowStart, rowEnd } of scan.ranges) {
    const columns: ArrayLike<unknown>[] = [];
    for (const column of COLUMNS) columns.push(await scan.readColumn({ column, rowStart, rowEnd }));
    for (let first = 0; first < rowEnd - rowStart; first += chunkRows) {
      const length = Math.min(chunkRows, rowEnd - rowStart - first);
      const rows = Array.from(
        { length },
        (_, index) => columns.map((values, column) => plain(values[first + index], column)),
      );
      yield { firstRow: rowStart + first, rows };
    }
  }
}

/** The file's timestamps say `isAdjustedToUTC: false`: they too are wall-clock time. */
const PARSERS = {
  timestampFromMicroseconds: (micros: bigint): number => Number(micros / 60_000_000n),
};

/** What a parquet value is in the JSON file: one form of raw row for both. */
function plain(value: unknown, column: number): unknown {
  if (typeof value === "bigint") return Number(value);
  return column === 0 && typeof value === "number" ? formatWallMinute(value) : value ?? null;
}

/**
 * The address of one file of the package. Its `exports` do not name the data files, so they are found from
 * its entry, `build/index.js`. The import makes sure that the package is installed; it loads no data.
 */
async function dataFile(name: string): Promise<URL> {
  await import("vega-datasets");
  return new URL(`../data/${name}`, import.meta.resolve("vega-datasets"));
}
