/** The legend of a chart: names beside samples, in rows under the title. */
import { element, label, textWidth } from "./svg.ts";
import { INK, LABEL_SIZE } from "./theme.ts";

/** A name and its sample, drawn 30 pixels wide from `x` on, at height `y`. */
export interface LegendEntry {
  name: string;
  sample(x: number, y: number): string;
}

const TOP = 51, ROW = 22;

/** The rows, and the height in pixels beyond one row. */
export function legend(entries: readonly LegendEntry[], width: number): { parts: string[]; more: number } {
  let left = 20, y = TOP;
  const parts = entries.filter(({ name }) => name !== "").map(({ name, sample }) => {
    const wide = 38 + textWidth(name, LABEL_SIZE);
    if (left > 20 && left + wide > width - 10) [left, y] = [20, y + ROW];
    const words = label(name, { x: left + 38, y, dy: "0.35em", "font-size": LABEL_SIZE, fill: INK });
    const entry = element("g", {}, sample(left, y), words);
    left += wide + 26;
    return entry;
  });
  return { parts, more: y - TOP };
}
