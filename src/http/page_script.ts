/**
 * The script of the page, first part: what it knows and how it keeps that up to date.
 *
 * It is text for the browser, not code of ours: no backslashes that a template would read, no back ticks.
 *
 * @module
 */

/** JavaScript; runs as a module together with the second part, `PAGE_VIEW`. */
export const PAGE_SCRIPT: string = String.raw`
const RUNS = 20, EVENTS = 100;
const FINAL = new Set(["succeeded", "failed", "timed_out", "skipped", "cancelled"]);
const state = { platform: undefined, runs: [], tasks: new Map(), levels: new Map(), events: [], open: undefined, view: undefined };
const token = { get: () => sessionStorage.getItem("token"), set: (value) => sessionStorage.setItem("token", value) };

// Asks the server; throws an Error with the sentence of the problem document.
async function ask(path, body, fields) {
  const headers = { ...fields };
  if (token.get()) headers.authorization = "Bearer " + token.get();
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  if (response.ok) return response;
  if (response.status === 401) askForToken();
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? response.status + " " + response.statusText);
}
const get = async (path) => (await ask(path)).json();
const part = encodeURIComponent;

async function loadPlatform() {
  state.platform = await get("api/platform");
  drawPlatform();
  for (const pipeline of state.platform.pipelines) {
    if (state.levels.has(pipeline.name)) continue;
    state.levels.set(pipeline.name, [pipeline.tasks]);
    get("api/plans?pipeline=" + part(pipeline.name))
      .then((plan) => { state.levels.set(pipeline.name, plan.parallelLevels); drawPlatform(); })
      .catch(() => {});
  }
}

async function loadRuns() {
  const runs = await get("api/runs?limit=" + RUNS);
  state.runs = runs.map((run) => ({ ...run }));
  for (const id of state.tasks.keys()) if (!runs.some((run) => run.id === id)) state.tasks.delete(id);
  drawRuns();
  for (const run of runs) {
    if (!state.tasks.has(run.id) || !FINAL.has(run.status)) await loadRun(run.id).catch(() => {});
  }
}

async function loadRun(id) {
  const view = await get("api/runs/" + part(id));
  state.tasks.set(id, Object.fromEntries(Object.entries(view.tasks).map(([name, task]) => [name, { ...task }])));
  const run = state.runs.find((known) => known.id === id);
  if (run) Object.assign(run, { status: view.status, endedMs: view.endedMs });
  if (state.open === id) { state.view = view; drawRun(); }
  drawRuns();
}

// Calls at most once in a while, however often it is wanted.
function soon(work, delayMs) {
  let timer;
  return () => { timer ??= setTimeout(() => { timer = undefined; work().catch(() => {}); }, delayMs); };
}
const runsSoon = soon(loadRuns, 250), platformSoon = soon(loadPlatform, 400);
const openSoon = soon(async () => { if (state.open) await loadRun(state.open); }, 300);

const STATUS = { started: "running", succeeded: "succeeded", failed: "failed", timed_out: "timed_out", retrying: "retrying", skipped: "skipped", cancelled: "cancelled", chunk: "running", progress: "running" };

function onEvent(event) {
  state.events.unshift(event);
  state.events.length = Math.min(state.events.length, EVENTS);
  drawEvents();
  const words = event.topic.split("."), kind = words[0], verb = words.at(-1), data = event.data ?? {};
  if (kind === "trigger") platformSoon();
  if (data.runId !== undefined && data.runId === state.open) openSoon();
  const run = state.runs.find((known) => known.id === data.runId);
  if (kind === "run") {
    if (!run || verb === "started") runsSoon();
    if (run) Object.assign(run, { status: data.status ?? STATUS[verb] ?? run.status, endedMs: data.endedMs ?? (FINAL.has(verb) ? event.timeMs : undefined) });
    // The lists have the last word: an answer under way may be older than this event.
    if (FINAL.has(verb)) setTimeout(() => { platformSoon(); if (run) loadRun(run.id).catch(() => {}); }, 300);
    drawRuns();
  }
  if (kind === "task" && run) {
    if (!state.tasks.has(run.id)) state.tasks.set(run.id, {});
    const tasks = state.tasks.get(run.id), task = tasks[data.task] ??= { status: "pending", attempts: 0 };
    // A failed try that will be tried again says so by a "retrying" of its own, which comes later.
    if (STATUS[verb]) task.status = STATUS[verb];
    if (verb === "progress") Object.assign(task, { done: data.done, total: data.total });
    if (verb === "chunk") task.chunks = (task.chunks ?? 0) + 1;
    drawRuns();
  }
}

// EventSource cannot send a token, so with one the same stream is read by fetch.
const PATTERN = "run.**|task.**|trigger.**", STREAM = "api/events?pattern=" + part(PATTERN);
let retryMs = 1000;
function connect() {
  if (token.get()) return void readStream().catch(() => {}).finally(again);
  const source = new EventSource(STREAM);
  source.onopen = connected;
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  source.addEventListener("gap", connected);
  source.onerror = () => {
    drawLive("reconnecting");
    // Refused, and EventSource does not tell why: a plain request does.
    if (source.readyState === EventSource.CLOSED) get("api/platform").catch(() => {}).finally(again);
  };
}
function again() {
  drawLive("reconnecting");
  if ($("login").open) return;
  setTimeout(connect, retryMs);
  retryMs = Math.min(retryMs * 2, 15000);
}
// What happened while nobody listened, or faster than one could read, is in the lists.
function connected() {
  retryMs = 1000;
  drawLive("live");
  loadPlatform().catch(() => {});
  loadRuns().catch(() => {});
}
let lastId;
async function readStream() {
  const response = await ask(STREAM, undefined, lastId === undefined ? {} : { "last-event-id": lastId });
  connected();
  let rest = "";
  for await (const text of chunksOf(response.body.pipeThrough(new TextDecoderStream()).getReader())) {
    const frames = (rest + text).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      const field = (name) => frame.split("\n").filter((line) => line.startsWith(name + ": ")).map((line) => line.slice(name.length + 2)).join("\n");
      if (field("event") === "gap") connected();
      if (field("event") || !field("data")) continue;
      lastId = field("id") || lastId;
      onEvent(JSON.parse(field("data")));
    }
  }
}
async function* chunksOf(reader) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
`;
