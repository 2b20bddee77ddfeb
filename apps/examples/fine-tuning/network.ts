import { Conv2d, Flatten, Linear, MaxPool2d, Module, ReLU, Sequential } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";
import { normalise } from "../lenet/networks/normalise.ts";

/**
 * A convnet in three parts, so that each can be kept, frozen or replaced: maps digits [n, 1, 28, 28] to logits [n,
 * classes].
 */
export class Network extends Module {
  /** General features of strokes: corners, arcs, crossings. [n, 256] */
  readonly features: Sequential = new Sequential(
    new Conv2d(1, 32, 5),
    new MaxPool2d(3),
    new ReLU(),
    new Conv2d(32, 64, 5),
    new MaxPool2d(2),
    new ReLU(),
    new Flatten(),
  );
  readonly hidden: Linear = new Linear(256, 200);
  /** The logits of the classes. */
  head: Linear;

  constructor(classes: number) {
    super();
    this.head = new Linear(200, classes);
  }

  forward(images: Tensor): Tensor {
    return this.head.forward(this.hidden.forward(this.features.forward(normalise(images))).relu());
  }

  /** A copy with a new last layer for other classes; nothing is shared. */
  withNewHead(classes: number): Network {
    const copy = new Network(classes);
    copy.features.loadStateDict(this.features.stateDict());
    copy.hidden.loadStateDict(this.hidden.stateDict());
    return copy;
  }
}
