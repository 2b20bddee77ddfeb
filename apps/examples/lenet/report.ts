/** The pictures of a training run. */
import type { OutFolder } from "../runner/out_folder.ts";
import { heatMap } from "../runner/pictures/heat_map.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import type { Pixels } from "../runner/pictures/png.ts";
import { binned, type History } from "./history.ts";
import { confusion, errorPercent, mistakes, type Predictions } from "./mistakes.ts";

const DIGITS = [..."0123456789"];
/** More mistakes than this do not fit a screen. */
const SHOWN = 60;

/** Draws the curves, the confusion matrix and the misclassified digits; `image` gives a test image's pixels. */
export function drawReport(
  out: OutFolder,
  title: string,
  history: History,
  predictions: Predictions,
  image: (index: number) => Pixels,
): void {
  out.picture(
    "error.svg",
    errorChart(title, history),
    "Errors by epoch; the train error is taken while the network learns",
  );
  out.picture("loss.svg", lossChart(title, history.losses), "Cross-entropy of the training batches");
  out.picture("confusion.svg", confusionChart(title, predictions), "Which digits were taken for which");
  out.picture(
    "misclassified.svg",
    mistakesPage(title, predictions, image),
    "Misclassified test digits: the true digit → what the network says",
  );
}

function errorChart(title: string, { trainErrorPercent, testErrorPercent }: History): string {
  const errors = [...trainErrorPercent, ...testErrorPercent];
  // From tens of percent down to one, a logarithmic axis shows the end as well as the start; a zero has no place on it.
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
export function lossChart(title: string, losses: readonly number[]): string {
  const { middle, mean, low, high } = binned(losses, 150);
  const each = Math.round(losses.length / middle.length);
  return lineChart({
    title: `${title}: training loss`,
    x: { label: "step" },
    y: { label: "cross-entropy", include: 0 },
    series: [
      each > 1
        ? {
          name: `mean of ${each} batches, shaded from the least to the greatest`,
          x: middle,
          y: mean,
          band: { low, high },
        }
        : { name: "batch", x: middle, y: mean },
    ],
  });
}

function confusionChart(title: string, predictions: Predictions): string {
  const counts = confusion(predictions);
  const images = predictions.labels.length;
  return heatMap({
    title: `${title}: confusion matrix`,
    subtitle: `${images.toLocaleString("en-US")} test digits, ${errorPercent(predictions).toFixed(2)}% misclassified`,
    rows: { label: "true digit", names: DIGITS },
    columns: { label: "predicted digit", names: DIGITS },
    shares: counts.map((row) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.map((count) => total > 0 ? count / total : 0);
    }),
    words: counts.map((row) => row.map((count) => count > 0 ? String(count) : "")),
    colourLabel: "share of the images of the true digit",
    // Nearly all is on the diagonal; the few mistakes must not be as white as none.
    power: 0.4,
  });
}

function mistakesPage(title: string, predictions: Predictions, image: (index: number) => Pixels): string {
  const wrong = mistakes(predictions);
  const shown = wrong.slice(0, SHOWN);
  const count = wrong.length === 0
    ? "None: every test digit was recognised."
    : `${shown.length} of ${wrong.length.toLocaleString("en-US")}, the surest mistakes first: true → predicted`;
  return imageGrid({
    title: `${title}: misclassified digits`,
    subtitle: count,
    images: shown.map(({ index, label, predicted }) => ({ pixels: image(index), caption: `${label} → ${predicted}` })),
    columns: 10,
    scale: 2,
  });
}
