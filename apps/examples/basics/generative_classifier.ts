// A generative classifier: two Gaussians fitted to heights separate men and women by Bayes's rule, compared with the
// best threshold.
import { cat, Generator, linspace, randn, type Tensor, where, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { lineChart, type Series } from "../runner/pictures/line_chart.ts";
import { panels } from "../runner/pictures/panels.ts";
import { type Basic, basic } from "./basic.ts";

/** The heights of a class of people (cm), and its share of all people. */
interface Gaussian {
  mean: number;
  deviation: number;
  prior: number;
}

/** Adults born 1980 to 1994 (Jelenkovic et al. 2016); here two thirds of them are women. */
const PEOPLE: readonly [women: Gaussian, men: Gaussian] = [
  { mean: 164.7, deviation: 7.1, prior: 2 / 3 },
  { mean: 178.4, deviation: 7.6, prior: 1 / 3 },
];
const TRAIN = 600, TEST = 30_000;

/** Heights [n], and 1 for men [n]. */
function draw(n: number, generator: Generator): { heights: Tensor; men: Tensor } {
  const counts = PEOPLE.map(({ prior }) => Math.round(n * prior));
  const heights = PEOPLE.map(({ mean, deviation }, i) => randn([counts[i]!], { generator }).mul(deviation).add(mean));
  return { heights: cat(heights), men: cat(counts.map((count, i) => zeros([count], { dtype: "bool" }).eq(i === 0))) };
}

/** The maximum-likelihood Gaussian: the sample mean and deviation. */
const fit = (own: Tensor, all: Tensor): Gaussian => ({
  mean: own.mean().item(),
  deviation: own.std(0, { correction: 0 }).item(),
  prior: own.numel / all.numel,
});

/** log of prior × density, without the constant that both classes share. */
const logJoint = ({ mean, deviation, prior }: Gaussian, heights: Tensor): Tensor =>
  heights.sub(mean).div(deviation).square().mul(-0.5).add(Math.log(prior / deviation));

/** log P(man | height) − log P(woman | height), by Bayes's rule: P(class | height) ∝ P(height | class) P(class). */
const logOdds = ([women, men]: readonly [Gaussian, Gaussian], heights: Tensor): Tensor =>
  logJoint(men, heights).sub(logJoint(women, heights));

/** The threshold with the fewest errors; people above it are classified as men. */
function bestThreshold(heights: Tensor, men: Tensor): number {
  const { values, indices } = heights.sort();
  const sorted = men.take(indices);
  // Errors of a threshold after the i-th person: men up to there, and women beyond.
  const wrong = sorted.int().cumsum(0).add(sorted.logicalNot().sum()).sub(sorted.logicalNot().int().cumsum(0));
  const i = Math.min(wrong.argmin().item(), heights.numel - 2);
  return (values.at(i).item() + values.at(i + 1).item()) / 2;
}

/** Where the odds are even between the means: a root of a quadratic. */
function boundary([women, men]: readonly [Gaussian, Gaussian]): number {
  const [p, q] = [1 / women.deviation ** 2, 1 / men.deviation ** 2];
  const a = (p - q) / 2, b = q * men.mean - p * women.mean;
  const c = (p * women.mean ** 2 - q * men.mean ** 2) / 2 +
    Math.log(men.prior * women.deviation / (women.prior * men.deviation));
  return a === 0 ? -c / b : (-b + Math.sqrt(b * b - 4 * a * c)) / (2 * a);
}

/** The example; `start` runs it if this file is the main module. */
export const generativeClassifier: Basic = basic(
  "generative-classifier",
  "Two Gaussians fitted to heights, Bayes's rule, and the best threshold.",
  ({ seed, dryRun }, run) => {
    const generator = new Generator().manualSeed(seed);
    const train = draw(dryRun ? 30 : TRAIN, generator), test = draw(dryRun ? 30 : TEST, generator);
    const [women, men] = [false, true].map((man) => fit(train.heights.at(train.men.eq(man)), train.heights)) as [
      Gaussian,
      Gaussian,
    ];
    const gaussians = [{ class: "women", ...women }, { class: "men", ...men }];
    run.print(`${train.heights.numel} people (cm):\n\n${recordTable(gaussians)}\n`);

    const error = (taken: Tensor, truth: Tensor): number => 100 * taken.ne(truth).float().mean().item();
    const errors = (rule: (heights: Tensor) => Tensor) => ({
      trainErrorPercent: error(rule(train.heights), train.men),
      testErrorPercent: error(rule(test.heights), test.men),
    });
    const by = (threshold: number) => ({ threshold, ...errors((heights) => heights.gt(threshold)) });
    const bayes = (classes: readonly [Gaussian, Gaussian]) => ({
      threshold: boundary(classes),
      ...errors((heights) => logOdds(classes, heights).gt(0)),
    });
    const rules = [
      { rule: "Bayes's rule, fitted Gaussians", ...bayes([women, men]) },
      { rule: "Bayes's rule, true Gaussians", ...bayes(PEOPLE) },
      { rule: "best threshold on the training set", ...by(bestThreshold(train.heights, train.men)) },
      { rule: "best threshold on the test set", ...by(bestThreshold(test.heights, test.men)) },
      { rule: "middle of the two means", ...by((women.mean + men.mean) / 2) },
    ];
    run.print(recordTable(rules));

    const cm = linspace(135, 210, 301), heights = cm.toArray<number[]>();
    const density = (gaussian: Gaussian): Tensor => logJoint(gaussian, cm).exp().div(Math.sqrt(2 * Math.PI));
    // No rule can do better: at each height the less frequent class is misclassified.
    const least = where(density(PEOPLE[0]).lt(density(PEOPLE[1])), density(PEOPLE[0]), density(PEOPLE[1]));
    const leastErrorPercent = 100 * least.sum().item() * 75 / 300;
    run.print(`\nThe lowest error of any rule is ${leastErrorPercent.toFixed(2)}%.`);

    const bins = Array.from({ length: 38 }, (_, i) => 135 + 2 * i);
    const histogram = (name: string, own: Tensor): Series => {
      const counts = own.sub(135).div(2).floor().clamp({ min: 0, max: 37 }).int().bincount({ minlength: 38 });
      return { name, x: bins, y: counts.div(2 * train.heights.numel).toArray<number[]>(), as: "steps" };
    };
    const { threshold } = rules[0]!;
    const border: Series = { name: `boundary, ${threshold.toFixed(1)} cm`, x: [threshold, threshold], y: [0, 1] };
    const size = { width: 620, height: 430 };
    run.out.picture(
      "heights.svg",
      panels("Heights", [
        lineChart({
          title: "Heights and the Gaussians fitted to them",
          x: { label: "height (cm)", range: [140, 205] },
          y: { label: "share of all people, per cm", range: [0, 0.045] },
          series: [
            histogram("women", train.heights.at(train.men.logicalNot())),
            histogram("men", train.heights.at(train.men)),
            { name: "prior × Gaussian, women", x: heights, y: density(women).toArray<number[]>() },
            { name: "prior × Gaussian, men", x: heights, y: density(men).toArray<number[]>() },
            border,
          ],
          size,
        }),
        lineChart({
          title: "Bayes's rule",
          x: { label: "height (cm)", range: [140, 205] },
          y: { label: "P(man | height)", range: [0, 1.05] },
          series: [
            { name: "P(man | height)", x: heights, y: logOdds([women, men], cm).sigmoid().toArray<number[]>() },
            border,
          ],
          size,
        }),
      ]),
    );
    return { gaussians, rules, leastErrorPercent };
  },
);

await start(import.meta.url, generativeClassifier);
