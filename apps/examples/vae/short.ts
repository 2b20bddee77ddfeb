// A variational autoencoder of digits, without the runner: data, network, loop, one line printed.
import { noGrad } from "@heddle/autograd";
import { DataLoader, DrawnDigits } from "@heddle/data";
import { functional as F, Linear, Module } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { manualSeed, randnLike, scope, type Tensor } from "@heddle/tensor";

/** Encodes images of 784 pixels as normal distributions of 20 numbers, and decodes such numbers into images. */
class Vae extends Module {
  readonly encoder: Linear = new Linear(784, 400);
  readonly mean: Linear = new Linear(400, 20);
  readonly logVariance: Linear = new Linear(400, 20);
  readonly decoder: Linear = new Linear(20, 400);
  readonly output: Linear = new Linear(400, 784);

  /** The negative evidence lower bound of images [n, 1, 28, 28], in nats per image. */
  loss(images: Tensor): Tensor {
    const pixels = images.flatten(1), hidden = this.encoder.forward(pixels).relu();
    const mean = this.mean.forward(hidden), logVariance = this.logVariance.forward(hidden);
    // Reparameterised noise passes the gradient to the mean and the variance.
    const code = mean.add(randnLike(mean).mul(logVariance.mul(0.5).exp()));
    const logits = this.output.forward(this.decoder.forward(code).relu());
    const reconstruction = F.binaryCrossEntropyWithLogits(logits, pixels, { reduction: "sum" });
    const divergence = logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum().mul(-0.5);
    return reconstruction.add(divergence).div(images.shape[0]!);
  }
}

manualSeed(0);
const train = new DataLoader(new DrawnDigits({ size: 2000 }), { batchSize: 50, shuffle: true });
const test = new DataLoader(new DrawnDigits({ train: false, size: 500 }), { batchSize: 500 });
const model = new Vae();
const optimizer = new Adam(model.parameters(), { lr: 1e-3 });

for (let epoch = 0; epoch < 5; epoch++) {
  for (const [images] of train) {
    using _ = scope();
    const loss = model.loss(images);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
}
for (const [images] of test) {
  using _ = scope();
  const nats = noGrad(() => model.loss(images).item());
  console.log(`the code and the reconstruction of a test digit take ${nats.toFixed(1)} nats`);
}
