// A network that knows some digits learns the others from few examples, without the runner: data, training twice, one line printed.
import { DataLoader, DrawnDigits } from "@heddle/data";
import { freeze } from "@heddle/models";
import { functional as F } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { Generator, manualSeed } from "@heddle/tensor";
import { fit } from "@heddle/train";
import { ErrorPercent } from "../classification/error_percent.ts";
import { classSubset } from "../digits/class_subset.ts";
import { Network } from "./network.ts";

manualSeed(0);
const digits = new DrawnDigits({ size: 2000 }), testDigits = new DrawnDigits({ train: false, size: 500 });
const known = classSubset(digits, [0, 1, 2, 3, 4, 5]);
const few = classSubset(digits, [6, 7, 8, 9], { perClass: 5, generator: new Generator(0) });
const test = new DataLoader(classSubset(testDigits, [6, 7, 8, 9]), { batchSize: 100 });

async function train(model: Network, data: typeof known, epochs: number): Promise<number> {
  const history = await fit(model, new DataLoader(data, { batchSize: 20, shuffle: true }), {
    loss: F.crossEntropy,
    optimizer: new Adam(model.parameters().filter(({ requiresGrad }) => requiresGrad), { lr: 2e-3 }),
    epochs,
    ...(data === few && { validation: test }),
    metrics: { errorPercent: new ErrorPercent() },
  });
  return Number(history.last!["validationErrorPercent"]);
}

const pretrained = new Network(6);
await train(pretrained, known, 3);
const tuned = pretrained.withNewHead(4);
freeze(tuned, "features.**");
const error = await train(tuned, few, 20), fromScratch = await train(new Network(4), few, 20);
console.log(
  `new digits from 5 examples each: a test error of ${error.toFixed(1)}%, from scratch ${fromScratch.toFixed(1)}%`,
);
