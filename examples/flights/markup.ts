/**
 * HTML from templates that escape whatever is put into them. Forgetting to escape is not possible; only what
 * a template made counts as markup.
 */

/** Text that is markup already. Made by {@linkcode markup}; {@linkcode trustedMarkup} is for constants only. */
export interface Markup {
  /** The markup. */
  readonly [MARKUP]: string;
}

const MARKUP = Symbol("markup");

/** What may stand in a template: texts and numbers are escaped, markup is not, nothing gives nothing. */
export type Insert = string | number | null | undefined | false | Markup | readonly Insert[];

/** Makes markup from a template. */
export function markup(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  return trustedMarkup(parts.map((part, index) => part + textOf(inserts[index])).join(""));
}

/** Takes a constant text, such as a style sheet, as markup. Never give it data. */
export function trustedMarkup(text: string): Markup {
  return { [MARKUP]: text };
}

/** The text of markup. */
export function toText(markup: Markup): string {
  return markup[MARKUP];
}

function textOf(insert: Insert): string {
  if (insert === null || insert === undefined || insert === false) return "";
  if (typeof insert === "number") return String(insert);
  if (typeof insert === "string") return escape(insert);
  return MARKUP in insert ? insert[MARKUP] : insert.map(textOf).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
