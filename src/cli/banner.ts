/**
 * What `millrace start` says once it is ready.
 *
 * @module
 */
import type { PlatformView, TriggerView } from "../http/port.ts";
import { formatCountdown } from "./durations.ts";
import type { Style } from "./style.ts";
import { counted, wrap } from "./terminal_text.ts";

/** What the banner tells. */
export interface BannerFacts {
  /** What the platform is. */
  readonly view: PlatformView;
  /** The runtime and its version. */
  readonly runtime: string;
  /** Where HTTP is served, if it is. */
  readonly url: string | undefined;
  /** The port that was in use, if another one had to be taken. */
  readonly portInUse: number | undefined;
  /** Whether clients must show a token. */
  readonly hasToken: boolean;
  /** How many runs of an earlier process are continued. */
  readonly resumed: number;
  /** The time, in ms since 1970. */
  readonly nowMs: number;
}

/** So many names are shown; more are counted only. */
const FEW = 8;
const LABEL_WIDTH = 11;

/** The lines of the banner. */
export function banner(facts: BannerFacts, columns: number, style: Style): readonly string[] {
  const { view, url } = facts;
  const rows: (readonly [label: string, lines: readonly string[]])[] = [
    ["HTTP", http(facts, style)],
    ["Journal", journal(view)],
    ["Results", [view.results]],
    ["Tasks", [named(view.tasks)]],
    ["Pipelines", [named(view.pipelines.map((pipeline) => pipeline.name))]],
    ["Triggers", [named(view.triggers.map((trigger) => `${trigger.name} (${trigger.kind})`))]],
    ["Next", next(view.triggers, facts.nowMs)],
    ["Executors", [`${view.executors.total}`]],
    ["Resumed", facts.resumed === 0 ? [] : [`${counted(facts.resumed, "run")} of an earlier process`]],
  ];
  const lines = rows.flatMap(([label, texts]) => {
    const wrapped = texts.flatMap((text) => wrap(text, Math.max(20, columns - LABEL_WIDTH - 2)));
    return wrapped.map((text, index) =>
      `  ${style.dim((index === 0 ? label : "").padEnd(LABEL_WIDTH))}${
        label === "HTTP" ? text : style.bold(text)
      }`
    );
  });
  const command = tryOut(view, url, facts.hasToken);
  // On lines of its own and never broken, so that it can be copied.
  const invitation = command === undefined ? [] : ["", `  ${style.dim("Try")}`, `  ${style.cyan(command)}`];
  const title = `  ${style.bold(`millrace ${view.version}`)} ${style.dim(`· ${facts.runtime}`)}`;
  return ["", title, "", ...lines, ...invitation, "", `  ${style.dim("^C stops")}`, ""];
}

function http(facts: BannerFacts, style: Style): readonly string[] {
  if (facts.url === undefined) return ["off"];
  const lines = [style.cyan(facts.url.replace(/\/?$/, "/"))];
  if (facts.portInUse !== undefined) lines.push(style.yellow(`port ${facts.portInUse} was in use`));
  if (!facts.hasToken && !isLoopback(facts.url)) {
    lines.push(style.yellow("open to the network without a token: set MILLRACE_TOKEN"));
  }
  return lines;
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}

function journal(view: PlatformView): readonly string[] {
  const level = view.fsync === "always"
    ? "every commit survives a power cut (fsync: always)"
    : "every commit survives a crash of the process (fsync: batched)";
  return [view.journal, level];
}

function named(names: readonly string[]): string {
  if (names.length === 0) return "none";
  return names.length > FEW ? String(names.length) : `${names.length}: ${names.join(", ")}`;
}

function next(triggers: readonly TriggerView[], nowMs: number): readonly string[] {
  const [first] = triggers
    .filter((trigger) => trigger.running && trigger.nextMs !== undefined)
    .sort((a, b) => a.nextMs! - b.nextMs!);
  if (first === undefined) return [];
  const cron = [first.cron, first.timezone].filter((part) => part !== undefined).join(", ");
  return [`${first.name} in ${formatCountdown(first.nextMs! - nowMs)}${cron === "" ? "" : ` (${cron})`}`];
}

/** One command that makes something happen, if there is one. */
function tryOut(view: PlatformView, url: string | undefined, hasToken: boolean): string | undefined {
  const [pipeline] = view.pipelines;
  const hook = view.triggers.find((trigger) => trigger.kind === "api");
  if (url !== undefined && hook !== undefined) {
    const token = hasToken ? ` -H "authorization: Bearer $MILLRACE_TOKEN"` : "";
    const address = new URL(`/api/triggers/${hook.name}/trigger`, url);
    return `curl -X POST ${address}${token}`;
  }
  return pipeline === undefined ? undefined : `millrace run ${pipeline.name} --watch`;
}
