import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const root = new URL("../..", import.meta.url);
const pipelines = new URL("./pipelines.ts", import.meta.url).href;

interface End {
  readonly status: string;
  readonly tasks: Readonly<Record<string, { readonly status: string; readonly attempts: number }>>;
}

/** Runs both pipelines as a user does, in a process of their own, and gives how they ended and what they published. */
async function run(
  params: readonly string[],
  env: Record<string, string> = {},
): Promise<{ ingest: End; report: End; files: Record<string, string> }> {
  const dataDir = await Deno.makeTempDir();
  try {
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "actors/main.ts", "run", "--module", pipelines, "flights_ingest"],
        ...["--watch", "--follow-on", "--json", ...params.flatMap((param) => ["-P", param])],
      ],
      cwd: root,
      env: { MILLRACE_DATA_DIR: dataDir, FLIGHTS: "20k", ...env },
    });
    const { code, stdout, stderr } = await command.output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
    const [ingest, report] = lines.flatMap((line) => line.end ?? []);
    const files: Record<string, string> = {};
    for await (const { name } of Deno.readDir(`${dataDir}/flights`)) {
      files[name] = await Deno.readTextFile(`${dataDir}/flights/${name}`);
    }
    return { ingest, report, files };
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("flights gives the same bytes in every run and every time zone, retries or not", async () => {
  const smooth = await run([], { TZ: "Pacific/Kiritimati" });
  const rough = await run(["failFirst=2"], { TZ: "America/Los_Angeles" });

  for (const { ingest, report } of [smooth, rough]) {
    assertEquals([ingest.status, report.status], ["succeeded", "succeeded"]);
    assertEquals([Object.keys(ingest.tasks).length, Object.keys(report.tasks).length], [5, 8]);
  }
  assertEquals([smooth.ingest.tasks.read_flights!.attempts, smooth.report.tasks.publish_report!.attempts], [
    1,
    1,
  ]);
  assertEquals([rough.ingest.tasks.read_flights!.attempts, rough.report.tasks.publish_report!.attempts], [
    3,
    3,
  ]);

  assertEquals(Object.keys(smooth.files).sort(), ["report.csv", "report.html", "report.json"]);
  assertEquals(rough.files, smooth.files);
  const { overall, rejectedRows } = JSON.parse(smooth.files["report.json"]!);
  assertEquals([overall.flights, overall.latePercent, rejectedRows], [20_000, 22.8, 0]);
});

Deno.test("flights reports without the weather if the weather fails", async () => {
  const { report, files } = await run(["failWeather=true"]);
  assertEquals(report.status, "succeeded");
  assertEquals(report.tasks.weather!.status, "failed");
  assertStringIncludes(files["report.html"]!, "The weather is missing from this report.");
  assert("failure" in JSON.parse(files["report.json"]!).weather);
});
