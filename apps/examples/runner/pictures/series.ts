/** The looks of series: they differ by colour, dash and shape, and so in greyscale too. */
import { symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle } from "d3-shape";
import { element } from "./svg.ts";
import { SERIES_COLOURS } from "./theme.ts";

const DASHES = [undefined, "7 4", "2 3", "10 3 2 3"];
const MARKS = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond];

/** The colour of the series with this index. */
export function seriesColour(index: number): string {
  return SERIES_COLOURS[index % SERIES_COLOURS.length]!;
}

/** A line of the series with this index, with the dash of another if earlier series have no line; `d` is the path. */
export function seriesLine(d: string, index: number, dash: number = index): string {
  return element("path", {
    d,
    fill: "none",
    stroke: seriesColour(index),
    "stroke-width": 2,
    "stroke-dasharray": DASHES[dash % DASHES.length],
    "stroke-linejoin": "round",
  });
}

/** A point of the series with this index; `area` in square pixels. */
export function seriesMark(x: number, y: number, index: number, area = 52): string {
  const d = symbol(MARKS[index % MARKS.length]!, area).digits(2)() ?? "";
  return element("path", {
    d,
    transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`,
    fill: seriesColour(index),
    stroke: "#ffffff",
    // On small marks a white outline of a whole pixel would hide the colour.
    "stroke-width": area < 40 ? 0.5 : undefined,
  });
}
