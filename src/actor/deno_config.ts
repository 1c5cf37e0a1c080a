/**
 * The configuration of the application: a child process has to be told, as its own first module is ours.
 *
 * @module
 */

const NAMES = ["deno.json", "deno.jsonc"];

/**
 * The path of the configuration file that holds for the program: the first one in the folder of its main module
 * or above it, as Deno itself looks for it. `undefined` if there is none, or if it may not be looked for.
 *
 * Source: https://docs.deno.com/runtime/fundamentals/configuration/
 */
export function findConfig(): string | undefined {
  try {
    const main = new URL(Deno.mainModule);
    if (main.protocol !== "file:") return undefined;
    for (let folder = new URL(".", main);; folder = new URL("..", folder)) {
      for (const name of NAMES) {
        const file = new URL(name, folder);
        if (exists(file)) return pathOf(file);
      }
      if (folder.pathname === new URL("..", folder).pathname) return undefined;
    }
  } catch {
    return undefined; // no right to read
  }
}

function exists(file: URL): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function pathOf({ pathname }: URL): string {
  const path = decodeURIComponent(pathname);
  return Deno.build.os === "windows" ? path.slice(1) : path;
}
