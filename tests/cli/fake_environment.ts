/** A world for the command line in which a test holds all the strings. */
import type {
  CliEnvironment,
  CliOpenOptions,
  CliOutput,
  DataDirOwner,
  ExtractedSchemas,
  PlanRequest,
  StopSignal,
} from "../../src/cli/port.ts";
import type { DrawOptions, Plan } from "../../src/task/plan.ts";
import { FakePlatform } from "./fake_platform.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** 2026-11-21T12:04:05Z. */
export const NOON_MS = Date.UTC(2026, 10, 21, 12, 4, 5);

export class FakeOutput implements CliOutput {
  text = "";
  isTerminal = false;
  width = 80;
  height = 24;

  write(text: string): void {
    this.text += text;
  }

  columns(): number {
    return this.width;
  }

  rows(): number {
    return this.height;
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  get json(): unknown[] {
    return this.lines.map((line) => JSON.parse(line));
  }
}

export class FakeEnvironment implements CliEnvironment {
  readonly version = "0.1.0";
  readonly runtime = "Deno 2.9.6";
  readonly defaultModules: readonly string[] = ["file:///default.ts"];
  readonly stdout = new FakeOutput();
  readonly stderr = new FakeOutput();
  readonly clock = new VirtualClock(NOON_MS);
  readonly fetch = fetch;
  readonly platform = new FakePlatform(this.clock);
  readonly opened: CliOpenOptions[] = [];
  readonly planned: { modules: readonly string[]; request: PlanRequest; options: DrawOptions }[] = [];
  readonly exits: number[] = [];
  owner: DataDirOwner | undefined;
  extracted: ExtractedSchemas = { schemas: {}, gaps: [] };
  readonly files = new Map<string, string>();
  failure: Error | undefined;
  variables: Record<string, string> = {};
  #handlers = new Set<(signal: StopSignal) => void>();

  get listening(): number {
    return this.#handlers.size;
  }

  signal(signal: StopSignal): void {
    for (const handler of this.#handlers) handler(signal);
  }

  open(options: CliOpenOptions): Promise<FakePlatform> {
    this.opened.push(options);
    return this.failure === undefined ? Promise.resolve(this.platform) : Promise.reject(this.failure);
  }

  drawPlan(modules: readonly string[], request: PlanRequest, options: DrawOptions): Promise<string> {
    this.planned.push({ modules, request, options });
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve(`${options.format} plan`);
  }

  comparePlan(
    _modules: readonly string[],
    request: PlanRequest,
    before: Plan,
    { format, strict = false }: { readonly format: string; readonly strict?: boolean },
  ): Promise<string> {
    return Promise.resolve(
      `${strict ? "strict " : ""}${format} diff of ${JSON.stringify(request)} against ${before.dagId}`,
    );
  }

  extractSchemas(): Promise<ExtractedSchemas> {
    return Promise.resolve(this.extracted);
  }

  readText(url: string): Promise<string | undefined> {
    return Promise.resolve(this.files.get(url));
  }

  writeText(url: string, text: string): Promise<void> {
    this.files.set(url, text);
    return Promise.resolve();
  }

  readOwner(): Promise<DataDirOwner | undefined> {
    return Promise.resolve(this.owner);
  }

  moduleUrl = (specifier: string): string => {
    return specifier.startsWith("file:") ? specifier : `file:///here/${specifier}`;
  };

  readonly env = (name: string): string | undefined => this.variables[name];

  utcOffsetMinutes(): number {
    return 0;
  }

  onSignal(handler: (signal: StopSignal) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  exit(code: number): void {
    this.exits.push(code);
  }
}
