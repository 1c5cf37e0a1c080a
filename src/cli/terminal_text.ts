/**
 * Text that fits a terminal: clipped, wrapped, in columns, and without anything that could steer it.
 *
 * Widths are counted in code points; a wide one (CJK, emoji) in an error message may push a line over, which
 * the terminal wraps.
 *
 * @module
 */

/**
 * The text on one line. Control characters, escapes above all, become spaces: a task's error message must not
 * be able to steer the reader's terminal.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, " ").trim();
}

/** The text as it is, but for what could steer the reader's terminal. */
export function printable(text: string): string {
  return text.replaceAll(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, " ");
}

/** The text, cut to `columns` with `…` where something is missing. */
export function clip(text: string, columns: number): string {
  // Most text is short and plain: only what may be too long is taken apart.
  if (text.length <= columns) return text;
  const points = [...text];
  if (points.length <= columns) return text;
  return columns < 1 ? "" : points.slice(0, columns - 1).join("") + "…";
}

/** The text on lines of at most `columns`, broken at spaces; a longer word stays whole (it may be copied). */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** A short form of a run's id: its tail, as the heads of all ids made within a minute are the same (UUIDv7). */
export function shortId(runId: string): string {
  return runId.slice(-8);
}

/** `1 run`, `2 runs`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A cell of a table; `paint` changes its colour, never its width. */
export interface Cell {
  /** What it shows. */
  readonly text: string;
  /** How it looks. */
  readonly paint?: (text: string) => string;
}

/**
 * A table: two spaces between columns, no frame, the first row painted as it comes.
 *
 * @param rows All with the same number of cells.
 * @param columns The width to keep to.
 * @param flexible The column that is clipped where the table is too wide.
 */
export function table(
  rows: readonly (readonly (Cell | string)[])[],
  columns: number,
  flexible: number,
): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => typeof cell === "string" ? { text: cell } : cell));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => [...row[column]!.text].length))
  );
  const total = widths.reduce((sum, width) => sum + width + 2, -2);
  if (total > columns) widths[flexible] = Math.max(8, widths[flexible]! - (total - columns));
  return cells.map((row) =>
    row.map(({ text, paint }: Cell, column) => {
      const clipped = clip(text, widths[column]!);
      const padding = column === row.length - 1 ? "" : " ".repeat(widths[column]! - [...clipped].length);
      return (paint === undefined ? clipped : paint(clipped)) + padding;
    }).join("  ").trimEnd()
  );
}
