// Nearest neighbours: K = 1 and K = 51 in the plane, the value of a better feature under label noise, and digits.
import { Generator, oneHot, rand, type Tensor, tidy } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { digitPixels, type Digits, loadDigits } from "../digits/digits.ts";
import { type Run, start } from "../runner/example.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { panels } from "../runner/pictures/panels.ts";
import { planePlot } from "../runner/pictures/plane_plot.ts";
import { mosaic } from "../runner/pictures/png.ts";
import { type Basic, basic } from "./basic.ts";
import { digitMatrix } from "./digit_matrix.ts";
import { classField, classPoints } from "./plane.ts";

const POINTS = 400, RADIAL_POINTS = 2000, TESTS = 2000, NOISES = [0, 0.1, 0.2, 0.3];
/** The plane is shown from −2 to 2, with this many cells per side. */
const SIDE = 4, CELLS = 160;
/**
 * Values of K for digits, and test digits compared with all training digits at once: a block takes 60 MB with MNIST.
 */
const KS = [1, 3, 5, 9], BLOCK = 250;

/** The `k` rows of `train` [m, d] nearest to each row of `x` [n, d], nearest first: [n, k]. */
function nearest(train: Tensor, x: Tensor, k: number): Tensor {
  // |x − t|² = |x|² − 2xt + |t|²; |x|² does not affect the order.
  const distance = train.square().sum(1).sub(x.matmul(train.t()).mul(2));
  return distance.topk(k, 1, { largest: false }).indices;
}

/** The share of 1 among the labels of the `k` nearest: [n]. */
const votes = (train: Tensor, labels: Tensor, x: Tensor, k: number): Tensor =>
  labels.take(nearest(train, x, k)).float().mean(1);

const radius = (x: Tensor): Tensor => x.square().sum(1, { keepdim: true }).sqrt();

/** The points [n, 2] of class 1: those above a wave, or those in a disc. */
const CLASSES = {
  wave: (x: Tensor): Tensor => x.at(":", 1).gt(x.at(":", 0).mul(2).sin().mul(0.8)),
  disc: (x: Tensor): Tensor => radius(x).squeeze(1).lt(1.4),
};

/** The example; `start` runs it if this file is the main module. */
export const nearestNeighbours: Basic = basic(
  "nearest-neighbours",
  "K = 1 and K = 51 neighbours in the plane, with label noise and radial features, and on digits.",
  async ({ seed, data, limit, dryRun }, run) => {
    const generator = new Generator().manualSeed(seed);
    const points = (n: number): Tensor => rand([n, 2], { generator }).mul(SIDE).sub(SIDE / 2);
    const noisy = (labels: Tensor, share: number): Tensor =>
      labels.logicalXor(rand(labels.shape, { generator }).lt(share)).int();

    const pictures = Object.entries(CLASSES).flatMap(([name, label]) => {
      const x = points(POINTS), y = noisy(label(x), 0.1);
      const shown = (title: string, k: number, rounded: boolean): string => {
        const field = classField(SIDE, dryRun ? 8 : CELLS, (at) => {
          const share = votes(x, y, at, k);
          return rounded ? share.round() : share;
        });
        const axis = { range: [-SIDE / 2, SIDE / 2] as const };
        return planePlot({
          title: `${name}: ${title}`,
          x: { label: "x₁", ...axis },
          y: { label: "x₂", ...axis },
          field: rounded ? { ...field, contours: [] } : field,
          points: classPoints(x, y),
          size: { width: 400, height: 440 },
        });
      };
      return [
        shown("K = 1, predictions", 1, true),
        shown("K = 51, votes", 51, false),
        shown("K = 51, predictions", 51, true),
      ];
    });
    run.out.picture(
      "plane.svg",
      panels("Nearest neighbours in the plane", pictures, 3),
    );

    const test = points(TESTS), answers = CLASSES.disc(test);
    const radial = NOISES.map((noise) => {
      const x = points(RADIAL_POINTS), y = noisy(CLASSES.disc(x), noise);
      const error = (k: number, feature: (x: Tensor) => Tensor): number =>
        tidy(() => 100 * votes(feature(x), y, feature(test), k).gt(0.5).ne(answers).float().mean().item());
      const plane = (x: Tensor): Tensor => x;
      return {
        wrongLabelsPercent: 100 * noise,
        ...{ planeK1: error(1, plane), planeK51: error(51, plane) },
        ...{ radiusK1: error(1, radius), radiusK51: error(51, radius) },
      };
    });
    run.print(`Disc: test error in percent, with both coordinates or with the radius.\n\n${recordTable(radial)}\n`);
    run.out.picture(
      "radial.svg",
      radialChart(radial),
    );

    const sets = await loadDigits(data, dryRun ? 60 : limit);
    run.print(sets.source);
    const digits = classify(sets.train, sets.test, run);
    run.print(`\n${recordTable(digits.errors)}`);
    run.out.picture(
      "mistakes.svg",
      digits.picture,
    );
    return { radial, digits: digits.errors };
  },
);

/** The test error on digits for every K, and a picture of mistakes. */
function classify(
  train: Digits,
  test: Digits,
  run: Run,
): { errors: { k: number; testErrorPercent: number }[]; picture: string } {
  const known = digitMatrix(train), asked = digitMatrix(test), n = test.length;
  const wrong = KS.map(() => 0);
  const mistakes: [asked: number, nearest: number][] = [];
  const progress = run.progress(Math.ceil(n / BLOCK));
  for (let first = 0; first < n; first += BLOCK) {
    tidy(() => {
      const count = Math.min(BLOCK, n - first), labels = asked.y.narrow(0, first, count);
      const indices = nearest(known.x, asked.x.narrow(0, first, count), Math.min(Math.max(...KS), train.length));
      const neighbours = known.y.take(indices);
      for (const [i, k] of KS.entries()) {
        // Ties go to the class of the nearest neighbour, whose vote counts slightly more than one.
        const each = oneHot(neighbours.narrow(1, 0, Math.min(k, train.length)), 10).float();
        const counted = each.sum(1).add(each.at(":", 0).mul(0.5));
        const missed = counted.argmax(1).ne(labels);
        wrong[i]! += missed.sum().item();
        if (k > 1 || mistakes.length >= 20) continue;
        const of = indices.at(":", 0).toArray<number[]>();
        for (const [place, miss] of missed.toArray<boolean[]>().entries()) {
          if (miss && mistakes.length < 20) mistakes.push([first + place, of[place]!]);
        }
      }
    });
    progress.advance(`${Math.min(n, first + BLOCK)} of ${n} test digits`);
  }
  progress.end();
  const labelsOf = [asked.y.toArray<number[]>(), known.y.toArray<number[]>()] as const;
  return {
    errors: KS.map((k, i) => ({ k, testErrorPercent: 100 * wrong[i]! / n })),
    picture: imageGrid({
      title: "Mistakes of K = 1",
      subtitle: "left the test digit, right the training digit nearest to it",
      images: mistakes.map(([test_, train_]) => ({
        pixels: mosaic([digitPixels(test, test_), digitPixels(train, train_)], 2, 2),
        caption: `${labelsOf[0][test_]} taken for ${labelsOf[1][train_]}`,
      })),
      columns: 5,
    }),
  };
}

function radialChart(
  records: readonly {
    wrongLabelsPercent: number;
    planeK1: number;
    planeK51: number;
    radiusK1: number;
    radiusK51: number;
  }[],
): string {
  const x = records.map((record) => record.wrongLabelsPercent);
  return lineChart({
    title: "Disc: test error by label noise",
    x: { label: "wrong training labels (%)" },
    y: { label: "test error (%)", include: 0 },
    series: [
      { name: "plane, K = 1", x, y: records.map((record) => record.planeK1), marks: true },
      { name: "plane, K = 51", x, y: records.map((record) => record.planeK51), marks: true },
      { name: "radius, K = 1", x, y: records.map((record) => record.radiusK1), marks: true },
      { name: "radius, K = 51", x, y: records.map((record) => record.radiusK51), marks: true },
    ],
  });
}

await start(import.meta.url, nearestNeighbours);
