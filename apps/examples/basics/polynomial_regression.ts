// Polynomial regression: underfitting and overfitting by degree and ridge penalty, and the bias and variance behind
// them.
import { lstsq, solve } from "@heddle/linalg";
import { eye, Generator, linspace, rand, randn, stack, type Tensor } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { lineChart, type Series } from "../runner/pictures/line_chart.ts";
import { panels } from "../runner/pictures/panels.ts";
import { type Basic, basic } from "./basic.ts";

/** Training points per set, the deviation of their noise, test points, and training sets for bias and variance. */
const POINTS = 12, NOISE = 0.25, TESTS = 1000, SETS = 500;
const DEGREES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** The true function. */
const truth = (x: Tensor): Tensor => x.mul(4).sin().mul(x.add(1.5)).mul(0.5);

/** The powers 0 to `degree` of points [n]: [n, degree + 1]. */
const powers = (x: Tensor, degree: number): Tensor => stack([...Array(degree + 1).keys()].map((d) => x.pow(d)), 1);

/**
 * Coefficients [degree + 1, sets] that minimise the squared errors on `y` [n, sets] plus `penalty` times their squares.
 */
function fit(x: Tensor, y: Tensor, degree: number, penalty = 0): Tensor {
  const p = powers(x, degree);
  if (penalty === 0) return lstsq(p, y).solution;
  return solve(p.t().matmul(p).add(eye(degree + 1, undefined, { dtype: "float64" }).mul(penalty)), p.t().matmul(y));
}

const predict = (x: Tensor, w: Tensor): Tensor => powers(x, w.shape[0]! - 1).matmul(w);
const meanSquare = (x: Tensor): number => x.square().mean().item();
const numbers = (x: Tensor): number[] => x.flatten().toArray<number[]>();

/** The example; `start` runs it if this file is the main module. */
export const polynomialRegression: Basic = basic(
  "polynomial-regression",
  "Underfitting and overfitting by degree and ridge penalty; bias and variance over many noisy training sets.",
  ({ seed, dryRun }, run) => {
    const generator = new Generator().manualSeed(seed), dtype = "float64";
    const sets = dryRun ? 3 : SETS;
    const noisy = (x: Tensor, count: number): Tensor =>
      truth(x).unsqueeze(1).add(randn([x.shape[0]!, count], { generator, dtype }).mul(NOISE));

    const x = linspace(-1, 1, POINTS, { dtype });
    // One column per training set; the pictures show the first.
    const y = noisy(x, sets), first = y.at(":", "0:1");
    const testX = rand([TESTS], { generator, dtype }).mul(2).sub(1), testY = noisy(testX, 1);
    const errors = (w: Tensor) => ({
      trainError: meanSquare(predict(x, w).sub(first)),
      testError: meanSquare(predict(testX, w).sub(testY)),
    });

    const byDegree = DEGREES.map((degree) => ({ degree, ...errors(fit(x, first, degree)) }));
    run.print(
      `Mean squared errors by degree; the noise alone contributes ${NOISE ** 2}.\n\n${recordTable(byDegree)}\n`,
    );

    const penalties = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];
    const byPenalty = penalties.map((penalty) => {
      const w = fit(x, first, 9, penalty);
      return { penalty, ...errors(w), largestCoefficient: w.abs().max().item() };
    });
    run.print(`Degree 9 with a ridge penalty.\n\n${recordTable(byPenalty)}\n`);

    const target = truth(testX).unsqueeze(1);
    const biasVariance = DEGREES.map((degree) => {
      const all = predict(testX, fit(x, y, degree));
      const mean = all.mean(1, { keepdim: true });
      const bias = meanSquare(mean.sub(target)), variance = meanSquare(all.sub(mean));
      return { degree, squaredBias: bias, variance, sum: bias + variance, meanError: meanSquare(all.sub(target)) };
    });
    run.print(
      `Bias and variance over ${sets} training sets (errors against the truth).\n\n${recordTable(biasVariance)}`,
    );

    const grid = linspace(-1, 1, 201, { dtype });
    const axes = { x: { label: "x" }, y: { label: "y", range: [-2, 2] as const }, size: { width: 400, height: 330 } };
    const curve = (name: string, at: Tensor): Series => ({ name, x: numbers(grid), y: numbers(at) });
    const data: Series = { name: "data", x: numbers(x), y: numbers(first), as: "points" };
    const drawn = (title: string, w: Tensor): string =>
      lineChart({ title, ...axes, series: [data, curve("truth", truth(grid)), curve("fit", predict(grid, w))] });
    run.out.picture(
      "degrees.svg",
      panels("Fits by degree", [1, 3, 5, 9].map((degree) => drawn(`degree ${degree}`, fit(x, first, degree))), 2),
    );
    run.out.picture(
      "penalties.svg",
      panels(
        "Degree 9 with a ridge penalty",
        [1e-6, 1e-3, 1e-1, 10].map((penalty) => drawn(`degree 9, penalty ${penalty}`, fit(x, first, 9, penalty))),
        2,
      ),
    );
    const bothErrors = (records: readonly { trainError: number; testError: number }[], at: number[]): Series[] => [
      { name: "train", x: at, y: records.map((record) => record.trainError), marks: true },
      { name: "test", x: at, y: records.map((record) => record.testError), marks: true },
    ];
    const errorAxis = { label: "mean squared error", scale: "log" } as const;
    run.out.picture(
      "errors.svg",
      panels("Errors", [
        lineChart({
          title: "Error by degree",
          x: { label: "degree", whole: true },
          y: errorAxis,
          series: bothErrors(byDegree, DEGREES),
          size: { width: 500, height: 400 },
        }),
        lineChart({
          title: "Error by ridge penalty, degree 9",
          x: { label: "penalty", scale: "log" },
          y: errorAxis,
          series: bothErrors(byPenalty, penalties),
          size: { width: 500, height: 400 },
        }),
      ]),
    );
    const spread = [1, 3, 5, 9].map((degree) => {
      const all = predict(grid, fit(x, y, degree));
      const mean = all.mean(1), deviation = all.std(1);
      const band = { low: numbers(mean.sub(deviation)), high: numbers(mean.add(deviation)) };
      return lineChart({
        title: `degree ${degree}: mean ± deviation`,
        ...axes,
        series: [{ ...curve("mean of the fits", mean), band }, curve("truth", truth(grid))],
      });
    });
    run.out.picture(
      "spread.svg",
      panels("Fits to many training sets", spread, 2),
    );
    run.out.picture(
      "bias-variance.svg",
      lineChart({
        title: `Bias and variance over ${sets} training sets`,
        x: { label: "degree", whole: true },
        y: { label: "mean squared error against the truth", scale: "log" },
        series: [
          { name: "bias²", x: DEGREES, y: biasVariance.map((each) => each.squaredBias), marks: true },
          { name: "variance", x: DEGREES, y: biasVariance.map((each) => each.variance), marks: true },
          { name: "their sum", x: DEGREES, y: biasVariance.map((each) => each.sum), marks: true },
        ],
      }),
    );
    return { byDegree, byPenalty, biasVariance };
  },
);

await start(import.meta.url, polynomialRegression);
