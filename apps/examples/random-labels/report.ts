/** The pictures of the experiment. */
import type { OutFolder } from "../runner/out_folder.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import type { Fitted } from "./train.ts";

/** The result of one experiment. */
export interface Result extends Fitted {
  data: string;
  crop: boolean;
  decay: boolean;
}

/** The five datasets of the paper's figure 1a, in its order. */
const CURVES = ["true labels", "random labels", "shuffled pixels", "random pixels", "Gaussian"];

/** Draws the learning curves, and the effect of random labels on training time and test error. */
export function drawReport(out: OutFolder, title: string, results: readonly Result[]): void {
  const plain = results.filter(({ crop, decay }) => !crop && !decay);
  const curves = CURVES.flatMap((name) => plain.filter(({ data }) => data === name));
  if (curves.length > 1) {
    out.picture("curves.svg", curvesChart(title, curves));
  }
  const corrupted = plain.flatMap((result) => {
    const share = shareOf(result.data);
    return share === null ? [] : [{ share, ...result }];
  });
  if (corrupted.length > 2) {
    out.picture("corruption.svg", corruptionChart(title, corrupted));
    out.picture("time.svg", timeChart(title, corrupted));
  }
}

/** The share of random labels in percent, or null for other data. */
export function shareOf(data: string): number | null {
  if (data === "true labels") return 0;
  if (data === "random labels") return 100;
  return data.endsWith("% random labels") ? parseInt(data) : null;
}

function curvesChart(title: string, results: readonly Result[]): string {
  return lineChart({
    title: `${title}: training loss`,
    x: { label: "step", include: 0 },
    y: { label: "mean cross-entropy of an epoch (nats)", include: 0 },
    series: results.map(({ data, losses, stepsPerEpoch }) => ({
      // Short names, so that all five fit above the chart.
      name: data.replace("shuffled pixels", "shuffled"),
      x: losses.map((_, i) => (i + 0.5) * stepsPerEpoch),
      y: losses,
    })),
  });
}

function corruptionChart(title: string, results: readonly (Result & { share: number })[]): string {
  const x = results.map(({ share }) => share);
  return lineChart({
    title: `${title}: accuracy with partially random labels`,
    x: { label: "random labels (%)" },
    y: { label: "accuracy (%)", include: 0 },
    series: [
      { name: "train, on the corrupted labels", x, y: results.map((r) => r.trainAccuracyPercent), marks: true },
      { name: "test", x, y: results.map((r) => r.testAccuracyPercent), marks: true },
    ],
  });
}

function timeChart(title: string, results: readonly (Result & { share: number })[]): string {
  const [first] = results;
  return lineChart({
    title: `${title}: epochs until training ends, relative to true labels`,
    x: { label: "random labels (%)" },
    y: { label: "epochs, relative to true labels", include: 0 },
    series: [{
      name: "to fit all training images",
      x: results.map(({ share }) => share),
      y: results.map(({ epochs }) => epochs / first!.epochs),
      marks: true,
    }],
  });
}
