import { imageGrid } from "../runner/pictures/image_grid.ts";
import type { Pixels } from "../runner/pictures/png.ts";
import { misclassified, type Predictions } from "./predictions.ts";

/** What the page of misclassified images is drawn from. */
export interface MisclassifiedPage {
  title: string;
  /** What the images are: "digit" or "image". */
  of: string;
  predictions: Predictions;
  /** The classes. */
  names: readonly string[];
  /** The pixels of a test image. */
  image: (index: number) => Pixels;
  /** Images shown at most. */
  count: number;
  columns: number;
  scale: number;
}

/** The misclassified images with their true and predicted classes, the most confident mistakes first, as the text of an SVG file. */
export function misclassifiedPage(
  { title, of, predictions, names, image, count, columns, scale }: MisclassifiedPage,
): string {
  const wrong = misclassified(predictions);
  const shown = wrong.slice(0, count);
  return imageGrid({
    title: `${title}: misclassified ${of}s`,
    subtitle: wrong.length === 0
      ? `None: every test ${of} was classified correctly.`
      : `${shown.length} of ${wrong.length.toLocaleString("en-US")}, the most confident first: true → predicted`,
    images: shown.map(({ index, label, predicted }) => ({
      pixels: image(index),
      caption: `${names[label]} → ${names[predicted]}`,
    })),
    columns,
    scale,
  });
}
