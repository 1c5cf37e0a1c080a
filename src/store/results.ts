/**
 * Where results are kept, as plain data: what is not a function can be handed to every thread and process.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";
import { assertKeys } from "../base/names.ts";
import { openFilesystemIOManager } from "./filesystem_io_manager.ts";
import { openKvIOManager } from "./kv_io_manager.ts";
import type { IOManager } from "./port.ts";
import { assertPostgresUrl, DEFAULT_SCHEMA, openPostgresIOManager } from "./postgres_io_manager.ts";

/** Where to keep results. */
export type ResultsOptions =
  /** As files, in the data folder if `dir` is absent. */
  | { readonly kind: "filesystem"; readonly dir?: string }
  /** In a file of Deno KV, `results.kv` in the data folder if `path` is absent. Needs the unstable flag `kv`. */
  | { readonly kind: "kv"; readonly path?: string }
  /** In a PostgreSQL database, which several platforms may share if their `schema`s differ. @default "millrace" */
  | { readonly kind: "postgres"; readonly url: string; readonly schema?: string }
  /** In a store of your own: a module that exports `openIOManager`. `options` is plain data. */
  | { readonly kind: "module"; readonly module: string; readonly options?: unknown };

/** What else an I/O manager of a platform may need. */
export interface ResultsContext {
  /** The folder where the platform keeps its state; absolute. */
  readonly dataDir: string;
  /** What a saved result must survive: `batched` the end of the process, `always` that of the machine too. */
  readonly fsync: "always" | "batched";
}

/** What the module of `kind: "module"` exports as `openIOManager`; called once in each thread that needs it. */
export type OpenIOManager = (options: unknown, context: ResultsContext) => Promise<IOManager> | IOManager;

const KEYS: { readonly [Kind in ResultsOptions["kind"]]: readonly string[] } = {
  filesystem: ["kind", "dir"],
  kv: ["kind", "path"],
  postgres: ["kind", "url", "schema"],
  module: ["kind", "module", "options"],
};

/** Throws a `TypeError` unless these are options. */
export function assertResultsOptions(options: ResultsOptions): void {
  const known = Object.hasOwn(KEYS, options.kind) ? KEYS[options.kind] : undefined;
  if (known === undefined) {
    throw new TypeError(
      `Cannot keep results as their kind must be filesystem, kv, postgres or module: current value is ${
        JSON.stringify(options.kind)
      }`,
    );
  }
  assertKeys(`results of kind "${options.kind}"`, options, known);
  if (options.kind === "postgres") assertPostgresUrl(options.url);
}

/**
 * Reads where to keep results from one line, as an environment variable has it: `filesystem`, `kv`,
 * `kv:<path>`, `postgres://…`, or the path or URL of a module.
 *
 * @param moduleUrl Makes a URL of a path.
 * @throws {MillraceError} `cli/setting-invalid`.
 */
export function parseResults(text: string, moduleUrl: (path: string) => string): ResultsOptions {
  if (text === "filesystem" || text === "kv") return { kind: text };
  if (text.startsWith("kv:")) return { kind: "kv", path: text.slice("kv:".length) };
  if (/^postgres(ql)?:\/\//.test(text)) return { kind: "postgres", url: text };
  if (/\.[cm]?[jt]s$/.test(text)) return { kind: "module", module: moduleUrl(text) };
  throw new MillraceError(
    "cli/setting-invalid",
    // Not the value: it may have a password.
    "Cannot keep results as MILLRACE_RESULTS must be filesystem, kv, kv:<path>, postgres://… or the path of a " +
      "module: current value is something else",
    { details: { name: "MILLRACE_RESULTS" } },
  );
}

/** Where results are kept, for people and for comparing: one line, without a password. */
export function resultsPlace(options: ResultsOptions): string {
  switch (options.kind) {
    case "filesystem":
      return options.dir === undefined ? "files" : `files in ${options.dir}`;
    case "kv":
      return options.path === undefined ? "Deno KV" : `Deno KV in ${options.path}`;
    case "postgres": {
      const { host, pathname } = new URL(options.url);
      return `postgres://${host}${pathname}, schema ${options.schema ?? DEFAULT_SCHEMA}`;
    }
    case "module":
      return `the store of ${options.module}`;
  }
}

/** The same options with the path that they stand for in a data folder. */
export function resultsIn(dataDir: string, options: ResultsOptions): ResultsOptions {
  if (options.kind === "filesystem") return { ...options, dir: options.dir ?? dataDir };
  return options.kind === "kv" ? { ...options, path: options.path ?? `${dataDir}/results.kv` } : options;
}

/**
 * Opens the place where a platform keeps results.
 *
 * @throws {MillraceError} `platform/data-dir-unusable`, `store/kv-off`, `store/unavailable`,
 * `module/load-failed` or `module/definition-invalid`.
 */
export async function openResults(given: ResultsOptions, context: ResultsContext): Promise<IOManager> {
  const options = resultsIn(context.dataDir, given);
  switch (options.kind) {
    case "filesystem":
      return await openFilesystemIOManager({ dir: options.dir!, fsync: context.fsync });
    case "kv":
      return await openKvIOManager({ path: options.path! });
    case "postgres": {
      const { kind: _, ...rest } = options;
      return await openPostgresIOManager(rest);
    }
    case "module":
      return await openModule(options.module, options.options, context);
  }
}

async function openModule(module: string, options: unknown, context: ResultsContext): Promise<IOManager> {
  let exports: { readonly openIOManager?: unknown };
  try {
    exports = await import(module);
  } catch (error) {
    throw new MillraceError(
      "module/load-failed",
      `Cannot keep results as the module ${module} must load: ${messageOf(error)}`,
      { details: { module }, cause: error },
    );
  }
  const { openIOManager } = exports;
  if (typeof openIOManager === "function") return await (openIOManager as OpenIOManager)(options, context);
  throw new MillraceError(
    "module/definition-invalid",
    `Cannot keep results as the module ${module} must export a function openIOManager`,
    { details: { module, export: "openIOManager" } },
  );
}
