/** The picture of all transforms: the code above its images, by kind. */
import { type Pixels, pngDataUrl } from "../runner/pictures/png.ts";
import { element, label, svgDocument } from "../runner/pictures/svg.ts";
import { FAINT_INK, GRID, INK, LABEL_SIZE, TITLE_SIZE } from "../runner/pictures/theme.ts";

/** Images in a row, under their code. */
export interface Strip {
  readonly pixels: Pixels;
  readonly code: string;
  /** The heading above, where a new kind begins. */
  readonly kind?: string;
}

const EDGE = 20, TOP = 72, COLUMNS = 2, BETWEEN = 28;
const HEADING = 44, CODE = 20, GAP = 14, SCALE = 2;
const MONOSPACE = "ui-monospace, 'Cascadia Mono', Menlo, 'Liberation Mono', monospace";

/** Draws the strips as the text of an SVG file, in two columns under the heading of each kind. */
export function galleryPage(title: string, subtitle: string, strips: readonly Strip[]): string {
  const width = Math.max(...strips.map(({ pixels, code }) => Math.max(pixels.width * SCALE, code.length * 6.7)));
  const parts: string[] = [];
  let y = TOP, column = 0, rowHeight = 0;
  const endRow = (): void => {
    if (column > 0) y += rowHeight + GAP;
    column = rowHeight = 0;
  };
  for (const { pixels, code, kind } of strips) {
    if (kind !== undefined) {
      endRow();
      parts.push(label(kind, { x: EDGE, y: y + 24, "font-size": 15, "font-weight": 600, fill: INK }));
      y += HEADING;
    }
    const x = EDGE + column * (width + BETWEEN);
    const box = { x, y: y + CODE, width: pixels.width * SCALE, height: pixels.height * SCALE };
    parts.push(
      label(code, { x, y: y + 12, "font-size": 11, "font-family": MONOSPACE, fill: INK }),
      element("image", { ...box, href: pngDataUrl(pixels), style: "image-rendering: pixelated" }),
      element("rect", { ...box, fill: "none", stroke: GRID }),
    );
    rowHeight = Math.max(rowHeight, CODE + box.height);
    if (++column === COLUMNS) endRow();
  }
  endRow();
  const size = { width: EDGE * 2 + COLUMNS * width + (COLUMNS - 1) * BETWEEN, height: y + EDGE - GAP };
  return svgDocument(size, title, [
    label(title, { x: EDGE, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    label(subtitle, { x: EDGE, y: 52, "font-size": LABEL_SIZE, fill: FAINT_INK }),
    ...parts,
  ]);
}
