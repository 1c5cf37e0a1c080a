import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { barChart, ticksFor } from "./bar_chart.ts";
import { toText } from "./markup.ts";

Deno.test("ticksFor gives round values that span what is shown", () => {
  assertEquals(ticksFor(-3.5, 26.5), [-10, 0, 10, 20, 30]);
  assertEquals(ticksFor(0, 39.8), [0, 10, 20, 30, 40]);
  assertEquals(ticksFor(0, 1374), [0, 500, 1000, 1500]);
  assertEquals(ticksFor(0, 0).length > 1, true);
});

Deno.test("ticksFor spans every range with few ticks, 0 among them", () => {
  const bound = fc.double({ min: 0, max: 1e6, noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(bound, bound, (below, above) => {
    const [low, high] = [-Math.round(below * 100) / 100, Math.round(above * 100) / 100];
    const ticks = ticksFor(low, high);
    assert(ticks.length >= 2 && ticks.length <= 7, String(ticks));
    assert(ticks.includes(0), String(ticks));
    assert(
      ticks[0]! <= low + 1e-6 * (high - low) && ticks.at(-1)! >= high - 1e-6 * (high - low),
      String(ticks),
    );
  }));
});

Deno.test("barChart speaks to those who cannot see it, and escapes what it is given", () => {
  const svg = toText(barChart({
    id: "a",
    title: "Delay",
    description: "Highest: <Monday>",
    format: String,
    tone: "calm",
    bars: [
      { label: "Mon", value: 3, hint: "3 & more", note: "3.0" },
      { label: "Tue", value: null, hint: "too few" },
    ],
  }));
  assertStringIncludes(svg, 'role="img" aria-labelledby="a-t a-d"');
  assertStringIncludes(svg, '<desc id="a-d">Highest: &lt;Monday&gt;</desc>');
  assertStringIncludes(svg, "<title>3 &amp; more</title>");
  assertEquals(svg.match(/class="none"/g)?.length, 1);
});
