import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { markup, toText } from "./markup.ts";

Deno.test("markup escapes texts and keeps markup", () => {
  const inner = markup`<b>${"<script>alert('1')</script>"}</b>`;
  assertEquals(
    toText(markup`<p title="${'"&'}">${inner}${[1, " < ", 2]}</p>`),
    '<p title="&quot;&amp;"><b>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;</b>1 &lt; 2</p>',
  );
});

Deno.test("markup gives nothing for nothing", () => {
  assertEquals(toText(markup`${null}${undefined}${false}${[]}`), "");
});

Deno.test("markup lets no character through that could start a tag, an attribute or an entity", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const escaped = toText(markup`${text}`).replace(/&(amp|lt|gt|quot|#39);/g, "");
    assertEquals(/[<>"'&]/.test(escaped), false);
  }));
});
