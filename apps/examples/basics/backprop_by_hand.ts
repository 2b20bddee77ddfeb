// Backpropagation by hand: a two-layer network on digits with explicit gradients, compared with autograd's.
import "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { oneHot, randn, randperm, scope, type Tensor, tidy, zeros } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { loadDigits } from "../digits/digits.ts";
import { start } from "../runner/example.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { greyPixels } from "../runner/pictures/png.ts";
import { type Basic, basic } from "./basic.ts";
import { digitMatrix } from "./digit_matrix.ts";

const HIDDEN = 300, EPOCHS = 10, BATCH = 50, LR = 0.1;
const SIZE = { width: 28, height: 28 };

/** Weights and biases, or a value for each: `w1` [hidden, 784], `b1` [hidden], `w2` [10, hidden], `b2` [10]. */
interface Weights<T = Tensor> {
  w1: T;
  b1: T;
  w2: T;
  b2: T;
}
const NAMES = ["w1", "b1", "w2", "b2"] as const;
const mapped = <T>(weights: Weights, of: (each: Tensor, name: keyof Weights) => T): Weights<T> =>
  Object.fromEntries(NAMES.map((name) => [name, of(weights[name], name)])) as unknown as Weights<T>;

/** He initialisation: keeps the variance of activations constant through ReLU layers. */
const firstWeights = (): Weights => ({
  w1: randn([HIDDEN, 784]).mul(Math.sqrt(2 / 784)),
  b1: zeros([HIDDEN]),
  w2: randn([10, HIDDEN]).mul(Math.sqrt(2 / HIDDEN)),
  b2: zeros([10]),
});

/** Maps images x [n, 784] to logits s2 [n, 10]; returns the intermediate values too. */
function forward({ w1, b1, w2, b2 }: Weights, x: Tensor): { s1: Tensor; x1: Tensor; s2: Tensor } {
  const s1 = x.matmul(w1.t()).add(b1);
  const x1 = s1.relu();
  const s2 = x1.matmul(w2.t()).add(b2);
  return { s1, x1, s2 };
}

/** The mean over a batch of −log of the probability of the correct class; labels y [n]. */
const crossEntropy = (s2: Tensor, y: Tensor): Tensor => s2.logSoftmax(1).gather(1, y.unsqueeze(1)).mean().neg();

/** The gradient of that mean with respect to every weight: the chain rule, from the last layer to the first. */
function backward({ w2 }: Weights, x: Tensor, { s1, x1, s2 }: ReturnType<typeof forward>, y: Tensor): Weights {
  // The gradient of −log softmax with respect to its input: the probabilities, minus 1 at the correct class.
  const ds2 = s2.softmax(1).sub(oneHot(y, 10)).div(y.numel);
  const dx1 = ds2.matmul(w2);
  const ds1 = dx1.mul(s1.gt(0));
  return { w1: ds1.t().matmul(x), b1: ds1.sum(0), w2: ds2.t().matmul(x1), b2: ds2.sum(0) };
}

/** For each weight, the largest difference from autograd's gradient, relative to the latter's largest entry. */
function compare(weights: Weights, x: Tensor, y: Tensor): Weights<number> {
  using _ = scope();
  const byHand = backward(weights, x, forward(weights, x), y);
  const leaves = mapped(weights, (each) => each.clone().requiresGrad_());
  F.crossEntropy(forward(leaves, x).s2, y).backward();
  const largest = (of: Tensor): number => of.abs().amax().item();
  return mapped(byHand, (each, name) => largest(each.sub(leaves[name].grad!)) / largest(leaves[name].grad!));
}

/** The example; `start` runs it if this file is the main module. */
export const backpropByHand: Basic = basic(
  "backprop-by-hand",
  "A two-layer network learns digits; every gradient is explicit, and compared with autograd's.",
  async ({ data, limit, dryRun }, run) => {
    const sets = await loadDigits(data, dryRun ? BATCH : limit);
    const train = digitMatrix(sets.train), test = digitMatrix(sets.test);
    run.print(`${sets.source}\n`);
    const weights = firstWeights(), w1AtFirst = weights.w1.clone();
    const first = { x: train.x.narrow(0, 0, BATCH), y: train.y.narrow(0, 0, BATCH) };
    const differences = compare(weights, first.x, first.y);
    const inDouble = compare(mapped(weights, (each) => each.double()), first.x.double(), first.y);
    const gradients = NAMES.map((name) => ({
      weights: name,
      shape: weights[name].shape.join(" × "),
      differenceInFloat32: differences[name],
      differenceInFloat64: inDouble[name],
    }));
    run.print("Gradients by hand, compared with autograd's:\n");
    run.print(`${recordTable(gradients)}\n`);

    const errorPercent = ({ x, y }: typeof train): number =>
      tidy(() => 100 * forward(weights, x).s2.argmax(1).ne(y).float().mean().item());
    const history: Record<"epoch" | "trainLoss" | "trainErrorPercent" | "testErrorPercent", number>[] = [];
    const table = run.table(["epoch", "train loss", "train error", "test error"]);
    for (let epoch = 1; epoch <= (dryRun ? 1 : EPOCHS); epoch++) {
      const batches = randperm(train.y.numel).split(BATCH);
      let loss = 0;
      for (const batch of batches) {
        using _ = scope();
        const x = train.x.indexSelect(0, batch), y = train.y.indexSelect(0, batch);
        const passed = forward(weights, x);
        const gradient = backward(weights, x, passed, y);
        for (const name of NAMES) weights[name].sub_(gradient[name], { alpha: LR });
        loss += crossEntropy(passed.s2, y).item() / batches.length;
      }
      const trainErrorPercent = errorPercent(train), testErrorPercent = errorPercent(test);
      table.row(epoch, loss.toFixed(4), `${trainErrorPercent.toFixed(2)}%`, `${testErrorPercent.toFixed(2)}%`);
      history.push({ epoch, trainLoss: loss, trainErrorPercent, testErrorPercent });
    }

    const epochs = history.map(({ epoch }) => epoch);
    run.out.picture(
      "errors.svg",
      lineChart({
        title: "Digits, gradients by hand",
        x: { label: "epoch", whole: true },
        y: { label: "error (%)", include: 0 },
        series: [
          { name: "train", x: epochs, y: history.map((each) => each.trainErrorPercent), marks: true },
          { name: "test", x: epochs, y: history.map((each) => each.testErrorPercent), marks: true },
        ],
      }),
    );
    // The units with the largest weights in the next layer.
    const units = weights.w2.square().sum(0).topk(30, 0).indices;
    run.out.picture(
      "weights.svg",
      imageGrid({
        title: "What the first layer learned",
        subtitle: "Change of the weights of 30 units: light where ink activates the unit, dark where it inhibits it",
        images: weights.w1.sub(w1AtFirst).indexSelect(0, units).unbind(0).map((unit) => ({
          pixels: greyPixels(unit.div(unit.abs().amax().mul(2)).add(0.5).toTypedArray("float32"), SIZE),
        })),
      }),
    );
    const last = history.at(-1)!;
    return {
      ...{ hidden: HIDDEN, gradients, history },
      ...{ trainErrorPercent: last.trainErrorPercent, testErrorPercent: last.testErrorPercent },
    };
  },
);

await start(import.meta.url, backpropByHand);
