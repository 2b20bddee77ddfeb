// Trains a generator of digits against a discriminator that tells them from real ones.
import { DataLoader } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { encode } from "@heddle/store";
import { keep, onesLike, randn, scope, stack, type Tensor, zerosLike } from "@heddle/tensor";
import { Checkpoint, Interrupt, plainState } from "@heddle/train";
import { textTable } from "@heddle/train/text";
import { loadDigits } from "../digits/digits.ts";
import { Filmstrip } from "../digits/filmstrip.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type CheckpointOptions, checkpointOptions, type CommonOptions, commonOptions } from "../runner/options.ts";
import { Interrupted } from "../runner/interrupted.ts";
import { Discriminator, Generator, NOISE } from "./networks.ts";
import { drawReport, type GanRecord, generated, onTheWay } from "./report.ts";
import { evaluate } from "./evaluate.ts";
import { page } from "./page.ts";

type GanOptions = CommonOptions & CheckpointOptions;

/** Images in a row of the film strips. */
const SHOWN = 16;
/** Steps between two records, which hold the means in between. */
const LOG_EVERY = 20;

/** The example; `start` runs it if this file is the main module. */
export const gan: Example<GanOptions> = {
  name: "gan",
  about: "Trains a generative adversarial network on handwritten digits.",
  page,
  options: {
    ...checkpointOptions(),
    ...commonOptions({ name: "gan", epochs: 20, batch: 64, lr: 5e-4, data: "generated digits" }),
  },

  async run(options, run) {
    const { seed, dryRun } = options;
    const about = { seed, batch: options.batch ?? 64, lr: options.lr ?? 5e-4 };
    const epochs = dryRun ? 1 : options.epochs;
    const sets = await loadDigits(options.data, dryRun ? about.batch : options.limit);
    const generator = new Generator(), discriminator = new Discriminator();
    generator.to(run.device);
    discriminator.to(run.device);
    run.print(`${sets.source}\nGAN on device "${run.device.name}", seed ${seed}\n`);

    const loader = new DataLoader(sets.train, { batchSize: about.batch, shuffle: true, dropLast: true });
    const steps = epochs * loader.length;
    const rates = { lr: about.lr, betas: [0.5, 0.999] as const };
    const drawing = new Adam(generator.parameters(), rates), telling = new Adam(discriminator.parameters(), rates);
    // The same noise after every epoch, to show how each image changes.
    const noise = keep(randn([SHOWN, NOISE])), ends = keep(randn([2, NOISE]));
    const samples = new Filmstrip(), interpolations = new Filmstrip();
    const tally = { steps: 0, drawing: 0, telling: 0, right: 0, rows: [] as GanRecord[] };
    using checkpoint = new Checkpoint(run.out.dry ? null : run.out.path, {
      ...{ generator, discriminator, drawing, telling, loader, samples, interpolations },
      tally: plainState(tally),
    }, { about: { example: "gan", samples: sets.train.length, ...about }, lock: false });
    using interrupt = new Interrupt();
    const logs = run.out.log("metrics.jsonl", "means over some steps, one line of JSON each");
    if (options.resume) {
      await checkpoint.load();
      run.print(`Resuming at step ${tally.steps} of ${steps}.`);
    }

    for (const log of logs) log.resume(tally.steps);
    const progress = run.progress(steps, tally.steps);
    while (loader.epoch < epochs) {
      const epoch = loader.epoch + 1;
      for (const [images] of loader) {
        {
          using _ = scope();
          const fake = generator.forward(randn([images.shape[0]!, NOISE], { device: run.device }));

          // The discriminator learns to output 1 for real images and 0 for generated ones.
          const real = discriminator.forward(images), drawn = discriminator.forward(fake.detach());
          const tellingLoss = says(real, 1).add(says(drawn, 0));
          telling.zeroGrad();
          tellingLoss.backward();
          telling.step();

          // The generator learns to make it output 1; the gradients of the discriminator's weights are discarded.
          discriminator.requiresGrad_(false);
          const drawingLoss = says(discriminator.forward(fake), 1);
          drawing.zeroGrad();
          drawingLoss.backward();
          drawing.step();
          discriminator.requiresGrad_(true);

          const right = real.gt(0).float().mean().add(drawn.lt(0).float().mean()).div(2);
          const values = await stack([drawingLoss, tellingLoss, right].map((value) => value.detach())).data();
          tally.drawing += Number(values[0]) / LOG_EVERY;
          tally.telling += Number(values[1]) / LOG_EVERY;
          tally.right += Number(values[2]) / LOG_EVERY;
        }
        const step = ++tally.steps;
        if (step % LOG_EVERY === 0) {
          const { drawing: generatorLoss, telling: discriminatorLoss, right: accuracy } = tally;
          const row = { step, epoch, generatorLoss, discriminatorLoss, accuracy };
          tally.rows.push(row);
          for (const log of logs) log.write(row);
          tally.drawing = tally.telling = tally.right = 0;
        }
        progress.advance(`epoch ${epoch}/${epochs}`);
        const stop = await interrupt.requested();
        if (stop || step % (options.checkpointEvery ?? Infinity) === 0) await checkpoint.save();
        if (stop) throw new Interrupted();
      }
      samples.add(`epoch ${epoch}`, await generated(generator, noise));
      interpolations.add(`epoch ${epoch}`, await onTheWay(generator, ends, SHOWN));
      drawReport({ out: run.out, records: tally.rows, samples, interpolations });
      run.showSoFar();
      await checkpoint.save();
    }
    progress.say("judging");
    const { classifierError, real, drawn, untrained } = await evaluate(generator, sets, dryRun);
    progress.end();

    const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
    run.print(`A classifier with a test error of ${classifierError.toFixed(2)}% predicts`);
    run.print(textTable(
      ["pictures", "confidence", "score", ...real.shares.map((_, digit) => `“${digit}”`)],
      Object.entries({ "test digits": real, generated: drawn, "before training": untrained }).map((
        [name, verdict],
      ) => [name, percent(verdict.confidence), verdict.score.toFixed(2), ...verdict.shares.map(percent)]),
    ));
    drawReport({ out: run.out, records: tally.rows, samples, interpolations });
    const weights = await encode(generator, {
      format: "safetensors",
      metadata: { model: "gan generator", framework: "heddle" },
    });
    run.out.file("generator.safetensors", weights, "the generator's weights, in the safetensors format");
    return {
      ...deviceFigures(run.device),
      epochs,
      steps: tally.steps,
      classifierErrorPercent: classifierError,
      shares: drawn.shares,
      confidence: drawn.confidence,
      score: drawn.score,
      scoreOfTestDigits: real.score,
      scoreBeforeTraining: untrained.score,
    };
  },
};

/** The cross-entropy of logits with the label `what` for each image. */
function says(logits: Tensor, what: 0 | 1): Tensor {
  return F.binaryCrossEntropyWithLogits(logits, what === 1 ? onesLike(logits) : zerosLike(logits));
}

await start(import.meta.url, gan);
