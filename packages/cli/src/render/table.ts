import { padEnd, padStart, type Style, visibleLength } from "./style.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers read better at the right. */
  readonly align?: "left" | "right";
}

/** Columns as wide as their widest cell, two blanks between; no frame, so that `awk` and people read it alike. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], style: Style): string {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const widths = columns.map((column, index) => Math.max(column.title.length, ...cells.map((line) => visibleLength(line[index] ?? ""))));
  const renderLine = (line: readonly string[]): string =>
    line
      .map((cell, index) => (columns[index]?.align === "right" ? padStart(cell, widths[index] ?? 0) : padEnd(cell, widths[index] ?? 0)))
      .join("  ")
      .trimEnd();
  const head = style.dim(renderLine(columns.map((column) => column.title.toUpperCase())));
  return [head, ...cells.map(renderLine)].join("\n");
}
