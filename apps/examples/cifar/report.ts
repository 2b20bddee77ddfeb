/** The pictures of a training run. */
import { Generator } from "@heddle/tensor";
import {
  colourPixels,
  type ColourSets,
  dataset,
  type StoredImages,
  storedPixels,
} from "../colour_images/colour_images.ts";
import { confusion, errorPercent, mistakes, type Predictions } from "../lenet/mistakes.ts";
import { lossChart } from "../lenet/report.ts";
import type { Metrics } from "../runner/metrics.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { heatMap } from "../runner/pictures/heat_map.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import type { Pixels } from "../runner/pictures/png.ts";
import { type AugmentationName, augmentName, transformsOf } from "./augment.ts";
import type { Trained } from "./train.ts";

/** More mistakes than this do not fit a screen. */
const SHOWN = 40;
/** Images, and what comes of each, in the picture of the augmentation. */
const AUGMENTED = 6, DRAWS = 9;
/** Names that fit the sides of a confusion matrix. */
const SHORT: Readonly<Record<string, string>> = { airplane: "plane", automobile: "car" };

/** Draws the curves, the confusion matrix, the misclassified images and the augmented ones. */
export function drawReport(
  out: OutFolder,
  title: string,
  augment: readonly AugmentationName[],
  { metrics, losses, tested }: Trained,
  sets: ColourSets,
): void {
  const names = sets.test.classes.map((name) => SHORT[name] ?? name);
  out.picture(
    "error.svg",
    errorChart(title, metrics),
    "Errors by epoch; the train error is taken while the network learns, on augmented images if there is augmentation",
  );
  out.picture("loss.svg", lossChart(title, losses), "Cross-entropy of the training batches");
  out.picture("confusion.svg", confusionChart(title, tested, names), "Which classes were taken for which");
  out.picture(
    "misclassified.svg",
    mistakesPage(title, tested, names, (index) => storedPixels(sets.test, index)),
    "Misclassified test images: the true class → what the network says",
  );
  if (transformsOf(augment).length === 0) return;
  out.picture("augmented.svg", augmentedPage(augment, sets.train), "What the network sees of some training images");
}

function errorChart(title: string, metrics: Metrics): string {
  return lineChart({
    title: `${title}: error by epoch`,
    x: { label: "epoch", whole: true },
    y: { label: "error (%)", include: 0 },
    series: [
      { name: "train", ...metrics.curve("trainErrorPercent", "epoch") },
      { name: "test", ...metrics.curve("testErrorPercent", "epoch"), marks: true },
    ],
  });
}

function confusionChart(title: string, predictions: Predictions, names: readonly string[]): string {
  const counts = confusion(predictions, names.length);
  return heatMap({
    title: `${title}: confusion matrix`,
    subtitle: `${predictions.labels.length.toLocaleString("en-US")} test images, ${
      errorPercent(predictions).toFixed(2)
    }% misclassified`,
    rows: { label: "true class", names },
    columns: { label: "predicted class", names },
    shares: counts.map((row) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.map((count) => total > 0 ? count / total : 0);
    }),
    words: counts.map((row) => row.map((count) => count > 0 ? String(count) : "")),
    colourLabel: "share of the images of the true class",
    power: 0.6,
  });
}

function mistakesPage(
  title: string,
  predictions: Predictions,
  names: readonly string[],
  image: (index: number) => Pixels,
): string {
  const wrong = mistakes(predictions);
  const shown = wrong.slice(0, SHOWN);
  const count = wrong.length === 0
    ? "None: every test image was recognised."
    : `${shown.length} of ${wrong.length.toLocaleString("en-US")}, the surest mistakes first: true → predicted`;
  return imageGrid({
    title: `${title}: misclassified images`,
    subtitle: count,
    images: shown.map(({ index, label, predicted }) => ({
      pixels: image(index),
      caption: `${names[label]} → ${names[predicted]}`,
    })),
    columns: 8,
    scale: 3,
  });
}

/** Each row an image as it is, and as it is read several times. */
function augmentedPage(augment: readonly AugmentationName[], train: StoredImages): string {
  const augmented = dataset(train, transformsOf(augment), new Generator(0));
  const rows = Array.from({ length: Math.min(AUGMENTED, train.labels.length) }, (_, index) => {
    const draws = Array.from({ length: DRAWS }, () => {
      const [image] = augmented.get(index);
      const pixels = colourPixels(image.toTypedArray() as Float32Array);
      image.dispose();
      return { pixels };
    });
    return [{ pixels: storedPixels(train, index) }, ...draws];
  });
  return imageGrid({
    title: `Training images and ${DRAWS} draws of ${augmentName(augment)}`,
    subtitle: augment.some((name) => name === "mixup" || name === "cutmix")
      ? "before the images of a batch are mixed"
      : "the image as it is stands first in its row",
    images: rows.flat(),
    columns: DRAWS + 1,
  });
}
