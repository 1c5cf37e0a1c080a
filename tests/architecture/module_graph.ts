/** The modules that are shipped and how they import each other, as `deno info` sees them. */

/** The folder of the project. */
export const ROOT = new URL("../../", import.meta.url);

/** One import, or re-export, of a module. */
export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** A path from the project's folder, or the address of a foreign module; empty if it cannot be resolved. */
  readonly to: string;
  /** What it is at run time: nothing (`import type`), loaded before, or loaded on demand. */
  readonly kind: "type" | "value" | "dynamic";
}

/** The imports of every module of the project that can be reached from the entries. */
export type ModuleGraph = ReadonlyMap<string, readonly Import[]>;

interface Resolved {
  readonly specifier?: string;
}

interface DenoInfo {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: Resolved;
      readonly type?: Resolved;
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** Reads the graph of the modules that `entries`, paths from the project's folder, reach. */
export async function readModuleGraph(entries: readonly string[]): Promise<ModuleGraph> {
  const graph = new Map<string, readonly Import[]>();
  for (const entry of entries) {
    for (const { specifier, dependencies = [] } of (await denoInfo(entry)).modules) {
      if (!specifier.startsWith(ROOT.href)) continue;
      graph.set(
        pathOf(specifier),
        dependencies.map((dependency) => ({
          specifier: dependency.specifier,
          to: pathOf(dependency.code?.specifier ?? dependency.type?.specifier ?? ""),
          kind: dependency.isDynamic ? "dynamic" : dependency.code === undefined ? "type" : "value",
        })),
      );
    }
  }
  return graph;
}

/** The modules of one cycle of value imports, the first one repeated at the end; empty if there is none. */
export function findCycle(graph: ModuleGraph): readonly string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (module: string): readonly string[] => {
    if (path.includes(module)) return [...path.slice(path.indexOf(module)), module];
    if (done.has(module)) return [];
    path.push(module);
    for (const { to, kind } of graph.get(module) ?? []) {
      const cycle = kind === "value" ? visit(to) : [];
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(module);
    return [];
  };
  for (const module of graph.keys()) {
    const cycle = visit(module);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

async function denoInfo(entry: string): Promise<DenoInfo> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`Cannot read the graph of ${entry}: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function pathOf(specifier: string): string {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : specifier;
}
