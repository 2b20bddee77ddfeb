// A small convnet on colour images, without the runner: data, network, training, one line printed.
import { DataLoader, RandomCrop } from "@heddle/data";
import { BatchNorm2d, Conv2d, Flatten, functional as F, Linear, MaxPool2d, ReLU, Sequential } from "@heddle/nn";
import { AdamW, OneCycleLR } from "@heddle/optim";
import { manualSeed } from "@heddle/tensor";
import { fit, Progress } from "@heddle/train";
import { ErrorPercent } from "../classification/error_percent.ts";
import { dataset, loadColourImages, SIDE } from "../colour_images/colour_images.ts";

/** A convolution, and pooling that halves the image. */
const block = (inputs: number, outputs: number): Sequential =>
  new Sequential(
    new Conv2d(inputs, outputs, 3, { padding: 1, bias: false }),
    new BatchNorm2d(outputs),
    new ReLU(),
    new MaxPool2d(2),
  );

manualSeed(0);
// Generated colour digits; "data/cifar10" in place of null loads CIFAR-10.
const sets = await loadColourImages(null, null);
const augmented = dataset(sets.train, [new RandomCrop(SIDE, { padding: 2 })]);
const train = new DataLoader(augmented, { batchSize: 50, shuffle: true });
const test = new DataLoader(dataset(sets.test), { batchSize: 100 });

// Maps images [n, 3, 32, 32] to logits [n, 10].
const model = new Sequential(block(3, 16), block(16, 32), block(32, 64), new Flatten(), new Linear(64 * 4 * 4, 10));
const epochs = 4;
const optimizer = new AdamW(model.parameters(), { lr: 1e-3 });
const history = await fit(model, train, {
  loss: F.crossEntropy,
  optimizer,
  epochs,
  schedule: new OneCycleLR(optimizer, { maxLr: 1e-2, totalSteps: epochs * train.length }),
  scheduleBy: "step",
  validation: test,
  metrics: { errorPercent: new ErrorPercent() },
  callbacks: [new Progress()],
});
console.log(`${Number(history.last!["validationErrorPercent"]).toFixed(1)}% of the test images are misclassified`);
