/**
 * How deeply JSON may be nested. Deeper text parses, but the platform's own structured clone overflows on it
 * (from some 2,500 levels on, measured on Deno 2.9.6), and nobody writes such data by hand.
 *
 * @module
 */

/** How many arrays and objects may stand within each other. */
export const MAX_JSON_DEPTH = 256;

/** Whether JSON text is nested too deeply. Text too short to be so is not looked at. */
export function isTooDeep(json: string): boolean {
  if (json.length < 2 * MAX_JSON_DEPTH) return false;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (quoted) {
      if (code === 0x5c) index++; // a backslash takes the next character with it
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}
