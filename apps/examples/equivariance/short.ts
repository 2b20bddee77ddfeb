// A network that reads rotated digits as well as upright ones, without the runner: data, training, one line printed.
import { DataLoader, DrawnDigits } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { manualSeed } from "@heddle/tensor";
import { evaluate, fit } from "@heddle/train";
import { ErrorPercent } from "../classification/error_percent.ts";
import { type ModelName, RotationNetwork } from "./network.ts";
import { rotated } from "./rotated.ts";

const train = new DrawnDigits({ size: 1000 }), digits = new DrawnDigits({ train: false, size: 300 });
const turned = new DataLoader(await rotated(digits, "quarter turns", 300, 0), { batchSize: 100 });

/** The error on digits rotated by quarters in percent, after training on upright ones. */
async function error(name: ModelName): Promise<number> {
  manualSeed(0);
  const model = new RotationNetwork(name);
  await fit(model, new DataLoader(train, { batchSize: 50, shuffle: true }), {
    loss: F.crossEntropy,
    optimizer: new Adam(model.parameters(), { lr: 5e-3 }),
    epochs: 3,
  });
  const { errorPercent } = await evaluate(model, turned, {
    loss: F.crossEntropy,
    metrics: { errorPercent: new ErrorPercent() },
  });
  return Number(errorPercent);
}

const equivariant = await error("p4"), standard = await error("standard");
console.log(
  `learned upright, ${equivariant.toFixed(1)}% of the rotated digits are misclassified with rotated filters, ` +
    `${standard.toFixed(1)}% without`,
);
