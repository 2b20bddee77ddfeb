/** The pictures of the taggers. */
import type { CRF } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";
import type { OutFolder } from "../runner/out_folder.ts";
import { heatMap } from "../runner/pictures/heat_map.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { mean } from "../runner/statistics.ts";
import type { Trained } from "./train.ts";

/** The two kinds of tagger. */
export const KINDS = ["BiLSTM", "BiLSTM-CRF"] as const;
export type Kind = typeof KINDS[number];

/** Entity F1 by epoch: the mean over the seeds, with the range from the worst to the best. */
export function drawCurves(out: OutFolder, runs: Record<Kind, readonly Trained[]>): void {
  const seeds = runs.BiLSTM.length;
  const series = KINDS.map((name) => {
    const curves = runs[name].map(({ f1 }) => f1.map((value) => 100 * value));
    const over = (value: (values: number[]) => number): number[] =>
      curves[0]!.map((_, epoch) => value(curves.map((curve) => curve[epoch]!)));
    return {
      name: seeds > 1 ? `${name}, mean of ${seeds} seeds, with their range` : name,
      x: curves[0]!.map((_, epoch) => epoch + 1),
      y: over(mean),
      marks: true,
      ...(seeds > 1 && { band: { low: over((all) => Math.min(...all)), high: over((all) => Math.max(...all)) } }),
    };
  });
  const chart = lineChart({
    title: "Entity F1 on sentences with unknown names",
    x: { label: "epoch", whole: true },
    y: { label: "entity F1 (%)" },
    series,
  });
  out.picture("f1.svg", chart);
}

/** The transition scores of the CRF, with their softmax as colours. */
export async function drawTransitions(out: OutFolder, crf: CRF, tags: readonly string[]): Promise<void> {
  const read = (x: Tensor): Promise<Float32Array> => x.detach().data("float32");
  const [first, moves, last] = await Promise.all([
    read(crf.startTransitions),
    read(crf.transitions),
    read(crf.endTransitions),
  ]);
  // No sentence ends at its start.
  const rows = [
    [...first, -Infinity],
    ...tags.map((_, from) => [...moves.slice(from * tags.length, (from + 1) * tags.length), last[from]!]),
  ];
  const shares = rows.map((row) => {
    const powers = row.map(Math.exp);
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  });
  const picture = heatMap({
    title: "Transition scores of the CRF",
    subtitle: "numbers: the learned scores; colours: their softmax over the next tags",
    rows: { label: "tag", names: ["start", ...tags] },
    columns: { label: "next tag", names: [...tags, "end"] },
    shares,
    words: rows.map((row) => row.map((score) => score === -Infinity ? "" : score.toFixed(1).replace("-", "−"))),
    colourLabel: "share of the row",
    power: 0.6,
  });
  out.picture("transitions.svg", picture);
}
