/**
 * The style sheet of the page. A module, as packages from JSR download modules only.
 *
 * @module
 */

/** CSS; state is told by shape and words as well as by colour. */
export const PAGE_STYLE: string = String.raw`
:root {
  color-scheme: light dark;
  --paper: light-dark(#f5f7f8, #0e1418);
  --card: light-dark(#ffffff, #161e24);
  --sunken: light-dark(#eef2f4, #1d272e);
  --line: light-dark(#dde4e8, #2a363e);
  --ink: light-dark(#16232b, #e4ebef);
  --soft: light-dark(#546570, #98a8b2);
  --water: light-dark(#0b6b83, #58c2da);
  --good: light-dark(#1b7a3d, #57c77e);
  --bad: light-dark(#bd2a21, #ff8379);
  --busy: light-dark(#0b62c4, #74b4ff);
  --warn: light-dark(#8a5800, #e5b64a);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1, h2, h3, p, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
code, pre, .mono { font-family: var(--mono); font-size: .87em; }
a { color: var(--water); text-underline-offset: 3px; }
:focus-visible { outline: 2px solid var(--water); outline-offset: 2px; border-radius: 6px; }
[hidden] { display: none !important; }
.soft { color: var(--soft); }
.wrap { max-width: 1240px; margin: 0 auto; padding: 0 20px; }

header { border-bottom: 1px solid var(--line); background: var(--card); }
header .wrap { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 20px; padding-block: 12px; }
header h1 { display: flex; align-items: center; gap: 10px; font-size: 19px; font-weight: 650; letter-spacing: -.01em; }
header h1 svg { width: 30px; height: 30px; color: var(--water); }
header dl { display: flex; flex-wrap: wrap; gap: 0 18px; margin: 0; font-size: 13px; color: var(--soft); }
header dl div { display: flex; gap: 6px; }
header dd { margin: 0; color: var(--ink); font-variant-numeric: tabular-nums; }
#live {
  margin-left: auto; display: inline-flex; align-items: center; gap: 8px; padding: 3px 12px; font-size: 13px;
  border: 1px solid var(--line); border-radius: 99px; background: var(--sunken);
}
#live::before { content: ""; width: 9px; height: 9px; border: 2px solid var(--warn); border-radius: 2px; transform: rotate(45deg); }
#live[data-state="live"]::before { border-color: var(--good); background: var(--good); border-radius: 50%; }

main.wrap { padding-block: 24px 60px; display: grid; gap: 28px; }
section > h2, .heading { font-size: 13px; font-weight: 650; letter-spacing: .05em; text-transform: uppercase; color: var(--soft); margin-bottom: 10px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 400px; gap: 28px; align-items: start; }
.side { display: grid; grid-template-columns: minmax(0, 1fr); gap: 28px; }
.empty { padding: 22px 20px; color: var(--soft); }
.empty code { display: inline-block; margin-top: 8px; padding: 6px 10px; background: var(--sunken); border-radius: 6px; color: var(--ink); overflow-wrap: anywhere; }

button {
  font: inherit; font-size: 13px; font-weight: 550; color: var(--water); background: transparent; cursor: pointer;
  border: 1px solid color-mix(in srgb, var(--water) 45%, transparent); border-radius: 7px; padding: 3px 12px; white-space: nowrap;
}
button:hover { background: color-mix(in srgb, var(--water) 12%, transparent); }
button:disabled { opacity: .5; cursor: default; }
button.main { background: var(--water); color: var(--card); border-color: var(--water); }

.pipelines { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 14px; }
.pipeline { padding: 14px 18px 16px; }
.pipeline .top { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; }
.pipeline h3 { font-size: 16px; font-weight: 620; overflow-wrap: anywhere; }
.pipeline .on { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.pipeline button { margin-left: auto; }
.levels { display: flex; gap: 26px; margin-top: 12px; overflow-x: auto; padding: 2px 2px 4px; }
.levels li { display: grid; gap: 6px; align-content: center; position: relative; flex: none; }
.levels > li + li::before { content: ""; position: absolute; left: -20px; top: 50%; width: 9px; height: 9px; margin-top: -5px; border: solid var(--soft); border-width: 1.5px 1.5px 0 0; transform: rotate(45deg); opacity: .7; }
.chip { display: inline-flex; align-items: center; gap: 6px; font: 12.5px var(--mono); background: var(--sunken); border: 1px solid var(--line); border-radius: 7px; padding: 3px 9px; }
.chip .icon { width: 13px; height: 13px; }

.icon { width: 17px; height: 17px; flex: none; color: var(--soft); overflow: visible; }
.icon[data-s="succeeded"] { color: var(--good); }
.icon[data-s="failed"], .icon[data-s="timed_out"] { color: var(--bad); }
.icon[data-s="running"] { color: var(--busy); animation: turn 1.6s linear infinite; transform-origin: center; }
.icon[data-s="retrying"] { color: var(--warn); }
@keyframes turn { to { transform: rotate(360deg); } }
@media (prefers-reduced-motion: reduce) { .icon[data-s="running"] { animation: none; } }

.run { position: relative; display: grid; grid-template-columns: 17px minmax(0, 1fr) minmax(110px, 190px) 92px; gap: 2px 14px; align-items: center; padding: 10px 18px; border-top: 1px solid var(--line); color: inherit; text-decoration: none; }
li:first-child > .run { border-top: 0; }
.run:hover { background: var(--sunken); }
.run:focus-visible { outline-offset: -2px; }
.run .who { display: flex; flex-wrap: wrap; gap: 0 10px; align-items: baseline; min-width: 0; }
.run .name { font-weight: 570; overflow-wrap: anywhere; }
.run .when { text-align: right; font-size: 13px; font-variant-numeric: tabular-nums; line-height: 1.35; }
.run .state { font-size: 13px; }
.bar { display: flex; gap: 2px; height: 7px; border-radius: 4px; overflow: hidden; background: var(--sunken); border: 1px solid var(--line); }
.bar i { display: block; flex: 0 0 auto; width: 0; transition: width .25s; }
.bar .good { background: var(--good); } .bar .bad { background: var(--bad); }
.bar .busy { background: repeating-linear-gradient(135deg, var(--busy) 0 4px, color-mix(in srgb, var(--busy) 55%, transparent) 4px 8px); }
.bar .over { background: var(--soft); }
.run .progress { display: grid; gap: 3px; min-width: 0; }
.count { font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }

.trigger { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 12px; padding: 10px 16px; border-top: 1px solid var(--line); align-items: center; }
.trigger:first-child { border-top: 0; }
.trigger .title { display: flex; flex-wrap: wrap; gap: 0 8px; align-items: baseline; overflow-wrap: anywhere; }
.trigger .title b { font-weight: 570; }
.trigger small { font-size: 12.5px; color: var(--soft); overflow-wrap: anywhere; }
.kind { font-size: 11.5px; padding: 0 7px; border: 1px solid var(--line); border-radius: 99px; color: var(--soft); }

#events { max-height: 460px; overflow-y: auto; overflow-anchor: none; }
#events li { padding: 6px 16px; border-top: 1px solid var(--line); font-size: 12.5px; }
#events li:first-child { border-top: 0; }
#events .line { display: flex; gap: 10px; align-items: baseline; }
#events time { color: var(--soft); font-variant-numeric: tabular-nums; flex: none; }
#events .topic { font: 12px/1.5 var(--mono); overflow-wrap: anywhere; min-width: 0; }
#events .topic b { font-weight: 650; color: var(--water); }
#events .data { color: var(--soft); font-family: var(--mono); font-size: 11.5px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; display: block; }

dialog { width: min(860px, calc(100vw - 24px)); max-height: calc(100dvh - 48px); padding: 0; border: 1px solid var(--line); border-radius: 14px; background: var(--card); color: var(--ink); box-shadow: 0 20px 70px rgb(0 0 0 / .35); overflow: auto; }
dialog.small { width: min(460px, calc(100vw - 24px)); }
dialog::backdrop { background: rgb(10 20 26 / .5); }
dialog .head { position: sticky; top: 0; z-index: 1; display: flex; gap: 12px; align-items: center; padding: 14px 20px; background: var(--card); border-bottom: 1px solid var(--line); }
dialog .head h2 { font-size: 17px; font-weight: 620; overflow-wrap: anywhere; }
dialog .head button { margin-left: auto; }
dialog .inside { padding: 16px 20px 20px; display: grid; gap: 16px; }
dialog input, dialog textarea { width: 100%; font: 13px/1.5 var(--mono); color: var(--ink); background: var(--sunken); border: 1px solid var(--line); border-radius: 8px; padding: 8px 10px; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 10px 20px; margin: 0; }
.facts dt { font-size: 12px; color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.facts .wide { grid-column: 1 / -1; }
.problem { border-left: 3px solid var(--bad); padding: 6px 12px; background: color-mix(in srgb, var(--bad) 8%, transparent); border-radius: 0 8px 8px 0; overflow-wrap: anywhere; font-size: 13.5px; }
.problem pre { overflow-x: auto; margin: 6px 0 0; font-size: 12px; }
.problem summary { cursor: pointer; color: var(--soft); }
.task { display: grid; grid-template-columns: 17px minmax(0, 1fr) auto minmax(74px, auto); gap: 2px 14px; padding: 9px 0; border-top: 1px solid var(--line); align-items: center; }
.task .name { font-family: var(--mono); font-size: 13px; overflow-wrap: anywhere; }
.task .num { font-size: 13px; color: var(--soft); font-variant-numeric: tabular-nums; text-align: right; }
.task .soft, .task .open { font-size: 13px; } .task .open { text-align: right; }
.task .problem { grid-column: 2 / -1; }

#toast { position: fixed; inset: auto 0 24px 0; margin: auto; width: fit-content; max-width: min(640px, calc(100vw - 32px)); padding: 10px 18px; border-radius: 10px; background: var(--ink); color: var(--paper); box-shadow: 0 8px 30px rgb(0 0 0 / .3); overflow-wrap: anywhere; border: 0; }
#toast[data-bad] { background: var(--bad); color: var(--card); }

@media (max-width: 1000px) { .columns { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 560px) {
  .wrap { padding-inline: 14px; }
  main.wrap { gap: 22px; padding-block-start: 16px; }
  header dl { order: 3; width: 100%; }
  .run { grid-template-columns: 17px minmax(0, 1fr) auto; padding-inline: 14px; }
  .run .id { display: none; }
  .run .progress { grid-column: 2 / -1; grid-row: 2; }
  .task { grid-template-columns: 17px minmax(0, 1fr) auto; }
  .task .open { grid-column: 2 / -1; grid-row: 2; text-align: left; }
  .task .open:empty { display: none; }
  .task .problem { grid-row: 3; }
}
`;
