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
 * of what they import. Packages that are cached need no right.
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
  /** Hosts to import modules from besides Deno's own list, which cannot be denied here. */
  readonly import?: Grant;
}

/** What a host is held to. */
export interface HostLimits {
  /** What code in it may do. @default {everything} */
  readonly permissions?: HostPermissions;
  /** How much its JavaScript heap may take, in MiB; buffers are not counted. @default {Deno's own limit} */
  readonly memoryMb?: number;
}

const KINDS = ["net", "read", "write", "env", "sys", "run", "ffi", "import"] as const;

/**
 * Checks the limits of a host.
 *
 * @throws {TypeError} If a permission is unknown.
 * @throws {RangeError} If `memoryMb` is no positive integer.
 */
export function assertLimits(label: string, { permissions, memoryMb }: HostLimits): void {
  if (permissions !== undefined) assertKeys(`the permissions of host "${label}"`, permissions, KINDS);
  if (memoryMb !== undefined && !(Number.isInteger(memoryMb) && memoryMb >= 1)) {
    throw new RangeError(
      `Cannot start host "${label}" as memoryMb must be an integer >= 1: current value is ${memoryMb}`,
    );
  }
}

/** The flags of `deno run` that hold a process to its limits. */
export function limitFlags({ permissions, memoryMb }: HostLimits): readonly string[] {
  const memory = memoryMb === undefined ? [] : [`--v8-flags=--max-old-space-size=${memoryMb}`];
  if (permissions === undefined) return ["-A", ...memory];
  return [...KINDS.flatMap((kind) => allow(kind, permissions[kind])), ...memory];
}

/**
 * What is not granted is denied by name, which holds against any other flag: `node:child_process` adds `-A` to
 * the flags of a `deno run` that mentions no permission (seen on Deno 2.9.6).
 */
function allow(kind: typeof KINDS[number], grant: Grant = false): readonly string[] {
  if (grant === true) return [`--allow-${kind}`];
  if (grant === false || grant.length === 0) return kind === "import" ? [] : [`--deny-${kind}`];
  // A comma in a name is doubled.
  return [`--allow-${kind}=${grant.map((one) => one.replaceAll(",", ",,")).join(",")}`];
}
