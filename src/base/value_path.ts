/**
 * Paths into values, as sentences show them: `a.b[].c`, `rows[0]`, `"a key"`.
 *
 * @module
 */

/** The path `path` within the property `name`. */
export function atProperty(name: string, path: string = ""): string {
  const key = name === "*" || /^[\p{L}\p{N}_$~-]+$/u.test(name) ? name : JSON.stringify(name);
  return path === "" || path.startsWith("[") ? key + path : `${key}.${path}`;
}

/** The path `path` within the item at `index`; without an index, within each of the others. */
export function atItem(index?: number, path: string = ""): string {
  const key = `[${index ?? ""}]`;
  return path === "" || path.startsWith("[") ? key + path : `${key}.${path}`;
}
