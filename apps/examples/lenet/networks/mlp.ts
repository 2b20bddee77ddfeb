import { Linear, Module } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";
import type { DigitNetwork, Layer } from "./network.ts";
import { normalise } from "./normalise.ts";

/** A multi-layer perceptron with two hidden layers of 512. */
export class Mlp extends Module implements DigitNetwork {
  readonly fc1: Linear = new Linear(784, 512);
  readonly fc2: Linear = new Linear(512, 512);
  readonly fc3: Linear = new Linear(512, 10);

  forward(images: Tensor): Tensor {
    let x = normalise(images).flatten(1);
    x = this.fc1.forward(x).relu();
    x = this.fc2.forward(x).relu();
    return this.fc3.forward(x);
  }

  get layers(): readonly Layer[] {
    return [
      { name: "input", does: "normalised", output: "784" },
      { name: "fc1", does: "fully connected, ReLU", output: "512", module: this.fc1 },
      { name: "fc2", does: "fully connected, ReLU", output: "512", module: this.fc2 },
      { name: "fc3", does: "fully connected", output: "10", module: this.fc3 },
    ];
  }
}
