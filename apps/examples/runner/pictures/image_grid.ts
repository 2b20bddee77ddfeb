/** Grids of small images with captions: mistakes, samples, transforms. */
import { type Pixels, pngDataUrl } from "./png.ts";
import { element, label, svgDocument, textWidth } from "./svg.ts";
import { FAINT_INK, GRID, INK, LABEL_SIZE, TITLE_SIZE } from "./theme.ts";

/** The content of a grid. */
export interface ImageGrid {
  title: string;
  /** A line under the title. */
  subtitle?: string;
  images: readonly { pixels: Pixels; caption?: string }[];
  /** Images per row (default 10). */
  columns?: number;
  /** Screen pixels per image pixel (default 2). */
  scale?: number;
}

const EDGE = 20, TOP = 70, GAP = 12, CAPTION = 20;

/** Draws the grid as the text of an SVG file: images are embedded as PNG and scaled without blur; captions are text. */
export function imageGrid(grid: ImageGrid): string {
  const { images, columns = 10, scale = 2 } = grid;
  const wide = Math.max(28, ...images.map(({ pixels }) => pixels.width)) * scale;
  const high = Math.max(1, ...images.map(({ pixels }) => pixels.height)) * scale;
  const below = images.some(({ caption }) => caption !== undefined) ? CAPTION : 0;
  const rows = Math.ceil(images.length / columns);
  const across = Math.max(1, Math.min(columns, images.length));
  const size = {
    width: Math.max(
      480,
      EDGE * 2 + across * (wide + GAP) - GAP,
      EDGE * 2 + Math.max(textWidth(grid.title, TITLE_SIZE), textWidth(grid.subtitle ?? "", LABEL_SIZE)),
    ),
    height: TOP + Math.max(1, rows) * (high + below + GAP) - GAP + EDGE,
  };
  const cells = images.map(({ pixels, caption }, i) => {
    const x = EDGE + i % columns * (wide + GAP), y = TOP + Math.floor(i / columns) * (high + below + GAP);
    const box = { x, y, width: pixels.width * scale, height: pixels.height * scale };
    return element("image", { ...box, href: pngDataUrl(pixels), style: "image-rendering: pixelated" }) +
      element("rect", { ...box, fill: "none", stroke: GRID }) +
      label(caption ?? "", {
        x: x + box.width / 2,
        y: y + high + 15,
        "text-anchor": "middle",
        "font-size": LABEL_SIZE,
        fill: INK,
      });
  });
  return svgDocument(size, grid.title, [
    label(grid.title, { x: EDGE, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    label(grid.subtitle ?? "", { x: EDGE, y: 52, "font-size": LABEL_SIZE, fill: FAINT_INK }),
    ...cells,
  ]);
}
