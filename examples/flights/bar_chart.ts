/**
 * A bar chart as inline SVG: no script, no font, no request. It speaks to those who cannot see it by its title
 * and description; the page puts the figures in a table beside it.
 */
import { type Markup, markup } from "./markup.ts";

/** One bar. */
export interface Bar {
  /** What stands below it. */
  readonly label: string;
  /** How high it is; `null` leaves a gap that says so. */
  readonly value: number | null;
  /** What the pointer shows on it. */
  readonly hint: string;
  /** What stands above it, if anything. */
  readonly note?: string;
}

/** A bar chart. */
export interface BarChart {
  /** Unique on the page. */
  readonly id: string;
  /** What it shows, in a few words. */
  readonly title: string;
  /** What can be seen in it, in a sentence. */
  readonly description: string;
  /** How the axis writes a value. */
  readonly format: (value: number) => string;
  /** From left to right. */
  readonly bars: readonly Bar[];
  /** The colour: a class of the style sheet. */
  readonly tone: "calm" | "warm" | "quiet";
  /** How far the axis reaches at least. @default {0} */
  readonly upTo?: number;
  /** On a small screen only every so many-th label stays. @default {1} */
  readonly labelEvery?: number;
  /** The size, in units of the drawing. @default {{ width: 720, height: 200 }} */
  readonly size?: { readonly width: number; readonly height: number };
}

const MARGIN = { top: 24, right: 6, bottom: 26, left: 46 };
/** How much of its slot a bar fills. */
const FILLED = 0.72;

/** Draws a bar chart. */
export function barChart(chart: BarChart): Markup {
  const { id, title, description, bars, tone, format, labelEvery = 1, upTo = 0 } = chart;
  const { width, height } = chart.size ?? { width: 720, height: 200 };
  const values = bars.map((bar) => bar.value ?? 0);
  const ticks = ticksFor(Math.min(0, ...values), Math.max(upTo, ...values));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const right = width - MARGIN.right;
  const inner = height - MARGIN.top - MARGIN.bottom;
  const slot = (right - MARGIN.left) / bars.length;
  const y = (value: number): number => px(MARGIN.top + (high - value) / (high - low) * inner);

  return markup`
<svg class="chart ${tone}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>
${ticks.map(drawTick)}${bars.map(drawBar)}</svg>`;

  function drawTick(tick: number): Markup {
    const [at, kind] = [y(tick), tick === 0 ? "axis" : "grid"];
    return markup`
<line class="${kind}" x1="${MARGIN.left}" x2="${right}" y1="${at}" y2="${at}"/>
<text class="tick" x="${MARGIN.left - 8}" y="${px(at + 4)}">${format(tick)}</text>`;
  }

  function drawBar({ label, value, hint, note }: Bar, index: number): Markup {
    const left = px(MARGIN.left + index * slot);
    const middle = px(left + slot / 2);
    const kind = index % labelEvery === 0 ? "label" : "label minor";
    return markup`
<g><title>${hint}</title>
<rect class="hit" x="${left}" y="${MARGIN.top}" width="${px(slot)}" height="${inner}"/>
${value === null ? drawGap(middle) : drawValue(value, note, middle)}
<text class="${kind}" x="${middle}" y="${height - 8}">${label}</text></g>`;
  }

  function drawGap(middle: number): Markup {
    return markup`<circle class="none" cx="${middle}" cy="${px(y(0) - 5)}" r="2"/>`;
  }

  function drawValue(value: number, note: string | undefined, middle: number): Markup {
    const wide = px(slot * FILLED);
    const left = px(middle - wide / 2);
    const top = Math.min(y(value), y(0));
    const tall = Math.max(1, px(Math.abs(y(value) - y(0))));
    const kind = note === undefined ? "bar" : "bar noted";
    return markup`<rect class="${kind}" x="${left}" y="${top}" width="${wide}" height="${tall}" rx="1.5"/>
${note !== undefined && markup`<text class="note" x="${middle}" y="${px(top - 7)}">${note}</text>`}`;
  }
}

/** Round values that span `low` to `high`, with 0 among them. */
export function ticksFor(low: number, high: number): number[] {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 3));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= 4.2)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from(
    { length: last - first + 1 },
    (_, index) => Number(((first + index) * step).toPrecision(9)),
  );
}

/** Two decimals are finer than any screen. */
function px(value: number): number {
  return Math.round(value * 100) / 100;
}
