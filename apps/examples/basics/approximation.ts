// Approximation: a sum of ReLUs is piecewise linear; how its error on a sine falls with the number of ReLUs.
import "@heddle/autograd";
import { lstsq } from "@heddle/linalg";
import { Adam, CosineAnnealingLR } from "@heddle/optim";
import { cat, linspace, rand, randn, scope, type Tensor, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { panels } from "../runner/pictures/panels.ts";
import { type Basic, basic } from "./basic.ts";

/** The interval is from 0 to here. */
const END = 2 * Math.PI;
const WIDTHS = [2, 4, 8, 16, 32, 64];
/** Learned networks start this many times; the best one counts. */
const STARTS = 5, STEPS = 1_500, LR = 0.02;

/** ReLUs with kinks [w] at points [n]: max(x − kink, 0), shape [n, w]. Their weighted sum has a corner at each kink. */
const relus = (x: Tensor, kinks: Tensor): Tensor => x.unsqueeze(1).sub(kinks).relu();

/** The first w of w + 1 evenly spaced points of the interval. */
const evenKinks = (width: number): Tensor => linspace(0, END, width + 1, { dtype: "float64" }).narrow(0, 0, width);

/** Weights [w] with which the sum meets the sine at all these points: each is the change of slope there. */
function weightsByFormula(width: number): Tensor {
  const points = linspace(0, END, width + 1, { dtype: "float64" }).sin();
  const slopes = points.narrow(0, 1, width).sub(points.narrow(0, 0, width)).div(END / width);
  return slopes.sub(cat([zeros([1], { dtype: "float64" }), slopes.narrow(0, 0, width - 1)]));
}

/**
 * Networks with one hidden layer, c + Σ v · max(w · x + b, 0), that learn their kinks; returns the outputs of the best.
 */
function learn(x: Tensor, y: Tensor, width: number, steps: number): Tensor {
  const w = randn([STARTS, 1, width]).sign().requiresGrad_();
  // The kink is where w · x + b is 0: initially somewhere in the interval.
  const b = rand([STARTS, 1, width]).mul(END).mul(w.detach()).neg().requiresGrad_();
  const v = randn([STARTS, width, 1]).div(width).requiresGrad_();
  const c = zeros([STARTS, 1, 1], { requiresGrad: true });
  const outputs = (): Tensor => x.unsqueeze(1).matmul(w).add(b).relu().matmul(v).add(c).squeeze(2);
  const adam = new Adam([w, b, v, c], { lr: LR });
  const schedule = new CosineAnnealingLR(adam, { tMax: steps });
  for (let step = 0; step < steps; step++) {
    using _ = scope();
    adam.zeroGrad();
    outputs().sub(y).square().mean().backward();
    adam.step();
    schedule.step();
  }
  const learned = outputs().detach();
  return learned.at(learned.sub(y).abs().amax(1).argmin().item());
}

/** The example; `start` runs it if this file is the main module. */
export const approximation: Basic = basic(
  "approximation",
  "Sums of ReLUs fitted to a sine: by a formula, by least squares, by gradient descent.",
  ({ dryRun }, run) => {
    const x = linspace(0, END, 257, { dtype: "float64" }), y = x.sin();
    const single = { x: x.float(), y: y.float() };
    const error = (of: Tensor): number => of.double().sub(y).abs().amax().item();

    const fits = WIDTHS.map((width) => {
      const features = relus(x, evenKinks(width));
      return {
        width,
        byFormula: features.matmul(weightsByFormula(width)),
        byLeastSquares: features.matmul(lstsq(features, y.unsqueeze(1)).solution.squeeze(1)),
        learned: learn(single.x, single.y, width, dryRun ? 1 : STEPS),
      };
    });
    const errors = fits.map(({ width, byFormula, byLeastSquares, learned }) => ({
      width,
      // A chord of length h is at most h²/8 · max |f″| away from a curve; the sine's second derivative is at most 1.
      bound: (END / width) ** 2 / 8,
      byFormula: error(byFormula),
      byLeastSquares: error(byLeastSquares),
      learned: error(learned),
    }));
    run.print("Largest error:\n");
    run.print(recordTable(errors));
    const last = errors.at(-1)!, before = errors.at(-2)!;
    run.print(
      `\nDoubling the ReLUs divides the error by ${(before.byFormula / last.byFormula).toFixed(2)}; the bound, by 4.`,
    );

    const numbers = (each: Tensor): number[] => each.toArray<number[]>();
    const fit = (i: number): string => {
      const { width, byFormula, learned } = fits[i]!;
      return lineChart({
        title: `${width} ReLUs`,
        x: { label: "x" },
        y: { label: "value", range: [-1.5, 1.5] },
        series: [
          { name: "sine", x: numbers(x), y: numbers(y) },
          { name: "by formula", x: numbers(x), y: numbers(byFormula) },
          { name: "learned", x: numbers(x), y: numbers(learned) },
        ],
        size: { width: 460, height: 340 },
      });
    };
    run.out.picture(
      "fits.svg",
      panels("Sums of ReLUs", [1, 2].map(fit)),
    );
    const parts = relus(x, evenKinks(5)).mul(weightsByFormula(5));
    run.out.picture(
      "parts.svg",
      lineChart({
        title: "Five ReLUs and their sum",
        x: { label: "x" },
        y: { label: "value" },
        series: [
          ...parts.unbind(1).map((part, i) => ({ name: `ReLU ${i + 1}`, x: numbers(x), y: numbers(part) })),
          { name: "sum", x: numbers(x), y: numbers(parts.sum(1)) },
        ],
      }),
    );
    run.out.picture(
      "errors.svg",
      lineChart({
        title: "Error by number of ReLUs",
        x: { label: "ReLUs", scale: "log" },
        y: { label: "largest error", scale: "log" },
        series: [
          { name: "bound: h² / 8", key: "bound" as const },
          { name: "by formula", key: "byFormula" as const },
          { name: "by least squares", key: "byLeastSquares" as const },
          { name: "learned", key: "learned" as const },
        ].map(({ name, key }) => ({ name, x: WIDTHS, y: errors.map((each) => each[key]), marks: true })),
      }),
    );
    return { points: x.shape[0]!, errors };
  },
);

await start(import.meta.url, approximation);
