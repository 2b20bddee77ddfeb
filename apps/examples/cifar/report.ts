/** The pictures of a training run. */
import { Generator } from "@heddle/tensor";
import type { History } from "@heddle/train";
import { confusionChart } from "../classification/confusion_chart.ts";
import { misclassifiedPage } from "../classification/misclassified_page.ts";
import { confusion, errorPercent, type Predictions } from "../classification/predictions.ts";
import {
  colourPixels,
  type ColourSets,
  dataset,
  type StoredImages,
  storedPixels,
} from "../colour_images/colour_images.ts";
import { lossChart } from "../lenet/report.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { type AugmentationName, augmentName, transformsOf } from "./augment.ts";

/** More mistakes would not fit on a screen. */
const SHOWN = 40;
/** Images, and augmented versions of each, in the picture of the augmentation. */
const AUGMENTED = 6, DRAWS = 9;
/** Shorter names for the confusion matrix. */
const SHORT: Readonly<Record<string, string>> = { airplane: "plane", automobile: "car" };

/** Draws the errors and losses so far. */
export function drawCurves(out: OutFolder, title: string, history: History): void {
  out.picture("error.svg", errorChart(title, history));
  out.picture("loss.svg", lossChart(title, history.losses));
}

/** Draws the curves, the confusion matrix, the misclassified images and the augmented ones. */
export function drawReport(
  out: OutFolder,
  title: string,
  augment: readonly AugmentationName[],
  { history, tested }: { history: History; tested: Predictions },
  sets: ColourSets,
): void {
  const names = sets.test.classes.map((name) => SHORT[name] ?? name);
  const images = tested.labels.length.toLocaleString("en-US");
  const subtitle = `${images} test images, ${errorPercent(tested).toFixed(2)}% misclassified`;
  drawCurves(out, title, history);
  out.picture(
    "confusion.svg",
    confusionChart({ title, subtitle, of: "images", kind: "class", names, counts: confusion(tested, names.length) }),
  );
  out.picture(
    "misclassified.svg",
    misclassifiedPage({
      ...{ title, of: "image", predictions: tested, names, count: SHOWN, columns: 8, scale: 3 },
      image: (index) => storedPixels(sets.test, index),
    }),
  );
  if (transformsOf(augment).length === 0) return;
  out.picture("augmented.svg", augmentedPage(augment, sets.train));
}

function errorChart(title: string, history: History): string {
  return lineChart({
    title: `${title}: error by epoch`,
    x: { label: "epoch", whole: true },
    y: { label: "error (%)", include: 0 },
    series: [
      { name: "train", ...history.curve("errorPercent") },
      { name: "test", ...history.curve("testErrorPercent"), marks: true },
    ],
  });
}

/** One row per image: the original, then several augmented versions. */
function augmentedPage(augment: readonly AugmentationName[], train: StoredImages): string {
  const augmented = dataset(train, transformsOf(augment), new Generator(0));
  const rows = Array.from({ length: Math.min(AUGMENTED, train.labels.length) }, (_, index) => {
    const draws = Array.from({ length: DRAWS }, () => {
      const [image] = augmented.get(index);
      const pixels = colourPixels(image.toTypedArray("float32"));
      image.dispose();
      return { pixels };
    });
    return [{ pixels: storedPixels(train, index) }, ...draws];
  });
  return imageGrid({
    title: `Training images and ${DRAWS} draws of ${augmentName(augment)}`,
    subtitle: augment.some((name) => name === "mixup" || name === "cutmix")
      ? "before the images of a batch are mixed"
      : "the original image is first in its row",
    images: rows.flat(),
    columns: DRAWS + 1,
  });
}
