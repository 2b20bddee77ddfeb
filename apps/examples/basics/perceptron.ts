// The perceptron (Rosenblatt 1958): 0 against 1, the bound on its mistakes, and 8 against the rest with products of
// pixels.
import { cat, Generator, randint, scope, type Tensor, tidy, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { loadDigits } from "../digits/digits.ts";
import { type Run, start } from "../runner/example.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { fieldPixels } from "../runner/pictures/plane_plot.ts";
import { OptionError } from "../runner/options.ts";
import { type Basic, basic } from "./basic.ts";
import { digitMatrix } from "./digit_matrix.ts";

/** Epochs: at most this many for 0 and 1, and exactly this many for 8 and the rest, which are not separable. */
const EPOCHS = 20, EPOCHS_OF_8 = 4;
/** Epochs at most to widen the margin for the bound. */
const WIDENING = 60;
const PRODUCTS = [0, 10, 100, 300, 1000, 3000];
/** Rows whose features are computed at a time. */
const BLOCK = 500;

/** Examples: the features [n, d], and the class of each, 1 or −1. */
export interface Examples {
  x: Tensor;
  y: Float32Array;
}

/**
 * One pass over the examples: the weights [d] change at every mistake, or at every example closer than `gap`. Returns
 * the number of changes.
 */
export function epoch(w: Tensor, { x, y }: Examples, gap = 0): number {
  using _ = scope();
  let mistakes = 0;
  for (const [n, side] of y.entries()) {
    const example = x.at(n);
    if (example.dot(w).item() * side <= gap) {
      w.add_(example.mul(side));
      mistakes++;
    }
  }
  return mistakes;
}

/** The signed distance of each example from the boundary, times the length of the weights: [n]. */
const sides = (w: Tensor, { x, y }: Examples): number[] =>
  Array.from(tidy(() => x.matmul(w)).toTypedArray("float32"), (score, n) => score * y[n]!);

const errorPercent = (right: readonly number[]): number =>
  100 * right.filter((side) => side <= 0).length / right.length;

/** The example; `start` runs it if this file is the main module. */
export const perceptron: Basic = basic(
  "perceptron",
  "The perceptron on 0 against 1, its convergence bound, and 8 against the rest with products of random pixel pairs.",
  async ({ seed, data, limit, dryRun }, run) => {
    const sets = await loadDigits(data, dryRun ? 60 : limit);
    run.print(`${sets.source}\n`);
    const train = digitMatrix(sets.train), test = digitMatrix(sets.test);

    // Standardised to mean 0 and deviation 1 over the 0s and 1s of the training set.
    const some = train.x.at(train.y.lt(2));
    const mean = some.mean().item(), deviation = some.std().item();
    const zerosAndOnes = ({ x, y }: { x: Tensor; y: Tensor }): Examples => ({
      x: x.at(y.lt(2)).sub(mean).div(deviation),
      y: y.at(y.lt(2)).float().mul(2).sub(1).toTypedArray("float32"),
    });
    const few = { train: zerosAndOnes(train), test: zerosAndOnes(test) };

    if (!few.train.y.includes(1) || !few.train.y.includes(-1) || few.test.y.length === 0) {
      throw new OptionError(`--limit ${limit}: too few digits to contain 0s and 1s; use more`);
    }

    const w = zeros([784]);
    const byEpoch: { epoch: number; mistakes: number; trainErrorPercent: number; testErrorPercent: number }[] = [];
    for (let mistakes = 1; mistakes > 0 && byEpoch.length < EPOCHS;) {
      mistakes = epoch(w, few.train);
      byEpoch.push({
        epoch: byEpoch.length + 1,
        mistakes,
        trainErrorPercent: errorPercent(sides(w, few.train)),
        testErrorPercent: errorPercent(sides(w, few.test)),
      });
    }
    run.print(`0 against 1:\n\n${recordTable(byEpoch)}\n`);

    const bound = boundOf(w, few.train, byEpoch.reduce((sum, each) => sum + each.mistakes, 0));
    run.print(`The bound on mistakes (Novikoff 1962):\n\n${recordTable(bound)}\n`);

    const eights = eightAgainstRest(train, test, dryRun ? PRODUCTS.slice(0, 2) : PRODUCTS, seed, run);
    run.print(`8 against the rest:\n\n${recordTable(eights)}`);

    draw(run, w, byEpoch, eights);
    return { byEpoch, bound, eightAgainstRest: eights };
  },
);

/**
 * With all |x| ≤ R and weights of length 1 that keep every example γ away from the boundary, there are at most (R/γ)²
 * mistakes. Any separating weights give such a bound; the wider their margin, the lower the bound.
 */
function boundOf(
  w: Tensor,
  examples: Examples,
  mistakes: number,
): { weights: string; mistakes: number; atMost: number }[] {
  const radius = Math.sqrt(examples.x.square().sum(1).max().item());
  const row = (weights: string, w: Tensor) => {
    const margin = Math.min(...sides(w, examples)) / w.norm().item();
    return { weights, radius, margin, mistakes, atMost: margin > 0 ? Math.floor((radius / margin) ** 2) : Infinity };
  };
  const wide = w.clone();
  for (let pass = 0; pass < WIDENING && epoch(wide, examples, radius ** 2) > 0; pass++);
  return [row("the perceptron's", w), row("with a wide margin", wide)];
}

interface OfProducts {
  products: number;
  trainErrorPercent: number;
  testErrorPercent: number;
  /** The error of the average of all weights during training, which varies less than that of the final weights. */
  averagedTestErrorPercent: number;
}

/** Errors of 8 against the rest, with this many products of random pixel pairs as additional features. */
function eightAgainstRest(
  train: { x: Tensor; y: Tensor },
  test: { x: Tensor; y: Tensor },
  counts: readonly number[],
  seed: number,
  run: Run,
): OfProducts[] {
  const generator = new Generator().manualSeed(seed);
  const most = Math.max(...counts), mean = train.x.mean().item(), deviation = train.x.std().item();
  const [first, second] = [0, 1].map(() => randint(0, 784, [most], { generator })) as [Tensor, Tensor];
  const progress = run.progress(counts.length * EPOCHS_OF_8);

  return counts.map((products) => {
    const [a, b] = [first.narrow(0, 0, products), second.narrow(0, 0, products)];
    /** The rows of a set from `begin` on: their pixels, then the products. */
    const block = ({ x, y }: { x: Tensor; y: Tensor }, begin: number): Examples => {
      const count = Math.min(BLOCK, x.shape[0]! - begin);
      const pixels = x.narrow(0, begin, count).sub(mean).div(deviation);
      const features = cat([pixels, pixels.indexSelect(1, a).mul(pixels.indexSelect(1, b))], 1);
      const eight = y.narrow(0, begin, count).eq(8);
      return { x: features, y: eight.float().mul(2).sub(1).toTypedArray("float32") };
    };
    const blocks = (set: { x: Tensor }): number[] =>
      Array.from({ length: Math.ceil(set.x.shape[0]! / BLOCK) }, (_, i) => i * BLOCK);
    const error = (w: Tensor, set: { x: Tensor; y: Tensor }): number =>
      errorPercent(blocks(set).flatMap((begin) => tidy(() => sides(w, block(set, begin)))));

    const w = zeros([784 + products]), sum = zeros([784 + products]);
    for (let pass = 1; pass <= EPOCHS_OF_8; pass++) {
      for (const begin of blocks(train)) {
        using _ = scope();
        epoch(w, block(train, begin));
        sum.add_(w);
      }
      progress.advance(`8 against the rest, ${products} products`);
    }
    return {
      products,
      trainErrorPercent: error(w, train),
      testErrorPercent: error(w, test),
      averagedTestErrorPercent: error(sum, test),
    };
  });
}

/** The curves of both tables, and the weights as an image. */
function draw(
  run: Run,
  w: Tensor,
  byEpoch: readonly { mistakes: number; trainErrorPercent: number; testErrorPercent: number }[],
  eights: readonly OfProducts[],
): void {
  const epochs = byEpoch.map((_, i) => i + 1);
  run.out.picture(
    "errors.svg",
    lineChart({
      title: "Perceptron, 0 against 1",
      x: { label: "epoch", whole: true },
      y: { label: "error (%)", include: 0 },
      series: [
        { name: "train", x: epochs, y: byEpoch.map((each) => each.trainErrorPercent), marks: true },
        { name: "test", x: epochs, y: byEpoch.map((each) => each.testErrorPercent), marks: true },
      ],
    }),
  );
  // Weights from blue to orange, 0 is white; images start at the top, fields at the bottom.
  const scaled = w.div(2 * w.abs().max().item()).add(0.5).view(28, 28).flip([0]).flatten();
  const values = scaled.toTypedArray("float32");
  run.out.picture(
    "weights.svg",
    imageGrid({
      title: "The weights",
      subtitle: "orange: ink is evidence for 1; blue: ink is evidence for 0",
      images: [{ pixels: fieldPixels({ values, columns: 28, rows: 28, colours: "classes" }) }],
      scale: 10,
    }),
  );
  run.out.picture(
    "products.svg",
    lineChart({
      title: "8 against the rest: error by products of random pixel pairs",
      x: { label: "products" },
      y: { label: "error (%)", include: 0 },
      series: [
        ["train", eights.map((each) => each.trainErrorPercent)] as const,
        ["test", eights.map((each) => each.testErrorPercent)] as const,
        ["test, weights averaged", eights.map((each) => each.averagedTestErrorPercent)] as const,
      ].map(([name, y]) => ({ name, x: eights.map(({ products }) => products), y, marks: true })),
    }),
  );
}

await start(import.meta.url, perceptron);
