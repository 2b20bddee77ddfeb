/** Several pictures as one, side by side. */
import { svgDocument } from "./svg.ts";

/**
 * Arranges pictures (texts of SVG files, as the other functions return them) in rows of `columns`, as the text of an
 * SVG file.
 *
 * @throws RangeError if there are none, or one is not such a text.
 */
export function panels(title: string, pictures: readonly string[], columns: number = pictures.length): string {
  const sizes = pictures.map((picture) => {
    const size = picture.match(/^<svg[^>]*? width="([\d.]+)" height="([\d.]+)"/);
    if (!size) throw new RangeError(`panels: expected pictures that begin with <svg …>, got ${picture.slice(0, 40)}`);
    return { width: Number(size[1]), height: Number(size[2]) };
  });
  if (sizes.length === 0) throw new RangeError(`panels: there are no pictures in "${title}"`);
  const width = Math.max(...sizes.map((size) => size.width)), height = Math.max(...sizes.map((size) => size.height));
  const rows = Math.ceil(pictures.length / columns);
  const placed = pictures.map((picture, i) =>
    picture.trimEnd().replace("<svg", `<svg x="${i % columns * width}" y="${Math.floor(i / columns) * height}"`)
  );
  return svgDocument({ width: Math.min(columns, pictures.length) * width, height: rows * height }, title, placed);
}
