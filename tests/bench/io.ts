/** Results saved and loaded in each kind of store, beside the same bytes written and read without us. */
import postgres from "postgres";
import { openFilesystemIOManager } from "../../src/store/filesystem_io_manager.ts";
import { openKvIOManager } from "../../src/store/kv_io_manager.ts";
import type { IOManager } from "../../src/store/port.ts";
import { openPostgresIOManager } from "../../src/store/postgres_io_manager.ts";
import { POSTGRES_URL, WITHOUT_POSTGRES } from "../support/postgres.ts";
import { assertCount, type Bench, type OpenBench, perSecond } from "./figure.ts";

/** Bytes kept without us: the least that the technology needs. */
interface Raw {
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  read(name: string): Promise<Uint8Array>;
}

interface Subject {
  readonly name: string;
  readonly io: IOManager;
  readonly raw: Raw;
}

interface Load {
  readonly name: string;
  readonly value: unknown;
  /** The bytes of the value. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How often it is saved and loaded. */
  readonly count: number;
}

/** A KV value holds so much; a transaction twelve of them. */
const KV_CHUNK = 65_536;
const KV_CHUNKS_PER_COMMIT = 12;

/** Saves at the same time, where that is what is measured. */
const AT_ONCE = 64;

/** Opens all stores, and fills what is to be read. */
export async function io(quick: boolean): Promise<OpenBench> {
  const stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "millrace_bench_" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const subjects = [await onFiles(dir, stack), await onKv(dir, stack)];
  if (!WITHOUT_POSTGRES) subjects.push(await onPostgres(stack));
  const loads = loadsOf(quick);
  const benches: Bench[] = [];
  for (const subject of subjects) {
    for (const load of loads) benches.push(saves(subject, load, 1), reads(subject, load));
    benches.push(saves(subject, loads[0]!, AT_ONCE));
  }
  return { benches, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function loadsOf(quick: boolean): readonly [Load, ...Load[]] {
  const record = { id: 17, name: "x".repeat(250), at: "2026-11-25T00:00:00Z" };
  const text = "x".repeat(64 * 1024 - 2);
  const large = new Uint8Array(8 * 1024 * 1024).fill(7);
  const json = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
  return [
    { name: "300 B of JSON", value: record, bytes: json(record), count: quick ? 10 : 300 },
    { name: "64 KiB of JSON", value: text, bytes: json(text), count: quick ? 5 : 100 },
    { name: "8 MiB of bytes", value: large, bytes: large, count: quick ? 1 : 4 },
  ];
}

function saves({ name, io, raw }: Subject, { name: what, value, bytes, count }: Load, atOnce: number): Bench {
  let round = 0;
  const [ours, theirs] = [`${name}: io.save`, `raw: ${name}`];
  const all = async (one: (index: number) => Promise<void>): Promise<void> => {
    for (let first = 0; first < count; first += atOnce) {
      const now = Math.min(atOnce, count - first);
      await Promise.all(Array.from({ length: now }, (_, index) => one(first + index)));
    }
  };
  return {
    name: `results saved, ${what}${atOnce === 1 ? "" : `, ${atOnce} at once`}`,
    unit: "results/s",
    subjects: {
      [ours]: async () => {
        const runId = `run-${++round}`;
        const perS = await perSecond(
          count,
          () => all((index) => io.save({ runId, task: "bench", resultId: `${index}` }, value)),
        );
        assertCount("results", await io.clearRun(runId), count);
        return perS;
      },
      [theirs]: () => perSecond(count, () => all((index) => raw.write(`save-${round}-${index}`, bytes))),
    },
    compare: [[ours, theirs]],
  };
}

function reads({ name, io, raw }: Subject, { name: what, value, bytes, count }: Load): Bench {
  const [ours, theirs] = [`${name}: io.load`, `raw: ${name}`];
  const key = { runId: "read", task: what.replaceAll(/\W/g, "_"), resultId: "1" };
  const rawName = `read-${key.task}`;
  let filled: Promise<unknown> | undefined;
  const fill = (): Promise<unknown> =>
    filled ??= Promise.all([io.save(key, value), raw.write(rawName, bytes)]);
  return {
    name: `results loaded, ${what}`,
    unit: "results/s",
    subjects: {
      [ours]: async () => {
        await fill();
        let loaded = 0;
        const perS = await perSecond(count, async () => {
          for (let n = 0; n < count; n++) if (await io.load(key) !== undefined) loaded++;
        });
        assertCount("results", loaded, count);
        return perS;
      },
      [theirs]: async () => {
        await fill();
        let length = 0;
        const perS = await perSecond(count, async () => {
          for (let n = 0; n < count; n++) length += (await raw.read(rawName)).length;
        });
        assertCount("bytes", length, count * bytes.length);
        return perS;
      },
    },
    compare: [[ours, theirs]],
  };
}

async function onFiles(dir: string, stack: AsyncDisposableStack): Promise<Subject> {
  const io = stack.use(await openFilesystemIOManager({ dir: `${dir}/files` }));
  await Deno.mkdir(`${dir}/raw`);
  return {
    name: "file written and renamed",
    io,
    raw: {
      write(name, bytes) {
        Deno.writeFileSync(`${dir}/raw/temp-${name}`, bytes);
        Deno.renameSync(`${dir}/raw/temp-${name}`, `${dir}/raw/${name}`);
        return Promise.resolve();
      },
      read: (name) => Promise.resolve(Deno.readFileSync(`${dir}/raw/${name}`)),
    },
  };
}

async function onKv(dir: string, stack: AsyncDisposableStack): Promise<Subject> {
  const io = stack.use(await openKvIOManager({ path: `${dir}/results.kv` }));
  const kv = await Deno.openKv(`${dir}/raw.kv`);
  stack.defer(() => kv.close());
  const partsOf = (bytes: Uint8Array): number => Math.ceil(bytes.length / KV_CHUNK);
  return {
    name: "Deno KV",
    io,
    raw: {
      async write(name, bytes) {
        for (let first = 0; first < partsOf(bytes); first += KV_CHUNKS_PER_COMMIT) {
          const change = kv.atomic();
          for (let part = first; part < Math.min(first + KV_CHUNKS_PER_COMMIT, partsOf(bytes)); part++) {
            change.set([name, part], bytes.slice(part * KV_CHUNK, (part + 1) * KV_CHUNK));
          }
          await change.commit();
        }
      },
      async read(name) {
        const parts: Uint8Array<ArrayBuffer>[] = [];
        for await (
          const { value } of kv.list<Uint8Array<ArrayBuffer>>({ prefix: [name] }, { batchSize: 10 })
        ) {
          parts.push(value);
        }
        return await new Blob(parts).bytes();
      },
    },
  };
}

async function onPostgres(stack: AsyncDisposableStack): Promise<Subject> {
  const schema = `bench_${crypto.randomUUID().replaceAll("-", "")}`;
  const sql = postgres(POSTGRES_URL, { max: 4, fetch_types: false, onnotice: () => {} });
  stack.defer(() => sql.end());
  const io = await openPostgresIOManager({ url: POSTGRES_URL, schema });
  await sql.unsafe(`CREATE TABLE ${schema}.raw (name text PRIMARY KEY, data bytea NOT NULL);
    ALTER TABLE ${schema}.raw ALTER COLUMN data SET STORAGE EXTERNAL`);
  stack.defer(async () => void await sql.unsafe(`DROP SCHEMA ${schema} CASCADE`));
  stack.use(io);
  const table = sql(`${schema}.raw`);
  return {
    name: "PostgreSQL",
    io,
    raw: {
      async write(name, bytes) {
        await sql`INSERT INTO ${table} VALUES (${name}, ${bytes}) ON CONFLICT (name) DO UPDATE SET data = ${bytes}`;
      },
      async read(name) {
        const [row] = await sql<{ data: Uint8Array }[]>`SELECT data FROM ${table} WHERE name = ${name}`;
        return row!.data;
      },
    },
  };
}
