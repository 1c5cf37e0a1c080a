/**
 * The style of the page: paper and ink by day, slate by night, one blue for time, one orange for "late".
 */

/** The style sheet. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1b2330; --soft: #586273; --line: #e3e0d8; --grid: #ece9e1;
  --blue: #2b66a3; --orange: #bf4a0c; --quiet: #8492a6; --wash: #f1efe8;
  --serif: ui-serif, "Iowan Old Style", Georgia, "Times New Roman", serif;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #10151c; --card: #171e28; --ink: #e8ebf0; --soft: #a3aebd; --line: #2a3442; --grid: #232c38;
    --blue: #6cabe8; --orange: #f59257; --quiet: #6f7e93; --wash: #1d2631;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 var(--sans); font-variant-numeric: tabular-nums; }
main { max-width: 1040px; margin: 0 auto; padding: 56px 28px 40px; }
h1 { font: 600 clamp(30px, 5.4vw, 52px)/1.08 var(--serif); letter-spacing: -0.015em; margin: 10px 0 16px; max-width: 19ch; text-wrap: balance; }
h2 { font: 600 25px/1.2 var(--serif); margin: 0 0 6px; }
h3 { font: 600 18px/1.3 var(--sans); margin: 0 0 4px; }
p { margin: 0 0 10px; max-width: 66ch; text-wrap: pretty; }
.eyebrow { font-size: 13px; letter-spacing: 0.08em; text-transform: uppercase; color: var(--soft); margin: 0; }
.lede { font-size: 18px; color: var(--soft); }
.soft, figcaption, footer { color: var(--soft); }
section { margin-top: 56px; }
.key { display: grid; grid-template-columns: repeat(4, 1fr); margin: 36px 0 0; border-block: 1px solid var(--line); }
.key > div { padding: 18px 20px 16px; border-left: 1px solid var(--line); }
.key > div:first-child { border-left: 0; padding-left: 0; }
.key dt { color: var(--soft); font-size: 14px; }
.key dd { margin: 2px 0 0; font: 600 30px/1.15 var(--serif); }
.key dd.more { font: 14px/1.4 var(--sans); color: var(--soft); margin-top: 4px; }
.key .warm { color: var(--orange); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px 22px 14px; margin-top: 18px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 20px; }
.pair > * { min-width: 0; }
figure { margin: 0 0 12px; }
figure + figure { margin-top: 18px; }
.pair > figure { margin-top: 0; }
figcaption { font-size: 14px; }
figcaption b { color: var(--ink); font-weight: 600; }
svg.chart { display: block; width: 100%; height: auto; margin-top: 2px; overflow: visible; }
svg text { font: 10px var(--sans); fill: var(--soft); }
.pair svg text { font-size: 12px; }
svg .label, svg .note { text-anchor: middle; }
svg .tick { text-anchor: end; }
svg .note { fill: var(--ink); font-weight: 600; }
svg .grid { stroke: var(--grid); }
svg .axis { stroke: var(--quiet); }
svg .hit { fill: transparent; }
svg .none { fill: var(--quiet); }
svg g:hover .hit { fill: var(--wash); }
.calm .bar { fill: var(--blue); }
.warm .bar { fill: var(--orange); }
.quiet .bar { fill: var(--quiet); }
.calm .bar, .warm .bar { opacity: 0.72; }
.calm .noted, .warm .noted { opacity: 1; }
table { width: 100%; border-collapse: collapse; font-size: 15px; }
caption { text-align: left; font-weight: 600; padding-bottom: 6px; }
caption span { display: block; font-weight: 400; font-size: 14px; color: var(--soft); }
th { font-weight: 500; text-align: left; color: var(--soft); font-size: 13px; vertical-align: bottom; }
th, td { padding: 7px 10px 7px 0; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { color: var(--ink); font-size: 15px; font-weight: 400; }
td, th.n { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
th b { font-weight: 600; }
th small { display: block; color: var(--soft); font-size: 13px; line-height: 1.3; }
th.late { text-align: left; padding-left: 22px; }
td.late { padding-left: 0; }
.share { display: grid; grid-template-columns: 5em 1fr; align-items: center; gap: 10px; min-width: 11em; }
.share i { display: block; height: 8px; border-radius: 2px; background: var(--orange); opacity: 0.85; }
details { margin: 4px 0 8px; font-size: 14px; }
details table, details tbody th { font-size: 14px; }
details > table { margin-top: 8px; }
summary { cursor: pointer; color: var(--soft); padding: 4px 0; }
summary:hover { color: var(--ink); }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 3px; border-radius: 2px; }
.notice { border-left: 3px solid var(--orange); padding: 10px 16px; background: var(--wash); margin-top: 18px; }
.notice p { margin: 0; }
footer { margin-top: 64px; padding-top: 18px; border-top: 1px solid var(--line); font-size: 14px; }
footer p { max-width: 80ch; }
@media (max-width: 720px) {
  main { padding: 32px 18px; }
  section { margin-top: 44px; }
  .key { grid-template-columns: 1fr 1fr; }
  .key > div { padding: 14px 0 12px 16px; }
  .key > div:nth-child(odd) { border-left: 0; padding-left: 0; }
  .key > div:nth-child(n + 3) { border-top: 1px solid var(--line); }
  .key dd { font-size: 25px; }
  .key dd.more { font-size: 13px; }
  .pair { grid-template-columns: 1fr; gap: 0; }
  .card { padding: 16px 14px 10px; }
  svg text { font-size: 20px; }
  .pair svg text { font-size: 15px; }
  svg .minor { display: none; }
  .wide { display: none; }
  .share { grid-template-columns: 4.2em 1fr; min-width: 7.6em; gap: 8px; }
  th.late { padding-left: 12px; }
  th, td { padding-right: 8px; }
}
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --grid: #ddd; --blue: #2b66a3; --orange: #bf4a0c; --quiet: #777; --wash: #fff; }
  body { font-size: 11pt; }
  main { max-width: none; padding: 0; }
  section { margin-top: 28px; }
  .card, figure, tr, .key { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  details { display: none; }
  svg .bar, .share i { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`;
