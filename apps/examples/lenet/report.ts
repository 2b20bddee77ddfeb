/** The pictures of a training run. */
import { confusionChart } from "../classification/confusion_chart.ts";
import { misclassifiedPage } from "../classification/misclassified_page.ts";
import { confusion, errorPercent, type Predictions } from "../classification/predictions.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import type { Pixels } from "../runner/pictures/png.ts";
import { binned, type History } from "./history.ts";

const DIGITS = [..."0123456789"];
/** More mistakes would not fit on a screen. */
const SHOWN = 60;

/** Draws the curves, the confusion matrix and the misclassified digits; `image` returns the pixels of a test image. */
export function drawReport(
  out: OutFolder,
  title: string,
  history: History,
  predictions: Predictions,
  image: (index: number) => Pixels,
): void {
  const images = predictions.labels.length.toLocaleString("en-US");
  const subtitle = `${images} test digits, ${errorPercent(predictions).toFixed(2)}% misclassified`;
  out.picture("error.svg", errorChart(title, history));
  out.picture("loss.svg", lossChart(title, history.losses));
  out.picture(
    "confusion.svg",
    confusionChart({
      title,
      subtitle,
      of: "images",
      kind: "digit",
      names: DIGITS,
      counts: confusion(predictions),
      power: 0.4,
    }),
  );
  out.picture(
    "misclassified.svg",
    misclassifiedPage({ title, of: "digit", predictions, names: DIGITS, image, count: SHOWN, columns: 10, scale: 2 }),
  );
}

/** The train and test error by epoch. */
export function errorChart(
  title: string,
  { trainErrorPercent, testErrorPercent }: Pick<History, "trainErrorPercent" | "testErrorPercent">,
): string {
  const errors = [...trainErrorPercent, ...testErrorPercent];
  // On a logarithmic axis both the start (tens of percent) and the end (one percent) are visible; it cannot show a
  // zero.
  const spread = Math.min(...errors) > 0 && Math.max(...errors) / Math.min(...errors) > 8;
  const epochs = trainErrorPercent.map((_, i) => i + 1);
  return lineChart({
    title: `${title}: error by epoch`,
    x: { label: "epoch", whole: true },
    y: spread ? { label: "error (%)", scale: "log" } : { label: "error (%)", include: 0 },
    series: [
      { name: "train", x: epochs, y: trainErrorPercent, marks: epochs.length <= 30 },
      { name: "test", x: epochs, y: testErrorPercent, marks: epochs.length <= 30 },
    ],
  });
}

/** The training loss by step. */
export function lossChart(title: string, losses: readonly number[], unit = "cross-entropy (nats)"): string {
  const { middle, mean, low, high } = binned(losses, 150);
  const each = Math.round(losses.length / middle.length);
  return lineChart({
    title: `${title}: training loss`,
    x: { label: "step" },
    y: { label: unit, include: 0 },
    series: [
      each > 1
        ? {
          name: `mean of ${each} batches, with their range`,
          x: middle,
          y: mean,
          band: { low, high },
        }
        : { name: "batch", x: middle, y: mean },
    ],
  });
}
