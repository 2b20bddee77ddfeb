/** The attention of each head of a transformer: small heat maps side by side. */
import { interpolateBlues } from "d3-scale-chromatic";
import { element, label, svgDocument, textWidth } from "./svg.ts";
import { FAINT_INK, GRID, INK, LABEL_SIZE, TITLE_SIZE } from "./theme.ts";

/** Maps of the same words: `shares[row][column]` from 0 to 1. */
export interface HeadMaps {
  title: string;
  /** A line under the title. */
  subtitle: string;
  rows: readonly string[];
  columns: readonly string[];
  maps: readonly { readonly name: string; readonly shares: readonly (readonly number[])[] }[];
  /** Maps per row (default 4). */
  across?: number;
}

const GAP = 24, TOP = 66;
/** Maps are about this wide; cells are large enough for letters that can be read, and not larger than that. */
const MAP = 240, CELL = { least: 13, most: 16 };
/** Font size of the words. */
const LETTERS = 11;
/** Fainter cells are invisible, and there are very many of them. */
const LEAST = 0.01;

/**
 * Draws the maps as the text of an SVG file, with the words above each map and before the first of a row.
 *
 * @throws RangeError if the rows or columns of a map and the words do not match.
 */
export function headMaps({ title, subtitle, rows, columns, maps, across = 4 }: HeadMaps): string {
  const wrong = maps.find(({ shares }) =>
    shares.length !== rows.length || shares.some((row) => row.length !== columns.length)
  );
  if (wrong) {
    throw new RangeError(
      `headMaps: ${rows.length} × ${columns.length} words for ${wrong.shares.length} × ${
        wrong.shares[0]?.length ?? 0
      } values of "${wrong.name}"`,
    );
  }
  const cell = Math.max(CELL.least, Math.min(CELL.most, MAP / Math.max(rows.length, columns.length, 1)));
  const room = (words: readonly string[]): number => 10 + Math.max(0, ...words.map((word) => textWidth(word, LETTERS)));
  // Single letters need no rotation to fit beside each other.
  const upright = columns.every((word) => word.length <= 1);
  const left = 12 + room(rows), above = room(columns) + 22;
  const width = cell * columns.length + GAP, height = cell * rows.length + above + GAP;
  const side = Math.max(1, Math.min(across, maps.length));
  const drawn = maps.map(({ name, shares }, i) =>
    element(
      "g",
      {
        transform: `translate(${(left + i % side * width).toFixed(2)} ${
          (TOP + Math.floor(i / side) * height + above).toFixed(2)
        })`,
      },
      label(name, { x: 0, y: 6 - above, dy: "0.7em", "font-size": LABEL_SIZE, fill: FAINT_INK }),
      ...columns.map((word, k) => {
        const at = +((k + 0.5) * cell).toFixed(2);
        const turned = upright ? { "text-anchor": "middle" } : { dy: "0.35em", transform: `rotate(-90 ${at} -5)` };
        return label(word, { x: at, y: -5, ...turned, "font-size": LETTERS, fill: INK });
      }),
      ...(i % side === 0 ? rows : []).map((word, k) =>
        label(word, { x: -5, y: (k + 0.5) * cell, dy: "0.35em", "text-anchor": "end", "font-size": LETTERS, fill: INK })
      ),
      ...shares.flatMap((row, r) => row.map((share, c) => cellOf(share, r, c, cell))),
      element("rect", {
        x: 0,
        y: 0,
        width: cell * columns.length,
        height: cell * rows.length,
        fill: "none",
        stroke: GRID,
      }),
    )
  );
  const size = { width: Math.max(420, left + side * width), height: TOP + Math.ceil(maps.length / side) * height };
  return svgDocument(size, title, [
    label(title, { x: 20, y: 28, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    label(subtitle, { x: 20, y: 48, "font-size": LABEL_SIZE, fill: FAINT_INK }),
    ...drawn,
  ]);
}

function cellOf(share: number, row: number, column: number, cell: number): string {
  if (!(share >= LEAST)) return "";
  // The square root makes small shares visible.
  const fill = interpolateBlues(0.03 + 0.92 * Math.sqrt(Math.min(1, share)));
  return element("rect", { x: column * cell, y: row * cell, width: cell, height: cell, fill });
}
