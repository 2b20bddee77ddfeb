import { DataLoader, RandomCrop } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { ExponentialLR, SGD, weightDecayGroups } from "@heddle/optim";
import { manualSeed } from "@heddle/tensor";
import { fit } from "@heddle/train";
import { Accuracy } from "@heddle/train/metrics";
import { type ModelName, RECIPES } from "../cifar/networks/mod.ts";
import { dataset, SIDE, type StoredImages } from "../colour_images/colour_images.ts";
import { errorPercent } from "../classification/predictions.ts";
import { predict } from "../classification/predict.ts";
import type { Run } from "../runner/example.ts";
import { whole } from "../runner/recorded.ts";

/** The settings of a training, the same in all experiments except for the last two. */
export interface FitSettings {
  model: ModelName;
  seed: number;
  /** At most; training ends when all training images are classified correctly. */
  epochs: number;
  batch: number;
  lr: number;
  /** Whether training images are randomly shifted by up to two pixels. */
  crop: boolean;
  weightDecay: number;
}

/** The result of a training. */
export interface Fitted {
  trainAccuracyPercent: number;
  testAccuracyPercent: number;
  epochs: number;
  /** The mean loss of each epoch. */
  losses: number[];
  stepsPerEpoch: number;
  seconds: number;
}

/**
 * Trains a network with SGD and momentum as Zhang et al. 2017 do, with a learning rate that falls by a factor of 0.95
 * per epoch, until it classifies every training image correctly or the epochs end; then tests it on the test images,
 * and on the unmodified training images.
 */
export async function train(
  settings: FitSettings,
  images: StoredImages,
  test: StoredImages,
  run: Run,
  advance: (epoch: number, loss: number) => void,
): Promise<Fitted> {
  manualSeed(settings.seed);
  const network = RECIPES[settings.model].make({ classes: images.classes.length });
  network.to(run.device);
  // The central 28×28 pixels of an image shifted by up to 2 pixels: a random 28×28 crop, without visible padding.
  const shifts = settings.crop ? [new RandomCrop(SIDE, { padding: 2 })] : [];
  const loader = new DataLoader(dataset(images, shifts), { batchSize: settings.batch, shuffle: true });
  const groups = weightDecayGroups(network.parameters(), settings.weightDecay);
  const optimizer = new SGD(groups, { lr: settings.lr, momentum: 0.9 });
  const plain = dataset(images);

  const started = performance.now();
  let trainAccuracyPercent = 0;
  const history = whole(
    await fit(network, loader, {
      loss: F.crossEntropy,
      ...{ optimizer, schedule: new ExponentialLR(optimizer, { gamma: 0.95 }), epochs: settings.epochs },
      metrics: { accuracy: new Accuracy() },
      callbacks: [{
        async onEpoch({ epoch, loss, accuracy }, training) {
          advance(epoch, loss);
          // The running accuracy lags behind; the exact one is only computed near the end.
          if ((accuracy as number) < 0.95 && epoch < settings.epochs) return;
          trainAccuracyPercent = 100 - errorPercent(await predict(network, plain));
          if (trainAccuracyPercent === 100) training.stop();
        },
      }],
    }),
  );
  const seconds = (performance.now() - started) / 1000, losses = history.values("loss");
  return {
    trainAccuracyPercent,
    testAccuracyPercent: 100 - errorPercent(await predict(network, dataset(test))),
    epochs: losses.length,
    losses,
    stepsPerEpoch: loader.length,
    seconds,
  };
}
