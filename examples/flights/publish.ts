/**
 * Writes files so that a reader never sees half of one, whatever happens meanwhile.
 */

/** What {@linkcode publishFiles} writes, and where. */
export interface Publication {
  /** The folder; made if it is not there. */
  readonly dir: string;
  /** The texts by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** Marks the temporary files as this run's: writing again for the same run leaves none behind. */
  readonly runId: string;
}

/** Writes each file beside its place, then renames it into place. Gives the paths. */
export async function publishFiles({ dir, files, runId }: Publication): Promise<string[]> {
  await Deno.mkdir(dir, { recursive: true });
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = `${dir}/${name}`;
    const temporary = `${dir}/.${name}.${runId}.tmp`;
    await writeDurably(temporary, text);
    await Deno.rename(temporary, path);
    paths.push(path);
  }
  return paths;
}

/** On the disk before it is renamed: a power cut must not leave an empty file under the final name. */
async function writeDurably(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
  await file.sync();
}
