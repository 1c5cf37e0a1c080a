/**
 * The script of the page, second part: what is seen. Everything from data becomes text, never markup.
 *
 * @module
 */

/** JavaScript; runs as a module together with the first part, `PAGE_SCRIPT`. */
export const PAGE_VIEW: string = String.raw`
const $ = (id) => document.getElementById(id);

// An element; keys with "on" are listeners, all else attributes; children are nodes or text.
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== false));
  return node;
}

const SHAPES = {
  pending: ["M8 2a6 6 0 1 0 .01 0Z"],
  ready: ["M8 2a6 6 0 1 0 .01 0Z", "M8 6.5a1.5 1.5 0 1 0 .01 0Z"],
  running: ["M8 2a6 6 0 1 1-6 6"],
  retrying: ["M13.5 8A5.5 5.5 0 1 1 11 3.4", "M11.3.8v2.9H8.4"],
  succeeded: ["!M8 1a7 7 0 1 0 .01 0Z", "^M4.8 8.3l2.2 2.2 4.3-4.8"],
  failed: ["!M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1Z", "^M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"],
  timed_out: ["M8 2a6 6 0 1 0 .01 0Z", "M8 4.8V8l2.3 1.6"],
  skipped: ["M3 4l4 4-4 4M8.5 4l4 4-4 4"],
  cancelled: ["M8 2a6 6 0 1 0 .01 0Z", "M3.8 3.8l8.4 8.4"],
};
function icon(status) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  // Drawn anew, it goes on turning from where it was.
  svg.style.animationDelay = -(Date.now() % 1600) + "ms";
  for (const [key, value] of [["viewBox", "0 0 16 16"], ["class", "icon"], ["data-s", status], ["aria-hidden", "true"]]) svg.setAttribute(key, value);
  for (const shape of SHAPES[status] ?? SHAPES.pending) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path"), filled = shape[0] === "!", above = shape[0] === "^";
    path.setAttribute("d", shape.replace(/^[!^]/, ""));
    path.setAttribute("fill", filled ? "currentColor" : "none");
    path.setAttribute("stroke", filled ? "none" : above ? "var(--card)" : "currentColor");
    path.setAttribute("stroke-width", "1.8");
    path.setAttribute("stroke-linecap", "round");
    svg.append(path);
  }
  return svg;
}
const say = (status) => status.replace("_", " ");

function span(ms) {
  if (ms < 1000) return Math.max(0, Math.round(ms)) + " ms";
  const s = ms / 1000;
  if (s < 60) return s.toFixed(s < 10 ? 1 : 0) + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + Math.floor(s % 60) + " s";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
  return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
}
function ago(ms) {
  const s = (Date.now() - ms) / 1000;
  if (s < 5) return "just now";
  return (s < 60 ? Math.floor(s) + " s" : s < 3600 ? Math.floor(s / 60) + " min" : s < 86400 ? Math.floor(s / 3600) + " h" : Math.floor(s / 86400) + " d") + " ago";
}
// Text that changes with time carries what it is made of; one ticker renews them all.
function moving(tag, attributes, text) {
  const node = el(tag, attributes, text());
  node.tick = text;
  node.classList.add("moving");
  return node;
}
setInterval(() => {
  for (const node of document.querySelectorAll(".moving")) {
    const text = node.tick();
    if (node.textContent !== text) node.textContent = text;
  }
}, 1000);
const exact = (ms) => new Date(ms).toLocaleString();

// Draws once a frame, and never between press and release: the click would miss what it was meant for.
let pressed = false;
const waiting = new Set();
addEventListener("pointerdown", () => { pressed = true; }, true);
for (const type of ["pointerup", "pointercancel", "dragend"]) addEventListener(type, () => setTimeout(() => {
  pressed = false;
  for (const draw of waiting) draw();
  waiting.clear();
}), true);
function once(draw) {
  let wanted = false;
  return function again() {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      if (pressed) waiting.add(again);
      else draw();
    });
  };
}
// Replaces a list and leaves the focus where it was.
function fill(list, items) {
  const focus = list.contains(document.activeElement) ? document.activeElement.id : "";
  list.replaceChildren(...items);
  if (focus) $(focus)?.focus();
}

function drawLive(now) {
  if ($("live").dataset.state === now) return;
  $("live").dataset.state = now;
  $("live").textContent = now;
}

const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
const drawPlatform = once(() => {
  const { version, startedMs, executors, dataDir, fsync, pipelines, triggers } = state.platform;
  $("facts").replaceChildren(
    fact("version", version),
    fact("up", moving("span", {}, () => span(Date.now() - startedMs))),
    fact("executors", executors.busy + " of " + executors.total + " busy" + (executors.lost > 0 ? ", " + executors.lost + " lost" : "")),
    fact("state in", dataDir + " (fsync " + fsync + ")"),
  );
  fill($("pipelines"), pipelines.map((pipeline) => el("li", { class: "card pipeline" },
    el("div", { class: "top" }, el("h3", {}, pipeline.name),
      pipeline.on.length > 0 && el("span", { class: "on" }, "starts on ", el("code", {}, pipeline.on.join("  "))),
      el("button", { id: "run-" + pipeline.name, "aria-label": "Run " + pipeline.name, onclick: () => start(pipeline.name) }, "Run")),
    el("ol", { class: "levels", tabindex: "0", "aria-label": "Tasks of " + pipeline.name + " by level" },
      ...(state.levels.get(pipeline.name) ?? []).map((level) => el("li", {}, ...level.map((task) => el("span", { class: "chip" }, task))))))));
  $("no-pipelines").hidden = pipelines.length > 0;
  fill($("triggers"), triggers.map((trigger) => el("li", { class: "trigger" },
    el("div", {},
      el("div", { class: "title" }, el("b", {}, trigger.name), el("span", { class: "kind" }, trigger.kind), !trigger.running && el("span", { class: "kind" }, "stopped")),
      el("small", {}, "publishes ", el("code", {}, trigger.topic)), el("br"),
      el("small", {}, "fired " + trigger.count + (trigger.count === 1 ? " time" : " times"),
        trigger.lastFiredMs !== undefined && moving("span", { title: exact(trigger.lastFiredMs) }, () => ", last " + ago(trigger.lastFiredMs)),
        trigger.nextMs !== undefined && moving("span", { title: exact(trigger.nextMs) + (trigger.cron ? " · " + trigger.cron + " " + (trigger.timezone ?? "") : "") }, () => " · next in " + span(trigger.nextMs - Date.now())))),
    (trigger.kind === "api" || trigger.kind === "manual") && el("button", { id: "fire-" + trigger.name, "aria-label": "Fire " + trigger.name, disabled: !trigger.running, onclick: () => trigger.kind === "api" ? askForData(trigger.name) : fire(trigger.name, {}) }, trigger.kind === "api" ? "Fire…" : "Fire"))));
  $("no-triggers").hidden = triggers.length > 0;
  hint();
});

function hint() {
  const name = state.platform?.pipelines[0]?.name;
  $("press").hidden = name === undefined;
  $("hint").textContent = "deno task millrace run " + (name ?? "<pipeline>") + " --watch";
}

const drawRuns = once(() => {
  fill($("runs"), state.runs.map((run) => el("li", {}, el("a", { class: "run", href: "#/runs/" + run.id, id: "row-" + run.id },
    icon(run.status),
    el("span", { class: "who" }, el("span", { class: "name" }, run.pipeline), el("span", { class: "state soft" }, say(run.status)), el("span", { class: "id mono soft", title: run.id }, "…" + run.id.slice(-6))),
    progress(run),
    el("span", { class: "when" },
      moving("span", {}, () => span((run.endedMs ?? Date.now()) - run.acceptedMs)), el("br"),
      moving("span", { class: "soft", title: exact(run.acceptedMs) }, () => ago(run.acceptedMs)))))));
  $("no-runs").hidden = state.runs.length > 0;
});

function progress(run) {
  const tasks = Object.entries(state.tasks.get(run.id) ?? {}), many = tasks.length;
  const number = (...statuses) => tasks.filter(([, task]) => statuses.includes(task.status)).length;
  const good = number("succeeded"), bad = number("failed", "timed_out"), over = number("skipped", "cancelled"), busy = number("running", "retrying");
  const bar = el("span", { class: "bar", "aria-hidden": "true" });
  for (const [name, count] of [["good", good], ["bad", bad], ["over", over], ["busy", busy]]) {
    if (count === 0) continue;
    const piece = el("i", { class: name });
    piece.style.width = 100 * count / many + "%";
    bar.append(piece);
  }
  const now = tasks.filter(([, task]) => task.status === "running" || task.status === "retrying").map(([name, task]) => name + amount(task));
  const text = many === 0 ? (run.status === "failed" ? "before its first task: open it for the reason" : "") : good + bad + over + " of " + many + " tasks" + (bad > 0 ? ", " + bad + " failed" : "") + (now.length > 0 ? ": " + now.join(", ") : "");
  return el("span", { class: "progress" }, bar, el("span", { class: "count", title: text }, text));
}
function amount(task) {
  if (task.total > 0) return " " + Math.round(100 * task.done / task.total) + " %";
  if (task.done !== undefined) return " " + task.done;
  return task.chunks > 0 ? " " + task.chunks + (task.chunks === 1 ? " chunk" : " chunks") : "";
}

// Who has scrolled down is reading: the list waits.
const drawEvents = once(() => {
  $("paused").hidden = $("events").scrollTop < 8;
  if (!$("paused").hidden) return;
  $("events").replaceChildren(...state.events.map((event) => {
    const words = event.topic.split("."), last = words.pop();
    return el("li", {},
      el("div", { class: "line" }, el("time", { title: exact(event.timeMs) }, new Date(event.timeMs).toLocaleTimeString([], { hour12: false })), el("span", { class: "topic" }, ...words.flatMap((word) => [word + ".", el("wbr")]), el("b", {}, last))),
      el("span", { class: "data" }, brief(event.data)));
  }));
  $("no-events").hidden = state.events.length > 0;
});

// What the topic has not said already.
function brief(data) {
  if (data === null || typeof data !== "object" || Array.isArray(data)) return JSON.stringify(data).slice(0, 200);
  const { pipeline, task, trigger, status, ...rest } = data;
  if (typeof rest.runId === "string") rest.runId = "…" + rest.runId.slice(-6);
  if (rest.error) rest.error = rest.error.message ?? rest.error;
  return Object.entries(rest).map(([key, value]) => key + " " + (typeof value === "string" ? value : JSON.stringify(value))).join(" · ").slice(0, 200);
}
$("events").addEventListener("scroll", drawEvents);

function drawRun() {
  const view = state.view;
  $("detail-icon").replaceChildren(icon(view.status));
  $("detail-title").textContent = view.pipeline + " " + say(view.status);
  const order = view.levels ? view.levels.flat() : Object.keys(view.tasks);
  const params = view.request.params && Object.keys(view.request.params).length > 0 ? JSON.stringify(view.request.params) : undefined;
  $("detail").replaceChildren(
    el("dl", { class: "facts" },
      fact("accepted", exact(view.acceptedMs)), fact("took", span((view.endedMs ?? Date.now()) - view.acceptedMs)),
      fact("tasks", String(order.length)),
      el("div", { class: "wide" }, el("dt", {}, "run"), el("dd", {}, el("code", {}, view.id))),
      el("div", { class: "wide" }, el("dt", {}, "started by event"), el("dd", {}, el("code", {}, view.eventId))),
      params && el("div", { class: "wide" }, el("dt", {}, "parameters"), el("dd", {}, el("code", {}, params)))),
    view.error ? problem(view.error) : "",
    el("ol", { "aria-label": "Tasks" }, ...order.map((name) => {
      const task = view.tasks[name] ?? { status: "pending", attempts: 0, resultIds: [] }, path = "api/runs/" + part(view.id) + "/results/" + part(name);
      return el("li", { class: "task" }, icon(task.status),
        el("span", {}, el("span", { class: "name" }, name), " ", el("span", { class: "soft" }, say(task.status))),
        el("span", { class: "num" }, [task.attempts > 1 && task.attempts + " tries", task.startedMs !== undefined && (task.endedMs !== undefined || !FINAL.has(task.status)) && span((task.endedMs ?? Date.now()) - task.startedMs)].filter(Boolean).join(" · ")),
        el("span", { class: "open" }, task.resultIds.length > 0 ? el("a", { href: path, target: "_blank", rel: "noopener", "aria-label": "Result of " + name, onclick: (event) => openResult(event, path) }, task.resultIds.length > 1 ? task.resultIds.length + " results" : "result") : ""),
        task.error && problem(task.error));
    })));
}
function problem(error) {
  return el("div", { class: "problem" }, error.message + " (" + (error.name ?? error.code) + ")",
    error.stack && el("details", {}, el("summary", {}, "where"), el("pre", { tabindex: "0" }, error.stack)));
}
// A link cannot carry the token.
function openResult(event, path) {
  if (!token.get()) return;
  event.preventDefault();
  ask(path).then((response) => response.blob()).then((blob) => open(URL.createObjectURL(blob), "_blank", "noopener"), failed);
}

let toastTimer;
function toast(text, bad) {
  $("toast").textContent = text;
  $("toast").toggleAttribute("data-bad", bad === true);
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, bad ? 9000 : 4000);
}
const failed = (error) => toast(error.message, true);
function start(pipeline) {
  ask("api/runs", { pipeline }).then((response) => response.json()).then(({ id }) => { toast("Run …" + id.slice(-6) + " of " + pipeline + " accepted"); runsSoon(); }, failed);
}
function fire(name, data) {
  return ask("api/triggers/" + part(name) + "/trigger", { data }).then((response) => response.json()).then((fired) => { toast(fired.message); platformSoon(); }, failed);
}
function askForData(name) {
  $("fire-title").textContent = "Fire " + name;
  $("fire-form").onsubmit = (event) => {
    event.preventDefault();
    let data;
    try { data = JSON.parse($("fire-data").value); } catch (error) { return failed(error); }
    $("fire").close();
    fire(name, data);
  };
  $("fire").showModal();
}
function askForToken() {
  if (!$("login").open) $("login").showModal();
}
$("login").addEventListener("cancel", (event) => event.preventDefault());
$("login-form").addEventListener("submit", (event) => { event.preventDefault(); token.set($("token").value.trim()); location.reload(); });
for (const button of document.querySelectorAll("dialog .close")) button.addEventListener("click", () => button.closest("dialog").close());

// The open run is in the address, so that it can be shared and found again.
function follow() {
  const id = /^#\/runs\/(.+)$/.exec(location.hash)?.[1];
  if (id === undefined) return void ($("run").open && $("run").close());
  state.open = decodeURIComponent(id);
  loadRun(state.open).then(() => { if (!$("run").open) $("run").showModal(); }, failed);
}
$("run").addEventListener("close", () => {
  const row = $("row-" + state.open);
  state.open = state.view = undefined;
  history.replaceState(undefined, "", location.pathname + location.search);
  row?.focus();
});
addEventListener("hashchange", follow);
follow();
connect();
`;
