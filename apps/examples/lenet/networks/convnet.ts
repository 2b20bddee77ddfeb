import { Conv2d, Linear, MaxPool2d, Module } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";
import type { DigitNetwork, Layer } from "./network.ts";
import { normalise } from "./normalise.ts";

/** Two convolutions with max-pooling and two fully connected layers: the typical first convnet of a course. */
export class ConvNet extends Module implements DigitNetwork {
  readonly conv1: Conv2d = new Conv2d(1, 32, 5);
  readonly pool1: MaxPool2d = new MaxPool2d(3);
  readonly conv2: Conv2d = new Conv2d(32, 64, 5);
  readonly pool2: MaxPool2d = new MaxPool2d(2);
  readonly fc1: Linear = new Linear(256, 200);
  readonly fc2: Linear = new Linear(200, 10);

  forward(images: Tensor): Tensor {
    let x = normalise(images);
    x = this.pool1.forward(this.conv1.forward(x)).relu();
    x = this.pool2.forward(this.conv2.forward(x)).relu();
    x = this.fc1.forward(x.flatten(1)).relu();
    return this.fc2.forward(x);
  }

  get layers(): readonly Layer[] {
    return [
      { name: "input", does: "normalised", output: "1@28×28" },
      { name: "conv1", does: "convolution 5×5", output: "32@24×24", module: this.conv1 },
      { name: "pool1", does: "max-pooling 3×3, ReLU", output: "32@8×8" },
      { name: "conv2", does: "convolution 5×5", output: "64@4×4", module: this.conv2 },
      { name: "pool2", does: "max-pooling 2×2, ReLU", output: "64@2×2" },
      { name: "fc1", does: "fully connected, ReLU", output: "200", module: this.fc1 },
      { name: "fc2", does: "fully connected", output: "10", module: this.fc2 },
    ];
  }
}
