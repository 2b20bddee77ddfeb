import { noGrad } from "@heddle/autograd";
import { BatchNorm2d, Conv2d, Linear, Module, ModuleList } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { fromTypedArray, pad, scope, type Tensor, tidy } from "@heddle/tensor";
import { type Case, type Family, type Maker, size } from "../case.ts";
import { convLayer } from "./conv.ts";
import { input, trainingSteps } from "./heddle_work.ts";

const step: Case = {
  family: "resnet20",
  name: "ResNet-20 step",
  kind: "resnet20",
  sizes: { batch: 32, lr: 0.01, momentum: 0.9, weightDecay: 1e-4 },
  // Of three losses, each the result of the steps before it.
  tolerance: 1e-4,
};

/** The first step of a process, compilation included. */
export const firstResnetStep: Case = { ...step, family: "first_step", name: "first step of ResNet-20", fresh: true };

/** Training steps of He et al.'s ResNet-20 on batches of 32 pictures of CIFAR's size. */
export const resnet20: Family = {
  name: "resnet20",
  about: "a step of ResNet-20 with momentum and weight decay on 32×3×32×32, and its convolutions",
  cases: [
    step,
    ...convLayer("resnet20", "ResNet-20 conv 3→16 of 32²", [32, 3, 32, 32], [
      16,
      3,
      3,
      3,
    ], 1),
    ...convLayer("resnet20", "ResNet-20 conv 16→16 of 32²", [32, 16, 32, 32], [
      16,
      16,
      3,
      3,
    ], 1),
    ...convLayer("resnet20", "ResNet-20 conv 32→32 of 16²", [32, 32, 16, 16], [
      32,
      32,
      3,
      3,
    ], 1),
    ...convLayer("resnet20", "ResNet-20 conv 64→64 of 8²", [32, 64, 8, 8], [
      64,
      64,
      3,
      3,
    ], 1),
  ],
};

/** A soak of it: the most memory that its activations take. */
export const residualSoak: Case = {
  ...step,
  family: "memory",
  name: "ResNet-20 steps",
  sizes: { ...step.sizes, soak: 100 },
};

class Block extends Module {
  readonly conv1: Conv2d;
  readonly norm1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly stride: number;
  readonly widening: number;

  constructor(inputs: number, outputs: number) {
    super();
    this.stride = inputs === outputs ? 1 : 2;
    this.widening = (outputs - inputs) / 2;
    this.conv1 = new Conv2d(inputs, outputs, 3, {
      stride: this.stride,
      padding: 1,
      bias: false,
    });
    this.norm1 = new BatchNorm2d(outputs);
    this.conv2 = new Conv2d(outputs, outputs, 3, { padding: 1, bias: false });
    this.norm2 = new BatchNorm2d(outputs);
  }

  /** Every other pixel and zeros for the new channels: the paper's option A. */
  private shortcut(x: Tensor): Tensor {
    if (this.stride === 1) return x;
    return pad(x.at(":", ":", "::2", "::2"), [
      0,
      0,
      0,
      0,
      this.widening,
      this.widening,
    ]);
  }

  forward(x: Tensor): Tensor {
    // Values that only the backward pass needs are freed as it goes.
    return tidy(() => {
      const y = this.norm1.after(this.conv1, x, { activation: "relu" });
      return this.norm2.after(this.conv2, y, { residual: this.shortcut(x), activation: "relu" });
    });
  }
}

export class ResNet20 extends Module {
  readonly conv: Conv2d = new Conv2d(3, 16, 3, { padding: 1, bias: false });
  readonly norm: BatchNorm2d = new BatchNorm2d(16);
  readonly blocks: ModuleList<Block> = new ModuleList(
    [16, 16, 16, 16, 32, 32, 32, 64, 64].map((inputs, i) => new Block(inputs, 16 << i / 3)),
  );
  readonly linear: Linear = new Linear(64, 10);

  /** Sets He's initialisation with numbers that every contender can make; vectors stay as the layers have them. */
  initialise(): this {
    noGrad(() => {
      for (const [i, parameter] of this.parameters().entries()) {
        using _ = scope();
        if (parameter.ndim === 1) continue;
        const fanIn = parameter.numel / parameter.shape[0]!;
        parameter.copy_(
          input(100 + i, parameter.shape).mul(Math.sqrt(6 / fanIn)),
        );
      }
      this.linear.bias!.zero_();
    });
    return this;
  }

  forward(x: Tensor): Tensor {
    let y = this.norm.after(this.conv, x, { activation: "relu" });
    for (const block of this.blocks) y = block.forward(y);
    return this.linear.forward(y.mean([2, 3]));
  }
}

/** Heddle's code for it. */
export const heddleResnet20: Readonly<Record<string, Maker>> = {
  resnet20(sizes) {
    const network = new ResNet20().initialise();
    const parameters = [...network.parameters()];
    const batch = size(sizes, "batch");
    const images = input(1, [batch, 3, 32, 32]);
    const labels = fromTypedArray(
      Int32Array.from({ length: batch }, (_, i) => i * 7 % 10),
      [batch],
    );
    const optimizer = new SGD(parameters, {
      lr: size(sizes, "lr"),
      momentum: size(sizes, "momentum"),
      weightDecay: size(sizes, "weightDecay"),
    });
    return trainingSteps(
      optimizer,
      () => network.forward(images),
      labels,
      [images, labels, ...parameters],
      sizes.compiled === true,
    );
  },
};
