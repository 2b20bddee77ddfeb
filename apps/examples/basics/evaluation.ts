// Evaluation: training, validation and test sets used correctly and incorrectly, the best of many seeds,
// cross-validation with and without a leak.
import { kFold, ListDataset, type Subset } from "@heddle/data";
import { solve } from "@heddle/linalg";
import { arange, eye, Generator, oneHot, randn, randperm, stack, type Tensor, tensor, tidy } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { loadDigits } from "../digits/digits.ts";
import { start } from "../runner/example.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { mean } from "../runner/statistics.ts";
import { type Basic, basic } from "./basic.ts";
import { digitMatrix } from "./digit_matrix.ts";

/** Training digits, and the models: each is a seed and a penalty. */
const TRAIN = 250, FEATURES = 150, SEEDS = 20, PENALTIES = [1e-2, 1e-1, 1, 10, 100, 1e3];
/**
 * Digits in the validation set and in the test set; both are drawn this many times from the digits that no model has
 * seen.
 */
const SMALL = 100, DRAWS = 300;
/** The penalty used to compare seeds. */
const SEED_PENALTY = 10;
const FOLDS = 5;
/** Noise samples, columns, and selected columns, as in Hastie et al. */
const NOISE = { samples: 50, columns: 5_000, selected: 100, simulations: 20 };

interface Samples {
  x: Tensor;
  y: Tensor;
}
const pick = ({ x, y }: Samples, of: Tensor): Samples => ({ x: x.indexSelect(0, of), y: y.indexSelect(0, of) });

/** The folds of a cross-validation of n samples, as indices. */
const foldsOf = (n: number): { train: Tensor; held: Tensor }[] =>
  kFold(new ListDataset(Array.from({ length: n }, (_, i) => i)), FOLDS)
    .map(({ train, val }) => ({ train: indices(train), held: indices(val) }));
const indices = (of: Subset<number>): Tensor =>
  tensor(Array.from({ length: of.length }, (_, i) => of.get(i)), { dtype: "int32" });

/** Random ReLU features [n, FEATURES] of images [n, 784]; the seed determines the weights. */
function withFeatures({ x, y }: Samples, seed: number): Samples {
  const generator = new Generator().manualSeed(seed);
  const w = randn([784, FEATURES], { generator }).div(10), b = randn([FEATURES], { generator });
  return { x: x.matmul(w).add(b).relu(), y };
}

/** Weights [FEATURES, 10] of a ridge regression on one-hot classes. */
function learn({ x, y }: Samples, penalty: number): Tensor {
  return solve(x.t().matmul(x).add(eye(FEATURES).mul(penalty)), x.t().matmul(oneHot(y, 10).float()));
}

/** 1 for misclassified samples, 0 for the others. */
const mistakes = (weights: Tensor, { x, y }: Samples): Tensor => x.matmul(weights).argmax(1).ne(y).float();

/** Which error selects the model, and which error of that model is reported. */
const PROCEDURES = [
  { procedure: "wrong: select by training error, report it", choose: "train", claim: "train" },
  { procedure: "wrong: select by test error, report it", choose: "test", claim: "test" },
  { procedure: "wrong: select by validation error, report it", choose: "validation", claim: "validation" },
  { procedure: "right: select by validation error, report test error", choose: "validation", claim: "test" },
] as const;

/**
 * Errors [models] in percent on all sets; validation and test sets are drawn from the held-out digits, "real" is the
 * rest.
 */
function draw(
  onTrain: Tensor,
  heldOut: Tensor,
  small: number,
): Record<"train" | "validation" | "test" | "real", Tensor> {
  const order = randperm(heldOut.shape[1]!);
  const [validation, test, real] = order.split([small, small, order.numel - 2 * small])
    .map((of) => heldOut.indexSelect(1, of).mean(1).mul(100)) as [Tensor, Tensor, Tensor];
  return { train: onTrain, validation, test, real };
}

/** The cross-validation error of 1-nearest neighbour on noise, with the columns most correlated with the labels. */
function errorOnNoise(selectOnAll: boolean): number {
  const { samples, columns, selected } = NOISE;
  const all = { x: randn([samples, columns]), y: arange(samples).remainder(2).mul(2).sub(1) };
  const best = ({ x, y }: Samples): Tensor => {
    const centred = x.sub(x.mean(0));
    return y.matmul(centred).div(centred.square().sum(0).sqrt()).abs().topk(selected, 0).indices;
  };
  const leaked = best(all);
  return mean(
    foldsOf(samples).map((fold) => {
      const train = pick(all, fold.train), held = pick(all, fold.held);
      const columns = selectOnAll ? leaked : best(train);
      const x = train.x.indexSelect(1, columns), q = held.x.indexSelect(1, columns);
      const nearest = x.square().sum(1).sub(q.matmul(x.t()).mul(2)).argmin(1);
      return 100 * train.y.take(nearest).ne(held.y).float().mean().item();
    }),
  );
}

/** The example; `start` runs it if this file is the main module. */
export const evaluation: Basic = basic(
  "evaluation",
  "Training, validation and test sets used correctly and incorrectly, the best of many seeds, cross-validation with and without a leak.",
  async ({ data, limit, dryRun }, run) => {
    const sets = await loadDigits(data, limit);
    run.print(`${sets.source}\n`);
    const everything = digitMatrix(sets.train), others = digitMatrix(sets.test);
    // Not the first ones: a set may start with easy examples.
    const few = pick(everything, randperm(everything.y.numel).split(TRAIN)[0]!);
    const seeds = Array.from({ length: dryRun ? 2 : SEEDS }, (_, i) => i), draws = dryRun ? 2 : DRAWS;
    const small = Math.min(SMALL, Math.floor(others.y.numel / 4));

    // Every model is trained once; validation and test sets come from digits that no model has seen.
    const models = seeds.flatMap((seed) => PENALTIES.map((penalty) => ({ seed, penalty })));
    const judged = models.map(({ seed, penalty }) =>
      tidy(() => {
        const train = withFeatures(few, seed), weights = learn(train, penalty);
        return {
          onTrain: mistakes(weights, train).mean().mul(100),
          onOthers: mistakes(weights, withFeatures(others, seed)),
        };
      })
    );
    const onTrain = stack(judged.map((of) => of.onTrain)), onOthers = stack(judged.map((of) => of.onOthers));
    const drawn = Array.from({ length: draws }, () => tidy(() => draw(onTrain, onOthers, small)));

    const procedures = PROCEDURES.map(({ procedure, choose, claim }) => {
      const choices = drawn.map((errors) => ({ errors, chosen: errors[choose].argmin().item() }));
      const claimedErrorPercent = mean(choices.map(({ errors, chosen }) => errors[claim].at(chosen).item()));
      const realErrorPercent = mean(choices.map(({ errors, chosen }) => errors.real.at(chosen).item()));
      return { procedure, claimedErrorPercent, realErrorPercent, tooLowBy: realErrorPercent - claimedErrorPercent };
    });
    run.print(
      `The best of ${models.length} models (${seeds.length} seeds, ${PENALTIES.length} penalties); means over ${draws} draws`,
    );
    run.print(`of ${small} digits for validation and ${small} for testing:\n`);
    run.print(recordTable(procedures));

    // One penalty, and the best of some seeds.
    const ofSeeds = models.flatMap(({ penalty }, i) => penalty === SEED_PENALTY ? [i] : []);
    const bestOfSeeds = seeds.map((_, i) => i + 1).map((tried) => {
      const choices = drawn.map((errors) => {
        const some = tensor(ofSeeds, { dtype: "int32" }).take(randperm(seeds.length).narrow(0, 0, tried));
        const chosen = some.take(errors.test.take(some).argmin()).item();
        return { claimed: errors.test.at(chosen).item(), real: errors.real.at(chosen).item() };
      });
      return {
        seedsTried: tried,
        claimedErrorPercent: mean(choices.map((of) => of.claimed)),
        realErrorPercent: mean(choices.map((of) => of.real)),
      };
    });
    run.print(`\nOne penalty (${SEED_PENALTY}), and the seed with the lowest test error:\n`);
    run.print(recordTable(bestOfSeeds.filter(({ seedsTried }) => [1, 2, 5, 10, SEEDS].includes(seedsTried))));

    const folds = foldsOf(few.y.numel), train = withFeatures(few, 0), held = withFeatures(others, 0);
    const error = (weights: Tensor, on: Samples): number => 100 * mistakes(weights, on).mean().item();
    const crossValidation = PENALTIES.map((penalty) => {
      const byFold = folds.map((fold) => error(learn(pick(train, fold.train), penalty), pick(train, fold.held)));
      const weights = learn(train, penalty);
      return {
        penalty,
        trainErrorPercent: error(weights, train),
        ...{
          crossValidationErrorPercent: mean(byFold),
          lowestFold: Math.min(...byFold),
          highestFold: Math.max(...byFold),
        },
        realErrorPercent: error(weights, held),
      };
    });
    run.print(`\n${FOLDS}-fold cross-validation on the ${few.y.numel} training digits:\n`);
    run.print(recordTable(crossValidation));

    const simulations = Array.from({ length: dryRun ? 1 : NOISE.simulations });
    const leak = [
      {
        columnsSelected: "wrong: on all samples, before",
        errorPercent: mean(simulations.map(() => tidy(() => errorOnNoise(true)))),
      },
      {
        columnsSelected: "right: within each fold",
        errorPercent: mean(simulations.map(() => tidy(() => errorOnNoise(false)))),
      },
    ];
    run.print(`\nCross-validation on noise, where every classifier has an error of 50%:\n`);
    run.print(recordTable(leak));

    const tried = bestOfSeeds.map((of) => of.seedsTried);
    run.out.picture(
      "seeds.svg",
      lineChart({
        title: "The best of some seeds",
        x: { label: "seeds tried", whole: true },
        y: { label: "error (%)" },
        series: [
          {
            name: "reported: on the test set that selected the seed",
            x: tried,
            y: bestOfSeeds.map((of) => of.claimedErrorPercent),
            marks: true,
          },
          {
            name: "real: on unseen digits",
            x: tried,
            y: bestOfSeeds.map((of) => of.realErrorPercent),
            marks: true,
          },
        ],
      }),
    );
    const powers = crossValidation.map(({ penalty }) => penalty);
    run.out.picture(
      "cross-validation.svg",
      lineChart({
        title: `${FOLDS}-fold cross-validation`,
        x: { label: "penalty", scale: "log" },
        y: { label: "error (%)", include: 0 },
        series: [
          {
            name: "cross-validation, and its folds",
            x: powers,
            y: crossValidation.map((of) => of.crossValidationErrorPercent),
            band: {
              low: crossValidation.map((of) => of.lowestFold),
              high: crossValidation.map((of) => of.highestFold),
            },
            marks: true,
          },
          { name: "real", x: powers, y: crossValidation.map((of) => of.realErrorPercent), marks: true },
          { name: "training", x: powers, y: crossValidation.map((of) => of.trainErrorPercent), marks: true },
        ],
      }),
    );
    return { models: models.length, procedures, bestOfSeeds, crossValidation, leak };
  },
);

await start(import.meta.url, evaluation);
