// A support vector machine: the hinge loss with a penalty on the weights maximises the margin; a perceptron stops at
// any separating line.
import "@heddle/autograd";
import { Adam, ExponentialLR } from "@heddle/optim";
import { cat, Generator, linspace, ones, randn, scope, stack, type Tensor, tensor, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { panels } from "../runner/pictures/panels.ts";
import { planePlot } from "../runner/pictures/plane_plot.ts";
import { type Basic, basic } from "./basic.ts";
import { epoch } from "./perceptron.ts";
import { classPoints } from "./plane.ts";

/** Points per class, gradient descent steps, and the penalty factors. */
const POINTS = 25, STEPS = 1500, PENALTIES = [1, 0.3, 0.1, 0.03, 0.01];

/** Points [n, 2] and their classes, 1 or −1: [n]. */
interface Points {
  x: Tensor;
  y: Tensor;
}

/** A line in the plane: the points with x·w + b = 0. */
interface Line {
  w: [number, number];
  b: number;
}

/** Two clouds whose centres are this far from zero; the upper right one has class 1. */
function clouds(apart: number, generator: Generator): Points {
  const cloud = (side: number): Tensor => randn([POINTS, 2], { generator }).mul(0.8).add(side * apart);
  return { x: cat([cloud(1), cloud(-1)]), y: cat([ones([POINTS]), ones([POINTS]).neg()]) };
}

/** The line that minimises mean(max(0, 1 − y (x·w + b))) + penalty |w|². */
function supportVectorMachine({ x, y }: Points, penalty: number, steps: number): Line {
  const w = zeros([2]).requiresGrad_(), b = zeros([1]).requiresGrad_();
  const optimizer = new Adam([w, b], { lr: 0.3 });
  // From 0.3 down to 0.0003: the hinge is not smooth, so large steps never settle.
  const schedule = new ExponentialLR(optimizer, { gamma: 1e-3 ** (1 / steps) });
  for (let step = 0; step < steps; step++) {
    using _ = scope();
    const hinge = x.matmul(w).add(b).mul(y).neg().add(1).clamp({ min: 0 }).mean();
    optimizer.zeroGrad();
    hinge.add(w.square().sum().mul(penalty)).backward();
    optimizer.step();
    schedule.step();
  }
  return { w: w.detach().toArray<[number, number]>(), b: b.item() };
}

/** The line of a perceptron that has converged; a third coordinate of 1 takes the place of b. */
function perceptronLine({ x, y }: Points): Line {
  const w = zeros([3]), examples = { x: cat([x, ones([x.shape[0]!, 1])], 1), y: y.toTypedArray("float32") };
  for (let pass = 0; pass < 1000 && epoch(w, examples) > 0; pass++);
  const [w1, w2, b] = w.toArray<[number, number, number]>();
  return { w: [w1, w2], b };
}

/** y (x·w + b) of each point: 1 on the margin of a support vector machine, below 0 if misclassified. */
const scores = ({ w, b }: Line, { x, y }: Points): Tensor => x.matmul(tensor(w)).add(b).mul(y);

/** The distance of the nearest point from a line; negative if a point is on the wrong side. */
const distance = (line: Line, points: Points): number => scores(line, points).min().item() / Math.hypot(...line.w);

/** The widest possible margin, found by trying many directions. */
function widestMargin({ x, y }: Points): number {
  const angle = linspace(0, 2 * Math.PI, 20_001);
  const along = x.matmul(stack([angle.cos(), angle.sin()]));
  return along.at(y.gt(0)).amin(0).sub(along.at(y.lt(0)).amax(0)).max().item() / 2;
}

/** The example; `start` runs it if this file is the main module. */
export const svm: Basic = basic(
  "svm",
  "A linear classifier with the hinge loss and L2: its margin and support vectors, compared with a perceptron's line.",
  ({ seed, dryRun }, run) => {
    const generator = new Generator().manualSeed(seed), steps = dryRun ? 1 : STEPS;
    const apart = clouds(1.7, generator), mixed = clouds(0.9, generator);

    const byPerceptron = perceptronLine(apart);
    const margins = { perceptron: distance(byPerceptron, apart), widest: widestMargin(apart) };
    const table = (points: Points) =>
      PENALTIES.map((penalty) => {
        const line = supportVectorMachine(points, penalty, steps), right = scores(line, points);
        return {
          line,
          penalty,
          halfMargin: 1 / Math.hypot(...line.w),
          nearest: distance(line, points),
          // A tolerance of a hundredth, as gradient descent is not exact.
          supportVectors: right.lt(1.01).sum().item(),
          trainErrorPercent: 100 * right.le(0).float().mean().item(),
        };
      });
    const machines = { apart: table(apart), mixed: table(mixed) };
    const rows = (name: keyof typeof machines) => machines[name].map(({ line: _, ...row }) => row);
    run.print(
      `Nearest point to the perceptron's line ${margins.perceptron.toFixed(4)}, to the best ${
        margins.widest.toFixed(4)
      }.\n`,
    );
    run.print(`Two separable clouds:\n\n${recordTable(rows("apart"))}\n`);
    run.print(`Two overlapping clouds:\n\n${recordTable(rows("mixed"))}`);

    const shown = (title: string, points: Points, line: Line, margin: boolean): string => {
      const { w: [w1, w2], b } = line, right = scores(line, points);
      const ends = [-4.5, 4.5], y = (level: number): number[] => ends.map((x) => (level - b - w1 * x) / w2);
      const both = { x: [...ends, NaN, ...ends], y: [...y(-1), NaN, ...y(1)] };
      const axis = { range: [-4.5, 4.5] as const };
      return planePlot({
        title,
        x: { label: "x₁", ...axis },
        y: { label: "x₂", ...axis },
        points: classPoints(points.x, points.y.gt(0).int(), ["−1", "+1"]).map((group, i) => ({
          ...group,
          ...(margin && { ringed: right.at(points.y.eq(i === 0 ? -1 : 1)).lt(1.01).toArray<boolean[]>() }),
        })),
        lines: [
          { name: "x·w + b = 0", x: ends, y: y(0) },
          ...(margin ? [{ name: "x·w + b = ±1", ...both }] : []),
        ],
        size: { width: 480, height: 500 },
      });
    };
    const machine = (name: keyof typeof machines, penalty: number): string => {
      const { line } = machines[name].find((each) => each.penalty === penalty)!;
      return shown(`Support vector machine, penalty ${penalty}`, { apart, mixed }[name], line, true);
    };
    run.out.picture(
      "lines.svg",
      panels("Perceptron and support vector machine", [
        shown("Perceptron", apart, byPerceptron, false),
        machine("apart", 0.01),
        machine("mixed", 0.01),
        machine("mixed", 0.3),
      ], 2),
    );
    return { margins, apart: rows("apart"), mixed: rows("mixed") };
  },
);

await start(import.meta.url, svm);
