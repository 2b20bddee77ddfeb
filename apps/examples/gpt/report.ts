/** The pictures of a training run. */
import { binned } from "../lenet/history.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { lineChart, type Series } from "../runner/pictures/line_chart.ts";
import type { TextSets } from "./text.ts";
import type { Trained } from "./train.ts";

/** Draws the curves: the loss by step, and what the held-out text costs by epoch. */
export function drawReport(out: OutFolder, { metrics, losses }: Trained, text: TextSets): void {
  const { middle, mean } = binned(losses, 200);
  out.picture(
    "loss.svg",
    lineChart({
      title: "GPT: training loss",
      x: { label: "step" },
      y: { label: "nats a token", include: 0 },
      series: [{
        name: `mean of ${Math.max(1, Math.round(losses.length / middle.length))} batches`,
        x: middle,
        y: mean,
      }],
    }),
    "Cross-entropy of the training batches",
  );
  const heldOut = metrics.curve("heldOut", "epoch");
  const series: Series[] = [{ name: "held-out text", ...heldOut, marks: heldOut.x.length <= 30 }];
  if (text.ideal !== null) {
    series.push({ name: "its source's own entropy", x: heldOut.x, y: heldOut.x.map(() => text.ideal!) });
  }
  out.picture(
    "held-out.svg",
    lineChart({
      title: "GPT: held-out text",
      x: { label: "epoch", whole: true },
      y: { label: "nats a character" },
      series,
    }),
    "What a character of the held-out text costs, after each epoch",
  );
}
