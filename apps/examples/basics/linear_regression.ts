// Linear regression: blood pressure by age, directly by least squares and iteratively by gradient descent.
import { lstsq } from "@heddle/linalg";
import { cat, linspace, ones, type Tensor, tensor, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { type Basic, basic } from "./basic.ts";

/** Age in years and systolic blood pressure in mmHg of thirty people (Kleinbaum & Kupper 1978). */
const PEOPLE = tensor([
  ...[[39, 144], [47, 220], [45, 138], [47, 145], [65, 162], [46, 142], [67, 170], [42, 124], [67, 158], [56, 154]],
  ...[[64, 162], [56, 150], [59, 140], [34, 110], [42, 128], [48, 130], [45, 135], [17, 114], [20, 116], [19, 124]],
  ...[[36, 136], [50, 142], [39, 120], [21, 120], [44, 160], [53, 158], [63, 144], [29, 130], [25, 125], [69, 175]],
], { dtype: "float64" });
const STEPS = 60;

/** The mean squared error of weights [2, 1] on inputs [n, 2] and targets [n, 1]. */
const loss = (x: Tensor, y: Tensor, w: Tensor): number => x.matmul(w).sub(y).square().mean().item();

/** Gradient descent from zero: the losses before each step, and the final weights. */
function descend(x: Tensor, y: Tensor, lr: number, steps: number): { w: Tensor; losses: number[] } {
  let w = zeros([2, 1], { dtype: "float64" });
  const losses: number[] = [];
  for (let step = 0; step <= steps; step++) {
    losses.push(loss(x, y, w));
    // The gradient of the mean of (xw − y)².
    const gradient = x.t().matmul(x.matmul(w).sub(y)).mul(2 / x.shape[0]!);
    if (step < steps) w = w.sub(gradient.mul(lr));
  }
  return { w, losses };
}

/** The example; `start` runs it if this file is the main module. */
export const linearRegression: Basic = basic(
  "linear-regression",
  "Blood pressure by age: least squares in one step, gradient descent in many.",
  ({ dryRun }, run) => {
    const age = PEOPLE.at(":", "0:1"), pressure = PEOPLE.at(":", "1:2");
    const withOne = (x: Tensor): Tensor => cat([ones([x.shape[0]!, 1], { dtype: "float64" }), x], 1);

    const x = withOne(age);
    const solution = lstsq(x, pressure).solution;
    const [intercept, slope] = solution.flatten().toArray<[number, number]>();
    run.print(`least squares: pressure = ${intercept.toFixed(2)} + ${slope.toFixed(4)} · age`);
    run.print(`mean squared error ${loss(x, pressure, solution).toFixed(2)}\n`);

    // Ages in years, far from zero, make a long, narrow valley; standardised ages make a round one.
    const mean = age.mean().item(), deviation = age.std(undefined, { correction: 0 }).item();
    const standard = withOne(age.sub(mean).div(deviation));
    const steps = dryRun ? 1 : STEPS;
    const raw = descend(x, pressure, 4e-4, steps);
    const scaled = descend(standard, pressure, 0.1, steps);
    const [a, b] = scaled.w.flatten().toArray<[number, number]>();
    const best = loss(x, pressure, solution);
    const descent = [0, 1, 5, 10, 20, 40, STEPS].filter((step) => step <= steps).map((step) => ({
      step,
      lossOfAges: raw.losses[step]!,
      lossOfStandardisedAges: scaled.losses[step]!,
    }));
    run.print(recordTable(descent));
    run.print(
      `\ndescent on standardised ages: ${(a - b * mean / deviation).toFixed(2)} + ${(b / deviation).toFixed(4)} · age`,
    );

    const years = linspace(15, 71, 2, { dtype: "float64" });
    const at = (w: Tensor): number[] => withOne(years.unsqueeze(1)).matmul(w).flatten().toArray<number[]>();
    const numbers = (column: Tensor): number[] => column.flatten().toArray<number[]>();
    run.out.picture(
      "fit.svg",
      lineChart({
        title: "Blood pressure by age",
        x: { label: "age (years)" },
        y: { label: "systolic blood pressure (mmHg)" },
        series: [
          { name: "30 people", x: numbers(age), y: numbers(pressure), as: "points" },
          { name: "least squares", x: numbers(years), y: at(solution) },
          { name: `descent, ages in years, ${steps} steps`, x: numbers(years), y: at(raw.w) },
        ],
      }),
    );
    run.out.picture(
      "descent.svg",
      lineChart({
        title: "Gradient descent: loss above the minimum",
        x: { label: "step", whole: true },
        y: { label: "mean squared error − minimum", scale: "log" },
        series: [
          { name: "ages in years", losses: raw.losses },
          { name: "standardised ages", losses: scaled.losses },
        ].map(({ name, losses }) => ({
          name,
          x: losses.map((_, step) => step),
          y: losses.map((each) => each - best),
        })),
      }),
    );
    return {
      ...{ intercept, slope, meanSquaredError: best },
      ...{ descentIntercept: a - b * mean / deviation, descentSlope: b / deviation, descent },
    };
  },
);

await start(import.meta.url, linearRegression);
