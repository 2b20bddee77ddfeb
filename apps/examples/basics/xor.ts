// XOR: not linearly separable, but separated by a product of the inputs, and by a network that learns its own features.
import "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { cat, ones, randn, scope, type Tensor, tensor, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { panels } from "../runner/pictures/panels.ts";
import { planePlot } from "../runner/pictures/plane_plot.ts";
import { type Basic, basic } from "./basic.ts";
import { classField, classPoints } from "./plane.ts";

const CORNERS = tensor([[-1, -1], [-1, 1], [1, -1], [1, 1]]);
const PER_CORNER = 30, NOISE = 0.3;
const WIDTHS = [1, 2, 3, 4, 8], STARTS = 50, STEPS = 300, LR = 0.1;

/** Points [n, 2] as [1, x₁, x₂], the features of a line. */
const lineFeatures = (x: Tensor): Tensor => cat([ones([x.shape[0]!, 1]), x], 1);
/** And as [1, x₁, x₂, x₁ · x₂]. */
const productFeatures = (x: Tensor): Tensor => cat([lineFeatures(x), x.prod(1, { keepdim: true })], 1);

/**
 * Whether the perceptron separates classes −1 and 1 of points with features [n, d]; if it can, it does within few
 * epochs.
 */
function separates(features: Tensor, classes: readonly number[], rounds = 100): boolean {
  let w = zeros([features.shape[1]!]);
  for (let round = 0; round < rounds; round++) {
    let mistakes = 0;
    for (const [i, of] of classes.entries()) {
      const x = features.at(i);
      if (of * x.dot(w).item() > 0) continue;
      w = w.add(x.mul(of));
      mistakes++;
    }
    if (mistakes === 0) return true;
  }
  return false;
}

/** Minimises the logistic loss of `logits()` [.., n, 1] against classes −1 and 1 [n, 1]. */
function descend(params: Tensor[], logits: () => Tensor, y: Tensor, steps: number): void {
  const adam = new Adam(params, { lr: LR });
  for (let step = 0; step < steps; step++) {
    using _ = scope();
    adam.zeroGrad();
    F.softplus(logits().mul(y).neg()).mean().backward();
    adam.step();
  }
}

/** Many two-layer tanh networks with independent weights; batched matrix products compute them all at once. */
function networks(count: number, hidden: number) {
  const weights = {
    w: randn([count, 2, hidden], { requiresGrad: true }),
    b: randn([count, 1, hidden], { requiresGrad: true }),
    v: randn([count, hidden, 1], { requiresGrad: true }),
    c: zeros([count, 1, 1], { requiresGrad: true }),
  };
  const hiddenUnits = (x: Tensor): Tensor => x.matmul(weights.w).add(weights.b).tanh();
  const logits = (x: Tensor): Tensor => hiddenUnits(x).matmul(weights.v).add(weights.c);
  return { weights, hiddenUnits, logits };
}

/** The example; `start` runs it if this file is the main module. */
export const xor: Basic = basic(
  "xor",
  "Four corners that no line separates: a product feature does, and so does a network with two hidden units.",
  ({ dryRun }, run) => {
    const steps = dryRun ? 1 : STEPS;
    // Every way to put four corners into two classes.
    const labellings = Array.from({ length: 16 }, (_, i) => [8, 4, 2, 1].map((bit) => i & bit ? 1 : -1));
    const separated = labellings.map((classes) => ({
      classes: classes.map((of) => of > 0 ? "+" : "−").join(" "),
      byALine: separates(lineFeatures(CORNERS), classes) ? "yes" : "no",
      withTheProduct: separates(productFeatures(CORNERS), classes) ? "yes" : "no",
    }));
    const count = (of: "byALine" | "withTheProduct"): number => separated.filter((each) => each[of] === "yes").length;
    run.print(recordTable(separated));
    run.print(`\nof 16 labellings, a line separates ${count("byALine")}, with x₁ · x₂ ${count("withTheProduct")}\n`);

    // From here on each corner is a cloud; one class where the signs agree, the other where they differ.
    const x = CORNERS.repeat(PER_CORNER, 1).add(randn([4 * PER_CORNER, 2]).mul(NOISE));
    const y = tensor([-1, 1, 1, -1]).repeat(PER_CORNER).unsqueeze(1);
    const errorsPercent = (logits: Tensor): Tensor => logits.mul(y).le(0).float().mean([-2, -1]).mul(100);

    const line = zeros([3, 1], { requiresGrad: true }), curve = zeros([4, 1], { requiresGrad: true });
    descend([line], () => lineFeatures(x).matmul(line), y, steps);
    descend([curve], () => productFeatures(x).matmul(curve), y, steps);

    const learned = WIDTHS.map((hidden) => {
      const many = networks(STARTS, hidden);
      descend(Object.values(many.weights), () => many.logits(x), y, steps);
      const errors = errorsPercent(many.logits(x).detach());
      return { hidden, many, errors, best: errors.argmin().item() };
    });
    const table = learned.map(({ hidden, errors }) => ({
      hiddenUnits: hidden,
      learned: `${errors.lt(10).sum().item()} of ${STARTS}`,
      bestErrorPercent: errors.amin().item(),
      worstErrorPercent: errors.amax().item(),
    }));
    run.print(recordTable(table));

    const two = learned.find(({ hidden }) => hidden === 2)!;
    const figures = {
      ...{ separableByALine: count("byALine"), separableWithTheProduct: count("withTheProduct") },
      lineErrorPercent: errorsPercent(lineFeatures(x).matmul(line)).item(),
      productErrorPercent: errorsPercent(productFeatures(x).matmul(curve)).item(),
      networkErrorPercent: two.errors.at(two.best).item(),
    };
    run.print(
      `\nerror of the line ${figures.lineErrorPercent.toFixed(1)}%, with the product ` +
        `${figures.productErrorPercent.toFixed(1)}%, of two hidden units ${figures.networkErrorPercent.toFixed(1)}%`,
    );

    const classes = (points: Tensor) =>
      classPoints(points.detach(), y.squeeze(1).gt(0).int(), ["signs agree", "signs differ"]);
    const inputs = (title: string, logits: (x: Tensor) => Tensor): string =>
      planePlot({
        title,
        x: { label: "x₁", range: [-2, 2] },
        y: { label: "x₂", range: [-2, 2] },
        field: classField(4, 80, (points) => logits(points).detach().sigmoid()),
        points: classes(x),
        size: { width: 400, height: 430 },
      });
    const best = <T extends Tensor>(each: T): Tensor => each.at(two.best);
    run.out.picture(
      "inputs.svg",
      panels("Four clouds", [
        inputs("A line", (points) => lineFeatures(points).matmul(line)),
        inputs("With x₁ · x₂ as a feature", (points) => productFeatures(points).matmul(curve)),
        inputs("Two hidden units", (points) => best(two.many.logits(points))),
      ]),
    );
    const { v, c } = two.many.weights;
    run.out.picture(
      "hidden.svg",
      planePlot({
        title: "The points as the two hidden units see them",
        x: { label: "first hidden unit", range: [-1.1, 1.1] },
        y: { label: "second hidden unit", range: [-1.1, 1.1] },
        field: classField(2.2, 80, (points) => points.matmul(best(v)).add(best(c)).detach().sigmoid()),
        points: classes(best(two.many.hiddenUnits(x))),
        size: { width: 480, height: 500 },
      }),
    );
    return { ...figures, separated, byWidth: table };
  },
);

await start(import.meta.url, xor);
