// Regularisation: L1, L2, dropout and early stopping on few digits, some of them mislabelled.
import "@heddle/autograd";
import { Dropout, functional as F, Linear, ReLU, Sequential } from "@heddle/nn";
import { Adam, EarlyStopping, l1Penalty, l2Penalty } from "@heddle/optim";
import { manualSeed, rand, randint, randperm, scope, type Tensor, tidy, where } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { loadDigits } from "../digits/digits.ts";
import { start } from "../runner/example.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { panels } from "../runner/pictures/panels.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { greyPixels, type Pixels } from "../runner/pictures/png.ts";
import { type Basic, basic } from "./basic.ts";
import { digitMatrix } from "./digit_matrix.ts";

/** Training digits, the share of them with a random label, and validation digits. */
const TRAIN = 500, NOISE = 0.1, VALIDATION = 1_000;
const HIDDEN = 100, EPOCHS = 40, BATCH = 50, LR = 3e-3, PATIENCE = 5;

/** What a method changes in the loss or in the network. */
interface Method {
  name: string;
  /** The probability of dropping a hidden unit. */
  dropout?: number;
  /** A term of the loss, computed from the weight matrices. */
  penalty?: (matrices: Tensor[]) => Tensor;
  /** Epochs without a lower validation loss after which training stops and returns to the best weights. */
  patience?: number;
}

const METHODS: readonly Method[] = [
  { name: "none" },
  { name: "L1", penalty: (matrices) => l1Penalty(matrices).mul(8e-4) },
  { name: "L2", penalty: (matrices) => l2Penalty(matrices).mul(1e-2) },
  { name: "dropout", dropout: 0.7 },
  { name: "early stopping", patience: PATIENCE },
];

interface Set {
  x: Tensor;
  y: Tensor;
}

/** Mean loss and error of a network in evaluation mode. */
function measure(network: Sequential, { x, y }: Set): { loss: number; errorPercent: number } {
  network.eval();
  return tidy(() => {
    const logits = network.forward(x).detach();
    return {
      loss: F.crossEntropy(logits, y).item(),
      errorPercent: 100 * logits.argmax(1).ne(y).float().mean().item(),
    };
  });
}

type Epoch = Record<"trainLoss" | "trainErrorPercent" | "validationLoss" | "validationErrorPercent", number>;

/** Trains a network with a method; all methods start with the same weights. */
function fit({ dropout = 0, penalty, patience }: Method, train: Set, validation: Set, seed: number, epochs: number) {
  manualSeed(seed);
  const input = new Linear(784, HIDDEN), output = new Linear(HIDDEN, 10);
  const network: Sequential = new Sequential(input, new ReLU(), new Dropout(dropout), output);
  const adam = new Adam(network.parameters(), { lr: LR });
  const stopping = patience === undefined ? null : new EarlyStopping({ patience, model: network });
  const history: Epoch[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    network.train();
    for (const batch of randperm(train.y.numel).split(BATCH)) {
      using _ = scope();
      const fits = F.crossEntropy(network.forward(train.x.indexSelect(0, batch)), train.y.indexSelect(0, batch));
      adam.zeroGrad();
      (penalty ? fits.add(penalty([input.weight, output.weight])) : fits).backward();
      adam.step();
    }
    const fitted = measure(network, train), held = measure(network, validation);
    history.push({
      ...{ trainLoss: fitted.loss, trainErrorPercent: fitted.errorPercent },
      ...{ validationLoss: held.loss, validationErrorPercent: held.errorPercent },
    });
    if (stopping?.step(held.loss)) break;
  }
  return { network, weights: input.weight.detach(), history };
}

/** The example; `start` runs it if this file is the main module. */
export const regularisation: Basic = basic(
  "regularisation",
  "L1, L2, dropout and early stopping on few digits, some of them mislabelled.",
  async ({ data, limit, seed, dryRun }, run) => {
    const sets = await loadDigits(data, limit);
    run.print(`${sets.source}\n`);
    const all = digitMatrix(sets.train), test = digitMatrix(sets.test);
    // With --limit there may be fewer.
    const few = Math.min(TRAIN, Math.floor(all.y.numel / 2)), held = Math.min(VALIDATION, all.y.numel - few);
    const part = (from: number, count: number): Set => ({
      x: all.x.narrow(0, from, count),
      y: all.y.narrow(0, from, count),
    });
    const clean = part(0, few), validation = part(few, held);
    const train = { x: clean.x, y: where(rand([few]).lt(NOISE), randint(0, 10, [few]), clean.y) };

    const fits = METHODS.map((method) => ({ method, ...fit(method, train, validation, seed, dryRun ? 1 : EPOCHS) }));
    const rows = fits.map(({ method, network, weights, history }) => {
      const at = measure(network, test);
      return {
        method: method.name,
        epochs: history.length,
        trainErrorPercent: measure(network, train).errorPercent,
        validationErrorPercent: measure(network, validation).errorPercent,
        testErrorPercent: at.errorPercent,
        testLoss: at.loss,
        weightNorm: weights.norm().item(),
        weightsNearZeroPercent: 100 * weights.abs().lt(1e-3).float().mean().item(),
      };
    });
    run.print(`${few} training digits, ${100 * NOISE}% of them with a random label; ${held} for validation:\n`);
    run.print(recordTable(rows));

    const chart = (title: string, label: string, values: (of: Epoch) => number): string =>
      lineChart({
        title,
        x: { label: "epoch", whole: true },
        y: { label, include: 0 },
        series: fits.map(({ method, history }) => ({
          name: method.name,
          x: history.map((_, epoch) => epoch + 1),
          y: history.map(values),
        })),
        size: { width: 560, height: 400 },
      });
    run.out.picture(
      "curves.svg",
      panels("Training and validation", [
        chart("Training error", "training error (%)", (of) => of.trainErrorPercent),
        chart("Validation error", "validation error (%)", (of) => of.validationErrorPercent),
        chart("Training loss", "training loss", (of) => of.trainLoss),
        chart("Validation loss", "validation loss", (of) => of.validationLoss),
      ], 2),
    );
    run.out.picture(
      "weights.svg",
      imageGrid({
        title: "Weights of hidden units",
        subtitle: "The eight largest: above without regularisation, then with L1, then with L2",
        images: fits.slice(0, 3).flatMap(({ weights }) => largest(weights, 8)),
        columns: 8,
      }),
    );
    return { train: few, validation: held, methods: rows };
  },
);

/** The rows of weights [hidden, 784] as images: mid-grey is 0. */
function largest(weights: Tensor, count: number): { pixels: Pixels }[] {
  return weights.indexSelect(0, weights.norm(2, 1).topk(count, 0).indices).unbind(0).map((unit) => ({
    pixels: greyPixels(unit.div(unit.abs().amax().mul(2)).add(0.5).toTypedArray("float32"), {
      width: 28,
      height: 28,
    }),
  }));
}

await start(import.meta.url, regularisation);
