/** Heat maps: confusion matrices, attention, anything with two labelled sides. */
import { scalePow } from "d3-scale";
import { interpolateBlues } from "d3-scale-chromatic";
import type { Plot } from "./axes.ts";
import { element, label, svgDocument, textWidth } from "./svg.ts";
import { FAINT_INK, GRID, INK, LABEL_SIZE, TICK_SIZE, TITLE_SIZE } from "./theme.ts";

/** The content of a heat map: `shares[row][column]` from 0 to 1 as colour, and text in the cells. */
export interface HeatMap {
  title: string;
  /** A line under the title. */
  subtitle?: string;
  rows: { label: string; names: readonly string[] };
  columns: { label: string; names: readonly string[] };
  shares: readonly (readonly number[])[];
  words?: readonly (readonly string[])[];
  /** The meaning of the colour, beside the colour bar. */
  colourLabel: string;
  /** The exponent of the colour scale; below 1 small shares stand out (default 1). The ticks of the bar show it. */
  power?: number;
}

const LEFT = 76, TOP = 76;
/** Between two names. */
const GAP = 6;

function widest(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => textWidth(name, TICK_SIZE)));
}

/**
 * Draws the heat map as the text of an SVG file.
 *
 * @throws RangeError if rows or columns and their names do not match.
 */
export function heatMap(map: HeatMap): string {
  const { rows, columns, shares } = map;
  if (shares.length !== rows.names.length || shares.some((row) => row.length !== columns.names.length)) {
    throw new RangeError(
      `heatMap: ${rows.names.length} × ${columns.names.length} names for ${shares.length} × ${
        shares[0]?.length ?? 0
      } values`,
    );
  }
  const cell = Math.max(12, Math.min(46, Math.floor(560 / Math.max(rows.names.length, columns.names.length))));
  // Names that are wider than a digit need more space at the left; below the map they are rotated if they are wider
  // than a cell.
  const left = Math.max(LEFT, widest(rows.names) + 52);
  const onEnd = widest(columns.names) > cell - GAP;
  const below = onEnd ? widest(columns.names) : TICK_SIZE;
  const plot: Plot = {
    left,
    top: TOP,
    right: left + cell * columns.names.length,
    bottom: TOP + cell * rows.names.length,
  };
  const depth = scalePow().exponent(map.power ?? 1).domain([0, 1]).range([0, 1]).clamp(true);
  const tint = (share: number): string => share > 0 ? interpolateBlues(0.06 + 0.9 * depth(share)) : "#ffffff";
  const cells = shares.flatMap((row, i) =>
    row.map((share, j) => {
      const x = plot.left + j * cell, y = plot.top + i * cell;
      const words = map.words?.[i]?.[j] ?? "";
      const box = element("rect", {
        x,
        y,
        width: cell,
        height: cell,
        fill: tint(share),
        stroke: GRID,
        "stroke-width": 1,
      });
      if (words === "" || cell < 20) return box;
      const looks = { "text-anchor": "middle", dy: "0.35em", "font-size": Math.min(TICK_SIZE, cell * 0.36) };
      return box +
        label(words, { x: x + cell / 2, y: y + cell / 2, ...looks, fill: depth(share) > 0.55 ? "#ffffff" : INK });
    })
  );
  // A title can be wider than a map of few cells.
  const words = 40 + Math.max(textWidth(map.title, TITLE_SIZE), textWidth(map.subtitle ?? "", LABEL_SIZE));
  const size = { width: Math.max(plot.right + 110, words), height: plot.bottom + below + 46 };
  return svgDocument(size, map.title, [
    label(map.title, { x: 20, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    label(map.subtitle ?? "", { x: 20, y: 52, "font-size": LABEL_SIZE, fill: FAINT_INK }),
    ...cells,
    ...names(map, plot, cell, onEnd),
    ...sideLabels(map, plot, below),
    ...colourBar(map.colourLabel, plot, tint, depth),
  ]);
}

function names({ rows, columns }: HeatMap, plot: Plot, cell: number, onEnd: boolean): string[] {
  const looks = { "font-size": TICK_SIZE, fill: INK };
  return [
    ...rows.names.map((name, i) =>
      label(name, { x: plot.left - 10, y: plot.top + (i + 0.5) * cell, dy: "0.35em", "text-anchor": "end", ...looks })
    ),
    ...columns.names.map((name, j) => {
      const x = plot.left + (j + 0.5) * cell;
      if (!onEnd) return label(name, { x, y: plot.bottom + 18, "text-anchor": "middle", ...looks });
      const y = plot.bottom + 8;
      return label(name, { x, y, transform: `rotate(-90 ${x} ${y})`, dy: "0.35em", "text-anchor": "end", ...looks });
    }),
  ];
}

/** The labels of the sides: below the columns' names, and rotated at the left of the rows'. */
function sideLabels({ rows, columns }: HeatMap, plot: Plot, below: number): string[] {
  const looks = { "text-anchor": "middle", "font-size": LABEL_SIZE, fill: INK };
  const middle = (plot.top + plot.bottom) / 2, side = plot.left - widest(rows.names) - 24;
  return [
    label(columns.label, { x: (plot.left + plot.right) / 2, y: plot.bottom + below + 30, ...looks }),
    label(rows.label, { x: side, y: middle, transform: `rotate(-90 ${side} ${middle})`, ...looks }),
  ];
}

/** A colour bar with the shares. */
function colourBar(
  meaning: string,
  plot: Plot,
  tint: (share: number) => string,
  depth: { (share: number): number; invert(depth: number): number },
): string[] {
  const left = plot.right + 28, width = 16, height = plot.bottom - plot.top;
  const at = (share: number): number => plot.bottom - depth(share) * height;
  const slices = Array.from({ length: 64 }, (_, i) => {
    const share = depth.invert((i + 0.5) / 64);
    // Half a pixel more hides the seams between slices.
    return element("rect", {
      x: left,
      y: plot.bottom - (i + 1) / 64 * height,
      width,
      height: height / 64 + 0.5,
      fill: tint(share),
    });
  });
  const marks = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 1].filter((share, i, all) =>
    i === 0 || share === 1 || (at(all[i - 1]!) - at(share) > 16 && at(share) - plot.top > 16)
  );
  const middle = (plot.top + plot.bottom) / 2;
  const side = left + width + 54;
  return [
    ...slices,
    element("rect", { x: left, y: plot.top, width, height, fill: "none", stroke: FAINT_INK }),
    ...marks.map((share) =>
      label(`${+(share * 100).toFixed(1)}%`, {
        x: left + width + 6,
        y: at(share),
        dy: "0.35em",
        "font-size": TICK_SIZE,
        fill: FAINT_INK,
      })
    ),
    label(meaning, {
      x: side,
      y: middle,
      transform: `rotate(-90 ${side} ${middle})`,
      "text-anchor": "middle",
      "font-size": LABEL_SIZE,
      fill: INK,
    }),
  ];
}
