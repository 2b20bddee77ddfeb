/** Tables of text: complete, or printed row by row during a run. */

/** One cell; numbers are aligned right. */
export type Cell = string | number;

/** A table of known rows. Columns of numbers are aligned right, columns of words left. */
export function textTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const shown = rows.map((row) => row.map(cellText));
  const widths = titles.map((title, i) => Math.max(title.length, ...shown.map((row) => row[i]?.length ?? 0)));
  const right = titles.map((_, i) => rows.some((row) => isNumeric(row[i])));
  const line = (cells: readonly string[]): string =>
    widths.map((width, i) => right[i] ? (cells[i] ?? "").padStart(width) : (cells[i] ?? "").padEnd(width))
      .join("  ").trimEnd();
  return [line(titles), widths.map((width) => "─".repeat(width)).join("  "), ...shown.map(line)].join("\n");
}

/** A table that is printed row by row: first its head, then a line per row. */
export class GrowingTable {
  private readonly titles: readonly string[];
  private readonly print: (line: string) => void;
  private begun = false;

  constructor(titles: readonly string[], print: (line: string) => void) {
    this.titles = titles;
    this.print = print;
  }

  /** Prints a row; columns are as wide as their titles, and at least seven letters. */
  row(...cells: Cell[]): void {
    const widths = this.titles.map((title) => Math.max(7, title.length));
    const line = (texts: readonly string[]): string => widths.map((width, i) => texts[i]!.padStart(width)).join("  ");
    if (cells.length !== this.titles.length) {
      throw new RangeError(
        `table: ${cells.length} cells for ${this.titles.length} columns (${this.titles.join(", ")})`,
      );
    }
    if (!this.begun) {
      this.print(line(this.titles));
      this.print(widths.map((width) => "─".repeat(width)).join("  "));
      this.begun = true;
    }
    this.print(line(cells.map(cellText)));
  }
}

function cellText(cell: Cell): string {
  return typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
}

function isNumeric(cell: Cell | undefined): boolean {
  return typeof cell === "number" || (cell !== undefined && /^[-+]?[\d.,]+( ?[%A-Za-zµ]+)?$/.test(cell));
}
