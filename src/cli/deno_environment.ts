/**
 * The world of the command line, by Deno.
 *
 * @module
 */
import { systemClock } from "../base/system_clock.ts";
import type { CliEnvironment, CliOutput, StopSignal } from "./port.ts";

/** What only the whole platform can give. */
export type PlatformParts = Pick<
  CliEnvironment,
  "open" | "drawPlan" | "comparePlan" | "extractSchemas" | "readOwner" | "version" | "defaultModules"
>;

/** The environment of this process. Needs no permission until something of it is used. */
export function createDenoEnvironment(parts: PlatformParts): CliEnvironment {
  return {
    ...parts,
    runtime: `Deno ${Deno.version.deno}`,
    stdout: outputOf(Deno.stdout),
    stderr: outputOf(Deno.stderr),
    clock: systemClock,
    // Called as a method it would lose its global `this`.
    fetch: (input, init) => fetch(input, init),
    moduleUrl,
    readText,
    writeText: (url, text) => Deno.writeTextFile(new URL(url), text),
    env: (name) => Deno.env.get(name) || undefined,
    utcOffsetMinutes: (timeMs) => -new Date(timeMs).getTimezoneOffset(),
    onSignal,
    exit: (code) => Deno.exit(code),
  };
}

async function readText(url: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(new URL(url));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A URL stays; a path becomes a `file:` URL, relative to the working directory. */
export function moduleUrl(specifier: string): string {
  // Two letters at least: `c:\…` is a drive.
  if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) return specifier;
  const directory = Deno.cwd().replaceAll("\\", "/").replace(/\/?$/, "/");
  const base = `file://${directory.startsWith("/") ? "" : "/"}${escapePath(directory)}`;
  return new URL(escapePath(specifier.replaceAll("\\", "/")), base).href;
}

/** Keeps what is part of a name from being read as part of a URL. */
function escapePath(path: string): string {
  return path.replaceAll("%", "%25").replaceAll("?", "%3F").replaceAll("#", "%23");
}

function outputOf(stream: typeof Deno.stdout): CliOutput {
  const encoder = new TextEncoder();
  let gone = false;
  return {
    isTerminal: stream.isTerminal(),
    write(text) {
      let bytes = encoder.encode(text);
      try {
        while (bytes.length > 0 && !gone) bytes = bytes.subarray(stream.writeSync(bytes));
      } catch (error) {
        // The reader left (`| head`): the work goes on unseen.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        gone = true;
      }
    },
    columns: () => consoleSize()?.columns ?? 80,
    rows: () => consoleSize()?.rows ?? 24,
  };
}

/** The size of the terminal; `undefined` without one, or where one says that it has no size. */
function consoleSize(): { readonly columns: number; readonly rows: number } | undefined {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}

function onSignal(handler: (signal: StopSignal) => void): () => void {
  // Windows knows no SIGTERM and no SIGHUP of this kind.
  const signals: readonly StopSignal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  const listeners = signals.map((signal) => ({ signal, listener: () => handler(signal) }));
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  };
}
