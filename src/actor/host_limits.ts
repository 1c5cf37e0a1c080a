/**
 * What a host may do and how much memory it may take, as flags of Deno's command line.
 *
 * @module
 */
import { assertKeys } from "../base/names.ts";

/** `true` for everything of a kind, or a list as Deno's `--allow-…` flags take it. */
export type Grant = boolean | readonly string[];

/**
 * What code in a host may do. Nothing named is denied; `{}` denies everything.
 *
 * A host imports its actors' modules with these rights: `read` has to include the folders of local modules, and
 * of what they import, unless they are named as `modules` of the host. Packages that are cached need no right.
 *
 * Source: https://docs.deno.com/runtime/fundamentals/security/
 */
export interface HostPermissions {
  /** Hosts to talk to, e.g. `["api.example.com:443"]`. */
  readonly net?: Grant;
  /** Files and folders to read. */
  readonly read?: Grant;
  /** Files and folders to write. */
  readonly write?: Grant;
  /** Environment variables to see. */
  readonly env?: Grant;
  /** Facts about the machine to see, e.g. `["hostname"]`. */
  readonly sys?: Grant;
  /** Programs to run. They run with all the rights of this one. */
  readonly run?: Grant;
  /** Native libraries to load. They are not held to anything. */
  readonly ffi?: Grant;
  /**
   * Hosts to import modules from, besides Deno's own list of them. Without it, only modules that are cached can
   * be imported from the network, as the program itself has done: to fetch another one could tell secrets.
   */
  readonly import?: Grant;
}

/** What a host is held to. */
export interface HostLimits {
  /** What code in it may do. @default {everything} */
  readonly permissions?: HostPermissions;
  /** How much its JavaScript heap may take, in MiB; buffers are not counted. @default {Deno's own limit} */
  readonly memoryMb?: number;
  /**
   * URLs of modules that it may import, with all that they import by a literal name, whatever else it may read.
   * They are not evaluated before that. @default {[]}
   */
  readonly modules?: readonly string[];
}

const KINDS = ["net", "read", "write", "env", "sys", "run", "ffi", "import"] as const;

/**
 * Checks the limits of a host.
 *
 * @throws {TypeError} If a permission is unknown, or a module is named by no URL.
 * @throws {RangeError} If `memoryMb` is no positive integer.
 */
export function assertLimits(label: string, { permissions, memoryMb, modules = [] }: HostLimits): void {
  if (permissions !== undefined) assertKeys(`the permissions of host "${label}"`, permissions, KINDS);
  for (const url of modules) {
    if (URL.canParse(url)) continue;
    throw new TypeError(
      `Cannot start host "${label}" as its modules must be URLs: current value is "${url}"`,
    );
  }
  if (memoryMb !== undefined && !(Number.isInteger(memoryMb) && memoryMb >= 1)) {
    throw new RangeError(
      `Cannot start host "${label}" as memoryMb must be an integer >= 1: current value is ${memoryMb}`,
    );
  }
}

/** The limits alone, of whatever else is known of a host. */
export function limitsOf({ permissions, memoryMb, modules }: HostLimits): HostLimits {
  return {
    ...(permissions === undefined ? {} : { permissions }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
    ...(modules === undefined ? {} : { modules }),
  };
}

/** The flags of `deno run` that hold a process to its limits. */
export function limitFlags({ permissions, memoryMb }: HostLimits): readonly string[] {
  const memory = memoryMb === undefined ? [] : [`--v8-flags=--max-old-space-size=${memoryMb}`];
  if (permissions === undefined) return ["-A", ...memory];
  const flags = KINDS.flatMap((kind) => allow(kind, permissions[kind]));
  return [...flags, ...(isNamed(permissions.import) ? [] : ["--cached-only"]), ...memory];
}

function isNamed(grant: Grant = false): grant is true | readonly string[] {
  return grant === true || grant !== false && grant.length > 0;
}

/**
 * What is not granted is denied by name, which holds against any other flag: `node:child_process` adds `-A` to
 * the flags of a `deno run` that mentions no permission (seen on Deno 2.9.6). But for imports: modules of the
 * program may come from Deno's own list of hosts, and packages of npm need no right at all.
 */
function allow(kind: typeof KINDS[number], grant: Grant = false): readonly string[] {
  if (!isNamed(grant)) return kind === "import" ? [] : [`--deny-${kind}`];
  if (grant === true) return [`--allow-${kind}`];
  // A comma in a name is doubled.
  return [`--allow-${kind}=${grant.map((one) => one.replaceAll(",", ",,")).join(",")}`];
}

/**
 * The first module of a process: the entry of all hosts, and with it in one graph the modules that this host may
 * import. What is in the graph of the first module needs no right to be read (seen on Deno 2.9.6).
 */
export function entryModule(entry: string, { modules = [] }: HostLimits): string {
  if (modules.length === 0) return entry;
  const imports = modules.map((url) => `() => import(${JSON.stringify(url)})`);
  const source = `import ${JSON.stringify(entry)}; export const modules = [${imports.join(", ")}];`;
  return `data:application/javascript,${encodeURIComponent(source)}`;
}

/** What Deno itself needs to find its cache, and programs to find each other; none of it is a secret. */
const HARMLESS = [
  ...["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "DENO_DIR", "XDG_CACHE_HOME"],
  ...["USERPROFILE", "LOCALAPPDATA", "APPDATA", "SystemRoot", "ComSpec", "PATHEXT"],
];

/**
 * The environment of a process: of one with rights of its own only what it may see, and what is no secret. A
 * name may end with `*`, as in Deno's flags.
 */
export function environmentOf(
  { permissions }: HostLimits,
  all: Readonly<Record<string, string>>,
): Record<string, string> {
  if (permissions === undefined || permissions.env === true) return { ...all };
  const granted = [...HARMLESS, ...permissions.env || []];
  const isGranted = (name: string): boolean =>
    granted.some((one) => one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one);
  return Object.fromEntries(Object.entries(all).filter(([name]) => isGranted(name)));
}
