// LeNet-5, a convnet or an MLP learns to read handwritten digits: options, data, network, training, testing, pictures.
import { DataLoader } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { LambdaLR, SGD } from "@heddle/optim";
import { scope, stack } from "@heddle/tensor";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { choice, type CommonOptions, commonOptions, type Option } from "../runner/options.ts";
import { encodeSafetensors } from "../runner/safetensors.ts";
import { textTable } from "../runner/table.ts";
import { digitPixels, loadDigits } from "./digits.ts";
import type { History } from "./history.ts";
import { errorPercent, type Predictions } from "./mistakes.ts";
import { type DigitNetwork, parameterCount, RECIPES } from "./networks/mod.ts";
import { predict } from "./predict.ts";
import { drawReport } from "./report.ts";

interface LeNetOptions extends CommonOptions {
  model: Option<keyof typeof RECIPES>;
}

/** The example; `start` below runs it when this file is what was started. */
export const lenet: Example<LeNetOptions> = {
  name: "lenet",
  about: "Trains LeNet-5, a convnet or a multi-layer perceptron on handwritten digits.",
  options: {
    model: choice(["lenet5", "convnet", "mlp"], { help: "the network", default: "lenet5" }),
    ...commonOptions({
      name: "lenet",
      epochs: 4,
      batch: "lenet5 10, else 100",
      lr: "lenet5 0.05, else 0.1",
      data: "digits that the program draws itself",
    }),
  },

  async run(options, run) {
    const recipe = RECIPES[options.model];
    const batchSize = options.batch ?? recipe.batch;
    const epochs = options.dryRun ? 1 : options.epochs;
    const { train, test, source } = await loadDigits(options.data, options.dryRun ? batchSize : options.limit);
    const network = recipe.make();
    network.to(run.device);
    run.print(source);
    run.print(`${recipe.title} on device "${run.device.name}", seed ${options.seed}\n\n${layerTable(network)}\n`);

    const loader = new DataLoader(train, { batchSize, shuffle: true });
    const steps = epochs * loader.length;
    const optimizer = new SGD(network.parameters(), { lr: options.lr ?? recipe.lr });
    const schedule = new LambdaLR(optimizer, { lrLambda: (step) => recipe.schedule(step / steps) });
    const history: History = {
      losses: [],
      trainLoss: [],
      trainErrorPercent: [],
      testErrorPercent: [],
      secondsPerEpoch: [],
    };
    const progress = run.progress(steps);
    const table = run.table(["epoch", "train loss", "train error", "test error", "seconds"]);
    let tested: Predictions = { labels: [], predicted: [], confidence: [] };

    for (let epoch = 1; epoch <= epochs; epoch++) {
      const started = performance.now();
      let loss = 0, wrong = 0, seen = 0;
      for (const [images, labels] of loader) {
        using _ = scope();
        const logits = network.forward(images);
        const batchLoss = F.crossEntropy(logits, labels);
        optimizer.zeroGrad();
        batchLoss.backward();
        optimizer.step();
        schedule.step();

        // Both at once: a GPU is waited for once a step.
        const mistaken = logits.argmax(1).ne(labels).sum();
        const [value, mistakes] = await stack([batchLoss.detach(), mistaken]).data() as Float32Array;
        history.losses.push(value!);
        loss += value!;
        wrong += mistakes!;
        progress.advance(`epoch ${epoch}/${epochs}  loss ${(loss / ++seen).toFixed(3)}`);
      }
      history.secondsPerEpoch.push((performance.now() - started) / 1000);
      history.trainLoss.push(loss / seen);
      history.trainErrorPercent.push(100 * wrong / train.length);

      progress.say(`epoch ${epoch}/${epochs}  testing`);
      tested = await predict(network, test);
      history.testErrorPercent.push(errorPercent(tested));
      table.row(
        epoch,
        history.trainLoss.at(-1)!.toFixed(4),
        `${history.trainErrorPercent.at(-1)!.toFixed(2)}%`,
        `${history.testErrorPercent.at(-1)!.toFixed(2)}%`,
        history.secondsPerEpoch.at(-1)!.toFixed(1),
      );
    }
    progress.end();

    drawReport(run.out, recipe.title, history, tested, (index) => digitPixels(test, index));
    const weights = encodeSafetensors(network.stateDict(), { model: options.model, framework: "heddle" });
    run.out.file(`${options.model}.safetensors`, weights, "the weights, in the safetensors format");
    return {
      model: options.model,
      ...deviceFigures(run.device),
      parameters: parameterCount(network),
      epochs,
      secondsPerEpoch: history.secondsPerEpoch,
      trainLoss: history.trainLoss,
      testErrorPercent: history.testErrorPercent,
      steps,
    };
  },
};

function layerTable(network: DigitNetwork): string {
  const rows = network.layers.map(({ name, does, output, module }) =>
    [name, does, output, module ? parameterCount(module) : 0] as const
  );
  return textTable(["layer", "", "output", "parameters"], [...rows, ["total", "", "", parameterCount(network)]]);
}

await start(import.meta.url, lenet);
