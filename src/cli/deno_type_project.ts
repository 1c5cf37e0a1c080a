/**
 * A module and all that it imports as a program of the TypeScript compiler, resolved as Deno resolves it.
 *
 * @module
 */
import { Project, type SourceFile, ts } from "ts-morph";

/** What `deno info --json` says of a module; `local` is where its text is. */
interface DenoModule {
  readonly specifier: string;
  readonly kind?: string;
  readonly local?: string;
  readonly error?: string;
  readonly mediaType?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath?: string;
}

interface DenoInfo {
  readonly modules: readonly DenoModule[];
  readonly redirects?: Readonly<Record<string, string>>;
  readonly npmPackages?: Readonly<Record<string, NpmPackage>>;
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  TypeScript: ".ts",
  TSX: ".tsx",
  Mts: ".mts",
  Cts: ".cts",
  Dts: ".d.ts",
  Dmts: ".d.mts",
  JavaScript: ".js",
  Mjs: ".mjs",
  JSX: ".jsx",
  Json: ".json",
};

/** The files of a program that are the user's own: local ones, the module itself first. */
export async function openTypeProject(moduleUrl: string): Promise<readonly SourceFile[]> {
  const [info, types] = await Promise.all([denoInfo(moduleUrl), deno(["types"])]);
  const files = new ProgramFiles(info);
  const project = new Project({
    compilerOptions: {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ["lib.esnext.d.ts"],
      types: [],
      strict: true,
      noEmit: true,
      allowJs: true,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      skipLibCheck: true,
    },
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
    resolutionHost: (host, options) => ({
      resolveModuleNames: (names, from) => names.map((name) => files.resolve(name, from, host, options())),
    }),
  });
  // The libraries of the runtime: Deno's own names, and those of the web.
  project.createSourceFile("/lib.deno.d.ts", types);
  const own: SourceFile[] = [];
  for (const module of info.modules) {
    const path = files.pathOf(module.specifier);
    if (path === undefined || module.local === undefined || module.mediaType === "Json") continue;
    if (!module.specifier.startsWith("file:")) {
      project.createSourceFile(path, await Deno.readTextFile(module.local));
    } else if (!path.includes("/node_modules/")) own.push(project.addSourceFileAtPath(path));
  }
  const first = files.pathOf(moduleUrl);
  return own.toSorted((a, b) => Number(b.getFilePath() === first) - Number(a.getFilePath() === first));
}

/** Where the files of a program are, and what their imports mean. */
class ProgramFiles {
  readonly #info: DenoInfo;
  readonly #bySpecifier: ReadonlyMap<string, DenoModule>;
  readonly #byPath = new Map<string, DenoModule>();

  constructor(info: DenoInfo) {
    this.#info = info;
    this.#bySpecifier = new Map(info.modules.map((module) => [module.specifier, module]));
    for (const module of info.modules) {
      const path = this.pathOf(module.specifier);
      if (path !== undefined) this.#byPath.set(path, module);
    }
  }

  /** A module's path in the program: its own, or one made up for a module from elsewhere. */
  pathOf(specifier: string): string | undefined {
    const module = this.#bySpecifier.get(specifier);
    if (module === undefined || module.kind === "npm") return undefined;
    if (specifier.startsWith("file:")) return decodeURIComponent(new URL(specifier).pathname);
    if (!/^https?:/.test(specifier)) return undefined;
    const extension = EXTENSIONS[module.mediaType ?? ""] ?? ".ts";
    const path = specifier.replace(/^https?:\/\//, "").replaceAll(/[^\w@./-]/g, "_");
    return `/~remote/${path.endsWith(extension) ? path : path + extension}`;
  }

  resolve(
    name: string,
    from: string,
    host: ts.ModuleResolutionHost,
    options: ts.CompilerOptions,
  ): ts.ResolvedModuleFull | undefined {
    const module = this.#byPath.get(from);
    const compiler = (specifier: string, file: string): ts.ResolvedModuleFull | undefined =>
      ts.resolveModuleName(specifier, file, options, host).resolvedModule;
    if (module === undefined) {
      // Within a package: its own files, or what it depends on.
      if (name.startsWith(".")) return compiler(name, from);
      const own = Object.values(this.#info.npmPackages ?? {}).find(({ localPath }) =>
        localPath !== undefined && from.startsWith(`${localPath}/`)
      );
      const known = own === undefined
        ? []
        : [own, ...own.dependencies.map((id) => this.#info.npmPackages?.[id])];
      const found = known.find((one) =>
        one !== undefined && (name === one.name || name.startsWith(`${one.name}/`))
      );
      return found === undefined ? undefined : inPackage(found, name.slice(found.name.length + 1), compiler);
    }
    const dependency = module.dependencies?.find((one) => one.specifier === name);
    const wanted = dependency?.type?.specifier ?? dependency?.code?.specifier;
    if (wanted === undefined) return undefined;
    const specifier = this.#info.redirects?.[wanted] ?? wanted;
    if (specifier.startsWith("npm:")) return this.#inNpm(specifier, compiler);
    const path = this.pathOf(specifier);
    if (path === undefined) return undefined;
    return { resolvedFileName: path, extension: /\.d\.\w+$|\.\w+$/.exec(path)?.[0] ?? ".ts" };
  }

  /** `npm:/zod@4.6.7/v4`: name, version, and what of it. */
  #inNpm(specifier: string, compiler: Compiler): ts.ResolvedModuleFull | undefined {
    const [, name, version, sub = ""] = /^npm:\/?((?:@[^/]+\/)?[^/@]+)@([^/]+)(?:\/(.*))?$/.exec(specifier) ??
      [];
    const found = Object.values(this.#info.npmPackages ?? {}).find((one) =>
      one.name === name && one.version === version
    );
    return found === undefined ? undefined : inPackage(found, sub, compiler);
  }
}

type Compiler = (specifier: string, file: string) => ts.ResolvedModuleFull | undefined;

/** A package may import itself by its name, which goes by its `exports`; one without goes by its folder. */
function inPackage(found: NpmPackage, sub: string, compiler: Compiler): ts.ResolvedModuleFull | undefined {
  const { name, localPath } = found;
  if (localPath === undefined) return undefined;
  const inside = `${localPath}/index.ts`;
  return compiler(sub === "" ? name : `${name}/${sub}`, inside) ??
    compiler(sub === "" ? "." : `./${sub}`, inside);
}

async function denoInfo(moduleUrl: string): Promise<DenoInfo> {
  // The module was imported already: what it imports may be read.
  const info: DenoInfo = JSON.parse(await deno(["info", "--allow-import", "--json", moduleUrl]));
  const broken = info.modules.find(({ error }) => error !== undefined);
  if (broken === undefined) return info;
  throw new Error(`Cannot read types as each module must be found: ${broken.specifier}: ${broken.error}`);
}

async function deno(args: readonly string[]): Promise<string> {
  // What imports mean is said by the configuration of this program, which Deno looks for from its main module.
  const cwd = Deno.mainModule.startsWith("file:") ? { cwd: new URL(".", Deno.mainModule) } : {};
  const command = new Deno.Command(Deno.execPath(), { args: [...args], ...cwd });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (success) return text(stdout);
  throw new Error(`"deno ${args[0]}" failed: ${text(stderr).trim()}`);
}
