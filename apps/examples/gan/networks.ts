/**
 * The generator and the discriminator: small convolutional networks after A. Radford, L. Metz, S. Chintala (2016),
 * arXiv:1511.06434.
 */
import { noGrad } from "@heddle/autograd";
import { BatchNorm2d, Conv2d, ConvTranspose2d, functional as F, Linear, Module } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";

/** The dimension of the noise. */
export const NOISE = 64;

/** Maps noise [n, 64] to images [n, 1, 28, 28], 0 for paper and 1 for ink. */
export class Generator extends Module {
  readonly project: Linear = new Linear(NOISE, 64 * 7 * 7);
  readonly norm1: BatchNorm2d = new BatchNorm2d(64);
  readonly conv1: ConvTranspose2d = new ConvTranspose2d(64, 32, 4, { stride: 2, padding: 1 });
  readonly norm2: BatchNorm2d = new BatchNorm2d(32);
  readonly conv2: ConvTranspose2d = new ConvTranspose2d(32, 1, 4, { stride: 2, padding: 1 });

  constructor() {
    super();
    initialise(this);
  }

  forward(noise: Tensor): Tensor {
    let x = this.project.forward(noise).view(-1, 64, 7, 7);
    x = this.norm1.forward(x).relu();
    x = this.norm2.forward(this.conv1.forward(x)).relu();
    return this.conv2.forward(x).sigmoid();
  }
}

/** Maps images [n, 1, 28, 28] to the logits of being real, [n]. */
export class Discriminator extends Module {
  readonly conv1: Conv2d = new Conv2d(1, 32, 4, { stride: 2, padding: 1 });
  readonly conv2: Conv2d = new Conv2d(32, 64, 4, { stride: 2, padding: 1 });
  readonly norm2: BatchNorm2d = new BatchNorm2d(64);
  readonly output: Linear = new Linear(64 * 7 * 7, 1);

  constructor() {
    super();
    initialise(this);
  }

  forward(images: Tensor): Tensor {
    // Paper is -1 and ink 1.
    let x = F.leakyRelu(this.conv1.forward(images.mul(2).sub(1)), 0.2);
    x = F.leakyRelu(this.norm2.forward(this.conv2.forward(x)), 0.2);
    return this.output.forward(x.flatten(1)).flatten();
  }
}

/** Weights with a standard deviation of 0.02, as in the paper. */
function initialise(network: Module): void {
  noGrad(() => {
    for (const [name, parameter] of network.namedParameters()) {
      if (name.endsWith("weight") && !name.startsWith("norm")) parameter.normal_(0, 0.02);
    }
  });
}
