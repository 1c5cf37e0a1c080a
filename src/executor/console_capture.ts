/**
 * Has what a task prints by `console` go to the log of its attempt, whichever of several that run at once in this
 * thread it is. `console` is replaced only while an attempt runs; what prints outside of one is not touched.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Console } from "node:console";
import type { LogLevel } from "../base/log.ts";
import type { AttemptLog } from "./attempt_log.ts";

type Method = (...args: unknown[]) => void;
type Methods = Record<string, Method>;

const LEVELS: Readonly<Record<string, LogLevel>> = {
  debug: "debug",
  warn: "warn",
  error: "error",
  assert: "error",
  trace: "error",
};
/** All that writes, or has to do with how. */
const METHODS = [
  ...[
    "log",
    "debug",
    "info",
    "warn",
    "error",
    "assert",
    "trace",
    "dir",
    "dirxml",
    "table",
    "count",
    "countReset",
  ],
  ...["time", "timeLog", "timeEnd", "group", "groupCollapsed", "groupEnd"],
];

/** The attempt that the running code belongs to. */
const current = new AsyncLocalStorage<AttemptLog>();
/** Each attempt has its own counters, timers and indentation. */
const consoles = new WeakMap<AttemptLog, Methods>();
const target = globalThis.console as unknown as Methods;
let originals: Methods | undefined;
let running = 0;
/** What the method that is being called writes with. */
let level: LogLevel = "info";

/** Does `work`; what it prints goes to `log`. */
export async function withConsole<T>(log: AttemptLog, work: () => Promise<T>): Promise<T> {
  if (running++ === 0) install();
  try {
    return await current.run(log, work);
  } finally {
    if (--running === 0) uninstall();
  }
}

function install(): void {
  originals = {};
  for (const name of METHODS) {
    const original = originals[name] = target[name]!;
    target[name] = (...args) => {
      const log = current.getStore();
      if (log === undefined || log.closed) return original(...args);
      level = LEVELS[name] ?? "info";
      consoleOf(log)[name]!(...args);
    };
  }
}

function uninstall(): void {
  Object.assign(target, originals);
}

function consoleOf(log: AttemptLog): Methods {
  let made = consoles.get(log);
  if (made === undefined) {
    const stream = (source: "stdout" | "stderr") => ({
      write(text: string): boolean {
        log.print(source, level, text.endsWith("\n") ? text.slice(0, -1) : text);
        return true;
      },
      // What Node's console does to a stream besides.
      on() {},
      once() {},
      removeListener() {},
      listenerCount: () => 0,
    });
    const streams = { stdout: stream("stdout"), stderr: stream("stderr"), colorMode: false };
    made = new Console(streams as never) as unknown as Methods;
    consoles.set(log, made);
  }
  return made;
}
