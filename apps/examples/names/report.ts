/** The pictures of the names. */
import type { Metrics } from "../runner/metrics.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { heatMap } from "../runner/pictures/heat_map.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { accuracyOf } from "./judge.ts";

/** The classifier's curves. */
export function drawClassifier(out: OutFolder, title: string, metrics: Metrics): void {
  const chart = lineChart({
    title: `${title}: accuracy on test names`,
    x: { label: "epoch", whole: true },
    y: { label: "accuracy (%)" },
    series: [
      { name: "all names", ...metrics.curve("accuracy", "epoch"), marks: true },
      { name: "mean of the languages", ...metrics.curve("meanAccuracy", "epoch"), marks: true },
    ],
  });
  out.picture("accuracy.svg", chart, "Test names whose language was told, by epoch");
}

/** Which languages are taken for which. */
export function drawConfusion(
  out: OutFolder,
  title: string,
  languages: readonly string[],
  counts: readonly (readonly number[])[],
): void {
  const { accuracy, meanAccuracy } = accuracyOf(counts);
  const names = counts.flat().reduce((sum, count) => sum + count, 0);
  const map = heatMap({
    title: `${title}: confusion matrix`,
    subtitle: `${names.toLocaleString("en-US")} test names, ${accuracy.toFixed(1)}% right; mean of the languages ${
      meanAccuracy.toFixed(1)
    }%`,
    rows: { label: "true language", names: languages },
    columns: { label: "predicted language", names: languages },
    shares: counts.map((row) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.map((count) => total > 0 ? count / total : 0);
    }),
    words: counts.map((row) => row.map((count) => count > 0 ? String(count) : "")),
    colourLabel: "share of the names of the true language",
    power: 0.6,
  });
  out.picture("confusion.svg", map, "Which languages were taken for which");
}

/** The writer's curves. */
export function drawWriter(out: OutFolder, title: string, metrics: Metrics): void {
  const chart = lineChart({
    title: `${title}: loss of the writer`,
    x: { label: "epoch", whole: true },
    y: { label: "cross-entropy (nats a letter)" },
    series: [
      { name: "train, while it learns", ...metrics.curve("trainLoss", "epoch"), marks: true },
      { name: "test", ...metrics.curve("testLoss", "epoch"), marks: true },
    ],
  });
  out.picture("writer.svg", chart, "Cross-entropy of the next letter by epoch");
}
