// A perceptron on a table, without the runner: data, preparation, training with early stopping, one line printed.
import { DataLoader } from "@heddle/data";
import { Categories, Preparation, readCsv, Standardize } from "@heddle/data/table";
import { functional as F, Linear, ReLU, Sequential } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { Generator, manualSeed } from "@heddle/tensor";
import { evaluate, fit } from "@heddle/train";
import { ErrorPercent } from "../classification/error_percent.ts";

manualSeed(0);
const table = await readCsv(new URL("./iris.csv", import.meta.url), { comment: "#", types: { species: "string" } });
const features = table.columns.filter((name) => name !== "species");
const parts = table.split([0.6, 0.2, 0.2], { stratify: "species", generator: new Generator(1) });

// Means, deviations and categories are those of the training part.
const preparation = new Preparation([
  new Standardize({ columns: features }),
  new Categories({ columns: ["species"], unknown: "error" }),
]).fit(parts[0]!);
const [train, validation, test] = parts.map((part) =>
  new DataLoader(preparation.transform(part).toDataset({ features, target: "species" }), {
    batchSize: 16,
    shuffle: part === parts[0],
  })
);

const model = new Sequential(new Linear(features.length, 16), new ReLU(), new Linear(16, 3));
await fit(model, train!, {
  loss: F.crossEntropy,
  optimizer: new Adam(model.parameters(), { lr: 0.02 }),
  epochs: 100,
  validation: validation!,
  earlyStopping: { patience: 20 },
});
const { errorPercent } = await evaluate(model, test!, {
  loss: F.crossEntropy,
  metrics: { errorPercent: new ErrorPercent() },
});
console.log(`${Number(errorPercent).toFixed(1)}% of the test flowers are misclassified`);
