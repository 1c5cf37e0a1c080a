/**
 * The page for people at `/`: one document without dependencies or requests to anywhere else.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { PAGE_SCRIPT } from "./page_script.ts";
import { PAGE_STYLE } from "./page_style.ts";
import { PAGE_VIEW } from "./page_view.ts";

const SCRIPT = PAGE_SCRIPT + PAGE_VIEW;

/** A water wheel. */
const LOGO = `<path d="M16 6.5a9.5 9.5 0 1 0 .01 0Z" fill="none" stroke="currentColor" stroke-width="2"/>` +
  `<path d="M16 3v26M3 16h26M6.8 6.8l18.4 18.4M25.2 6.8 6.8 25.2" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>` +
  `<path d="M16 12.5a3.5 3.5 0 1 0 .01 0Z" fill="currentColor"/>`;
const FAVICON = `data:image/svg+xml,${
  encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" color="#0b8ba8">${LOGO}</svg>`,
  )
}`;

/** The page as HTML. It has no data; its script asks for them. */
export const PAGE: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Millrace</title>
<link rel="icon" href="${FAVICON}">
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
  <div class="wrap">
    <h1><svg viewBox="0 0 32 32" aria-hidden="true">${LOGO}</svg>Millrace</h1>
    <dl id="facts"></dl>
    <span id="live" role="status" data-state="connecting">connecting</span>
  </div>
</header>
<main class="wrap">
  <noscript><p class="card empty">This page needs JavaScript. The same data is at <a href="api">/api</a>.</p></noscript>
  <section aria-labelledby="pipelines-title">
    <h2 id="pipelines-title">Pipelines</h2>
    <ul id="pipelines" class="pipelines"></ul>
    <p id="no-pipelines" class="card empty" hidden>No pipelines yet. Export one from a module and start with it:<br>
      <code>deno task millrace start ./pipelines.ts</code></p>
  </section>
  <div class="columns">
    <section aria-labelledby="runs-title">
      <h2 id="runs-title">Recent runs</h2>
      <div class="card">
        <ul id="runs"></ul>
        <p id="no-runs" class="empty" hidden>Nothing has run yet. <span id="press">Press “Run” above, or in a terminal:</span><br>
          <code id="hint"></code></p>
      </div>
    </section>
    <div class="side">
      <section aria-labelledby="triggers-title">
        <h2 id="triggers-title">Triggers</h2>
        <div class="card">
          <ul id="triggers"></ul>
          <p id="no-triggers" class="empty" hidden>No triggers. Runs start by hand, by HTTP and by events all the same.</p>
        </div>
      </section>
      <section aria-labelledby="events-title">
        <h2 id="events-title">Live events <span id="paused" hidden>· paused, scroll up to follow</span></h2>
        <div class="card">
          <ol id="events" tabindex="0" aria-labelledby="events-title"></ol>
          <p id="no-events" class="empty">Quiet so far. Events show up here as they happen.</p>
        </div>
      </section>
    </div>
  </div>
</main>
<dialog id="run" aria-labelledby="detail-title">
  <div class="head"><span id="detail-icon"></span><h2 id="detail-title"></h2><button class="close">Close</button></div>
  <div id="detail" class="inside"></div>
</dialog>
<dialog id="fire" class="small" aria-labelledby="fire-title">
  <div class="head"><h2 id="fire-title"></h2><button class="close">Close</button></div>
  <form id="fire-form" class="inside"><label for="fire-data">Data, as JSON</label>
    <textarea id="fire-data" rows="6" spellcheck="false">{}</textarea>
    <button class="main">Fire</button></form>
</dialog>
<dialog id="login" class="small" aria-labelledby="login-title">
  <div class="head"><h2 id="login-title">This server asks for a token</h2></div>
  <form id="login-form" class="inside"><label for="token">Token (kept until this tab is closed)</label>
    <input id="token" type="password" autocomplete="off" required>
    <button class="main">Continue</button></form>
</dialog>
<p id="toast" role="status" hidden></p>
<script type="module">${SCRIPT}</script>
</body>
</html>
`;

/** Only this style and this script run; requests go to this server only; nothing frames the page. */
export const PAGE_POLICY: string = [
  "default-src 'self'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(PAGE_STYLE)}'`,
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

/** The page as a response. */
export function pageResponse(): Response {
  return new Response(PAGE, {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": PAGE_POLICY },
  });
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
