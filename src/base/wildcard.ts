/**
 * Texts with `*` in them: what the registry and the selector language match names and tags by.
 *
 * @module
 */

/**
 * Whether a text fits a pattern in which `*` stands for any characters, none included. Takes time proportional
 * to both: each part between two `*` is looked for once, from where the one before ended.
 */
export function wildcard(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*");
  const [head, tail] = [parts[0]!, parts.at(-1)!];
  if (parts.length === 1) return (text) => text === pattern;
  const middle = parts.slice(1, -1);
  return (text) => {
    const end = text.length - tail.length;
    if (!text.startsWith(head) || !text.endsWith(tail)) return false;
    let at = head.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}
