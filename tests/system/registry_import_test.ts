import { assert, assertEquals } from "@std/assert";
import { VERSION } from "../../actors/version.ts";
import { publishedPaths, type Registry, serveRegistry } from "./fixtures/registry/registry.ts";

const FIXTURES = new URL("./fixtures/registry/", import.meta.url);
const EXPECTED = { version: VERSION, status: "succeeded", sum: 6 };

/** A program in a folder of its own, with nothing of this repository in reach but what a registry serves. */
class Consumer {
  readonly #dir: string;
  readonly #env: Record<string, string>;

  private constructor(dir: string, registry: Registry) {
    this.#dir = dir;
    this.#env = { JSR_URL: registry.url, DENO_DIR: `${dir}/deno_dir`, NO_COLOR: "1" };
  }

  static async create(registry: Registry): Promise<Consumer> {
    const dir = await Deno.makeTempDir({ prefix: "millrace_consumer_" });
    for (const file of ["main.ts", "pipelines.ts"]) {
      await Deno.copyFile(new URL(file, FIXTURES), `${dir}/${file}`);
    }
    const imports = { "@millrace/millrace": `jsr:@millrace/millrace@^${VERSION}` };
    await Deno.writeTextFile(`${dir}/deno.json`, JSON.stringify({ imports }));
    // npm packages are no concern of this test: it shares those that are here already.
    await Deno.mkdir(`${dir}/deno_dir`);
    await Deno.symlink(await npmCache(), `${dir}/deno_dir/npm`);
    return new Consumer(dir, registry);
  }

  /** Runs `deno` there and gives what it printed. */
  async deno(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: this.#dir,
      env: this.#env,
    }).output();
    const text = new TextDecoder();
    assert(success, `deno ${args.join(" ")}: ${text.decode(stderr)}`);
    return text.decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}

async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

Deno.test("package consists of the modules and what a reader needs, and of no tests", async () => {
  const paths = await publishedPaths();
  assert(
    ["mod.ts", "actors/host.ts", "src/testing/mod.ts", "deno.json"].every((path) => paths.includes(path)),
  );
  assertEquals(
    paths.filter((path) => !/^(mod\.ts|src\/|actors\/|[A-Z]+(\.md)?$|deno\.json$)/.test(path)),
    [],
  );
});

Deno.test("package runs a pipeline in Web Workers for a program that imports it from the registry", async (t) => {
  const registry = await serveRegistry();
  try {
    await using consumer = await Consumer.create(registry);
    await t.step("its types hold there", async () => {
      await consumer.deno("check", "main.ts", "pipelines.ts");
    });
    await t.step("it runs", async () => {
      assertEquals(JSON.parse(await consumer.deno("run", "-A", "main.ts")), EXPECTED);
    });
  } finally {
    await registry.stop();
  }
});

Deno.test("package needs no registry once `deno install` has fetched the module graph", async () => {
  const registry = await serveRegistry();
  try {
    await using consumer = await Consumer.create(registry);
    await consumer.deno("install", "--entrypoint", "main.ts");
    assert(
      registry.asked.has(`/@millrace/millrace/${VERSION}/actors/host.ts`),
      "the worker entry is in the graph",
    );
    await registry.stop();
    assertEquals(JSON.parse(await consumer.deno("run", "-A", "--cached-only", "main.ts")), EXPECTED);
  } finally {
    await registry.stop();
  }
});
