/** A small matrix with its numbers in cells. */
import { element, label, svgDocument } from "./svg.ts";
import { FAINT_INK, INK, LABEL_SIZE } from "./theme.ts";

/** The content of a grid of numbers. */
export interface NumberGrid {
  /** A title, such as `x.t()`. */
  title: string;
  /** A line under the title, such as its shape. */
  subtitle?: string;
  /** Rows from the top; texts are shown unchanged. */
  rows: readonly (readonly (number | string)[])[];
  /** Cells that are tinted. */
  tinted?: (row: number, column: number) => boolean;
  /** Minimal width in pixels. */
  width?: number;
}

const CELL = 44, LEFT = 20, TOP = 68;

/** Draws the grid as the text of an SVG file. */
export function numberGrid({ title, subtitle = "", rows, tinted, width = 0 }: NumberGrid): string {
  const cells = rows.flatMap((row, i) =>
    row.map((value, j) => {
      const x = LEFT + j * CELL, y = TOP + i * CELL;
      const fill = tinted?.(i, j) ? "#cfe3f3" : "#ffffff";
      return element("rect", { x, y, width: CELL, height: CELL, fill, stroke: FAINT_INK }) +
        label(typeof value === "number" ? String(+value.toFixed(2)) : value, {
          ...{ x: x + CELL / 2, y: y + CELL / 2, dy: "0.35em" },
          ...{ "text-anchor": "middle", "font-size": LABEL_SIZE, fill: INK },
        });
    })
  );
  const across = Math.max(0, ...rows.map((row) => row.length)) * CELL;
  const words = Math.max(title.length * LABEL_SIZE * 0.62, subtitle.length * LABEL_SIZE * 0.56);
  const size = { width: Math.max(width, across + 2 * LEFT, words + 2 * LEFT), height: TOP + rows.length * CELL + LEFT };
  return svgDocument(size, title, [
    label(title, { x: LEFT, y: 30, "font-size": LABEL_SIZE, "font-family": "ui-monospace, monospace", fill: INK }),
    label(subtitle, { x: LEFT, y: 52, "font-size": LABEL_SIZE, fill: FAINT_INK }),
    ...cells,
  ]);
}
