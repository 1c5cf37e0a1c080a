import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { PAGE, PAGE_POLICY, pageResponse } from "../../src/http/page.ts";
import { PAGE_SCRIPT } from "../../src/http/page_script.ts";
import { PAGE_VIEW } from "../../src/http/page_view.ts";

async function hashOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `'sha256-${btoa(String.fromCharCode(...digest))}'`;
}

Deno.test("pageResponse() has a policy that allows exactly its own style and script", async () => {
  const html = await pageResponse().text();
  const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
  const script = /<script type="module">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  assertStringIncludes(PAGE_POLICY, `style-src ${await hashOf(style)}`);
  assertStringIncludes(PAGE_POLICY, `script-src ${await hashOf(script)}`);
  assertFalse(PAGE_POLICY.includes("unsafe"));
});

Deno.test("PAGE needs nothing that its policy forbids: no style attributes, no inline handlers", () => {
  assertEquals(PAGE.match(/<[^>]+\s(?:style|on\w+)=/g), null);
});

Deno.test("PAGE names no other host", () => {
  const addresses = PAGE.match(/(?:https?:)?\/\/[\w.-]+\.\w+[^"\s]*/g) ?? [];
  assertEquals(addresses.filter((address) => !address.includes("www.w3.org")), []);
});

Deno.test("page script turns data into text only", () => {
  for (
    const way of ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"]
  ) {
    assertFalse((PAGE_SCRIPT + PAGE_VIEW).includes(way), way);
  }
});

Deno.test("page script is JavaScript and finds every element that it asks for", () => {
  new Function(PAGE_SCRIPT + PAGE_VIEW);
  const ids = [...PAGE_VIEW.matchAll(/\$\("([\w-]+)"\)/g)].map((match) => match[1]!);
  assert(ids.length > 20);
  for (const id of ids) assertStringIncludes(PAGE, `id="${id}"`);
});
