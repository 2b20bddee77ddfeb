// Logistic regression: its gradient by hand and by autograd, and the paths of gradient descent for several step sizes.
import { grad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { cat, Generator, ones, randn, type Tensor, tensor, tidy, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { planePlot } from "../runner/pictures/plane_plot.ts";
import { panels } from "../runner/pictures/panels.ts";
import { type Basic, basic } from "./basic.ts";
import { classField, classPoints, planeGrid } from "./plane.ts";

const POINTS = 60, STEPS = 60, RATES = [0.05, 0.5, 2.5, 7];
/** The loss surface is shown for weights from −1 to 3, the points from −6 to 6. */
const MIDDLE = 1, SIDE = 4, CELLS = 120, PLANE = 12;

interface Points {
  /** [n, 2] */
  x: Tensor;
  /** The class of each, 0 or 1: [n]. */
  y: Tensor;
}

/** Two overlapping classes. The second coordinate varies more, so that the loss surface is a valley and not a bowl. */
function draw(generator: Generator): Points {
  const dtype = "float64";
  const side = (middle: number): Tensor => randn([POINTS, 2], { generator, dtype }).add(tensor([middle, middle / 2]));
  const x = cat([side(-0.8), side(0.8)]).mul(tensor([1, 2.5]));
  return { x, y: cat([zeros([POINTS], { dtype }), ones([POINTS], { dtype })]) };
}

/**
 * The mean of −log P(y | x), where P(1 | x) = σ(x·w): the cross-entropy of weights [2], or of each column of [2, m].
 */
function loss(w: Tensor, { x, y }: Points): Tensor {
  const z = x.matmul(w);
  // −log σ(z) = log(1 + e^−z) and −log(1 − σ(z)) = log(1 + e^z): together log(1 + e^z) − yz.
  return F.softplus(z).sub(z.mul(w.ndim === 1 ? y : y.unsqueeze(1))).mean(0);
}

/** Its gradient by hand: the error of the predicted probability times the input. */
const gradient = (w: Tensor, { x, y }: Points): Tensor => x.t().matmul(x.matmul(w).sigmoid().sub(y)).div(y.numel);

/** Gradient descent from (−0.5, 2.5): all weights along the path. */
function descend(points: Points, rate: number, steps: number): [number, number][] {
  const path: [number, number][] = [[-0.5, 2.5]];
  for (let step = 0; step < steps; step++) {
    const w = tensor(path.at(-1)!, { dtype: "float64" });
    path.push(tidy(() => w.sub(gradient(w, points).mul(rate)).toArray<[number, number]>()));
  }
  return path;
}

/** The example; `start` runs it if this file is the main module. */
export const logisticRegression: Basic = basic(
  "logistic-regression",
  "The gradient by hand and by autograd, and gradient descent with several step sizes.",
  ({ seed, dryRun }, run) => {
    const points = draw(new Generator().manualSeed(seed)), steps = dryRun ? 2 : STEPS;
    const lossAt = (w: [number, number]): number => loss(tensor(w, { dtype: "float64" }), points).item();

    const gradients = [[0, 0], [1, -1], [-0.5, 2.5], [3, 3]].map((at) => {
      const w = tensor(at, { dtype: "float64", requiresGrad: true });
      const byHand = gradient(w.detach(), points), [byAutograd] = grad([loss(w, points)], [w]) as [Tensor];
      return {
        w: at,
        byHand: byHand.toArray(),
        byAutograd: byAutograd.toArray(),
        largestDifference: byHand.sub(byAutograd).abs().max().item(),
      };
    });
    run.print(`${recordTable(gradients)}\n`);

    const best = descend(points, 0.5, 2000).at(-1)!, least = lossAt(best);
    run.print(`lowest loss ${least.toFixed(4)} at w = (${best.map((value) => value.toFixed(3)).join(", ")})\n`);
    const paths = RATES.map((rate) => ({ rate, path: descend(points, rate, steps) }));
    const descent = paths.map(({ rate, path }) => {
      const losses = path.map(lossAt), near = losses.findIndex((each) => each - least < 0.001);
      return { stepSize: rate, stepsToWithinThousandth: near < 0 ? "never" : near, lossAfterAll: losses.at(-1)! };
    });
    run.print(recordTable(descent));

    const cells = dryRun ? 8 : CELLS;
    const landscape = tidy(() => loss(planeGrid(SIDE, cells).add(MIDDLE).t().double(), points).toTypedArray("float64"));
    const range = [MIDDLE - SIDE / 2, MIDDLE + SIDE / 2] as const;
    const map = paths.map(({ rate, path }) =>
      planePlot({
        title: `Step size ${rate}`,
        x: { label: "w₁", range },
        y: { label: "w₂", range },
        // The logarithm of the excess loss makes the floor of the valley visible.
        field: {
          values: landscape.map((value) => Math.log(value - least + 0.01)),
          ...{ columns: cells, rows: cells, colours: "levels" },
          contours: [0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2].map((above) => Math.log(above + 0.01)),
        },
        lines: [{ name: `${steps} steps`, x: path.map(([w1]) => w1), y: path.map(([, w2]) => w2), marks: true }],
        size: { width: 460, height: 480 },
      })
    );
    run.out.picture(
      "paths.svg",
      panels("Paths of descent", map, 2),
    );
    run.out.picture(
      "losses.svg",
      lineChart({
        title: "Loss by step",
        x: { label: "step" },
        y: { label: "cross-entropy − minimum", scale: "log" },
        series: paths.map(({ rate, path }) => ({
          name: `step size ${rate}`,
          x: path.map((_, step) => step),
          y: path.map((w) => Math.max(1e-12, lossAt(w) - least)),
        })),
      }),
    );
    const half = PLANE / 2;
    run.out.picture(
      "probabilities.svg",
      planePlot({
        title: "P(class 1 | x)",
        x: { label: "x₁", range: [-half, half] },
        y: { label: "x₂", range: [-half, half] },
        field: classField(PLANE, cells, (x) => x.matmul(tensor(best)).sigmoid()),
        points: classPoints(points.x, points.y),
      }),
    );
    return { gradients, least, descent };
  },
);

await start(import.meta.url, logisticRegression);
