/**
 * One process per data folder: a lock that the operating system releases, however the process ends.
 *
 * @module
 */
import { messageOf, MillraceError } from "../base/errors.ts";

/** Who uses a data folder. */
export interface DataDirOwner {
  /** The process. */
  readonly pid: number;
  /** When it started, in ms since 1970. */
  readonly startedMs: number;
  /** Where it serves HTTP, once it does. */
  readonly url?: string;
}

/** A data folder that is ours until released. */
export interface DataDirLock extends AsyncDisposable {
  /** The folder. */
  readonly dir: string;
  /** Tells others where this process serves HTTP; nothing after the release. */
  setUrl(url: string): Promise<void>;
  /** Lets others have the folder; calling it twice is harmless. */
  release(): Promise<void>;
}

/**
 * {@linkcode readOwner} holds the lock for a moment to find out whether somebody else does, and an owner needs
 * a moment to write its name. So who finds the lock taken looks again a few times.
 */
const LOOKS = 8;
const LOOK_AGAIN_MS = 25;

/**
 * Takes a data folder for this process; the folder is made if it is missing.
 *
 * @throws {MillraceError} `platform/data-dir-locked` if another one, or this one, has it already;
 * `platform/data-dir-unusable` if it cannot be made or written.
 */
export async function lockDataDir(
  dir: string,
  info: { readonly pid: number; readonly startedMs: number },
): Promise<DataDirLock> {
  const owner: DataDirOwner = { pid: info.pid, startedMs: info.startedMs };
  const file = await orUnusable(dir, async () => {
    await Deno.mkdir(dir, { recursive: true });
    return await Deno.open(lockPath(dir), { read: true, write: true, create: true });
  });
  try {
    await orUnusable(dir, () => take(dir, file));
    await orUnusable(dir, () => writeOwner(dir, owner));
  } catch (error) {
    file.close();
    throw error;
  }
  let held = true;
  const release = async (): Promise<void> => {
    if (!held) return;
    held = false;
    try {
      await Deno.remove(ownerPath(dir)).catch(() => {});
    } finally {
      file.close();
    }
  };
  return {
    dir,
    setUrl: async (url) => {
      if (held) await orUnusable(dir, () => writeOwner(dir, { ...owner, url }));
    },
    release,
    [Symbol.asyncDispose]: release,
  };
}

/** Who uses a data folder just now, or `undefined`: also if the last one ended without a word. */
export async function readOwner(dir: string): Promise<DataDirOwner | undefined> {
  const owner = await readOwnerFile(dir);
  // Nobody says so: no need to touch the lock, which somebody may be about to take.
  if (owner === undefined) return undefined;
  try {
    using file = await Deno.open(lockPath(dir));
    // A shared lock, so that two who look do not see each other.
    return await file.tryLock(false) ? undefined : owner;
  } catch {
    return undefined;
  }
}

async function take(dir: string, file: Deno.FsFile): Promise<void> {
  let owner: DataDirOwner | undefined;
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    if (await file.tryLock(true)) return;
    owner = await readOwnerFile(dir);
  }
  const { pid = 0, url } = owner ?? {};
  const who = owner === undefined
    ? "another process"
    : `process ${pid}${url === undefined ? "" : ` at ${url}`}`;
  throw new MillraceError(
    "platform/data-dir-locked",
    `Cannot use the data folder "${dir}" as it must belong to one process: current owner is ${who}`,
    { details: { dataDir: dir, pid, ...(url === undefined ? {} : { url }) } },
  );
}

async function readOwnerFile(dir: string): Promise<DataDirOwner | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(ownerPath(dir)));
  } catch {
    return undefined;
  }
}

/** Beside the lock, not in it: on Windows nobody else could read a locked file. */
async function writeOwner(dir: string, owner: DataDirOwner): Promise<void> {
  const temp = `${ownerPath(dir)}.tmp`;
  await Deno.writeTextFile(temp, JSON.stringify(owner) + "\n");
  await Deno.rename(temp, ownerPath(dir));
}

function lockPath(dir: string): string {
  return `${dir}/lock`;
}

function ownerPath(dir: string): string {
  return `${dir}/owner.json`;
}

async function orUnusable<T>(dir: string, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    if (MillraceError.is(error)) throw error;
    const reason = messageOf(error);
    throw new MillraceError(
      "platform/data-dir-unusable",
      `Cannot use the data folder "${dir}" as it must be a folder that can be written: ${reason}`,
      { details: { dataDir: dir, reason }, cause: error },
    );
  }
}
