/** The pictures of the names. */
import type { History } from "@heddle/train";
import { confusionChart } from "../classification/confusion_chart.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { accuracyOf } from "./evaluate.ts";

/** The classifier's curves. */
export function drawClassifier(out: OutFolder, title: string, history: History): void {
  const chart = lineChart({
    title: `${title}: accuracy on test names`,
    x: { label: "epoch", whole: true },
    y: { label: "accuracy (%)" },
    series: [
      { name: "all names", ...history.curve("accuracy"), marks: true },
      { name: "mean of the languages", ...history.curve("meanAccuracy"), marks: true },
    ],
  });
  out.picture("accuracy.svg", chart);
}

/** The confusion matrix of the languages. */
export function drawConfusion(
  out: OutFolder,
  title: string,
  languages: readonly string[],
  counts: readonly (readonly number[])[],
): void {
  const { accuracy, meanAccuracy } = accuracyOf(counts);
  const names = counts.flat().reduce((sum, count) => sum + count, 0);
  const map = confusionChart({
    ...{ title, of: "names", kind: "language", names: languages, counts },
    subtitle: `${names.toLocaleString("en-US")} test names, ${accuracy.toFixed(1)}% correct; mean of the languages ${
      meanAccuracy.toFixed(1)
    }%`,
  });
  out.picture("confusion.svg", map);
}

/** The generator's curves. */
export function drawWriter(out: OutFolder, title: string, history: History): void {
  const chart = lineChart({
    title: `${title}: loss of the generator`,
    x: { label: "epoch", whole: true },
    y: { label: "cross-entropy (nats per letter)" },
    series: [
      { name: "train, measured during training", ...history.curve("loss"), marks: true },
      { name: "test", ...history.curve("testLoss"), marks: true },
    ],
  });
  out.picture("writer.svg", chart);
}
