import { noGrad } from "@heddle/autograd";
import { Conv2d, Linear, Module } from "@heddle/nn";
import { fused, pad, type Tensor } from "@heddle/tensor";
import type { DigitNetwork, Layer } from "./network.ts";
import { PartialConv2d } from "./partial_conv2d.ts";
import { Subsampling } from "./subsampling.ts";

/**
 * Table I of the paper: the maps of S2 that each map of C3 takes as input. Six take three neighbours, six take four,
 * three take four that are not all neighbours, and the last one takes all.
 */
export const C3_INPUTS: readonly (readonly number[])[] = [
  [0, 1, 2],
  [1, 2, 3],
  [2, 3, 4],
  [3, 4, 5],
  [0, 4, 5],
  [0, 1, 5],
  [0, 1, 2, 3],
  [1, 2, 3, 4],
  [2, 3, 4, 5],
  [0, 3, 4, 5],
  [0, 1, 4, 5],
  [0, 1, 2, 5],
  [0, 1, 3, 4],
  [1, 2, 4, 5],
  [0, 2, 3, 5],
  [0, 1, 2, 3, 4, 5],
];

/**
 * LeNet-5: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
 * Proceedings of the IEEE 86 (1998), section II.B.
 *
 * As in the paper: 60,850 trainable parameters up to the output, subsampling with one coefficient and one bias per map,
 * the partial connections of C3, and `1.7159 tanh(2a/3)` throughout. Unlike in the paper, the output is a linear layer
 * trained with cross-entropy; the paper compares F6 with hand-designed bitmaps by their distance.
 */
export class LeNet5 extends Module implements DigitNetwork {
  readonly c1: Conv2d = new Conv2d(1, 6, 5);
  readonly s2: Subsampling = new Subsampling(6);
  readonly c3: PartialConv2d = new PartialConv2d(C3_INPUTS, 6, 5);
  readonly s4: Subsampling = new Subsampling(16);
  readonly c5: Conv2d = new Conv2d(16, 120, 5);
  readonly f6: Linear = new Linear(120, 84);
  readonly output: Linear = new Linear(84, 10);

  constructor() {
    super();
    initialise(this.c1.weight, this.c1.bias!, 25);
    // C3 and the subsampling layers have other numbers of inputs and initialise themselves.
    initialise(this.c5.weight, this.c5.bias!, 400);
    initialise(this.f6.weight, this.f6.bias!, 120);
    initialise(this.output.weight, this.output.bias!, 84);
  }

  forward(images: Tensor): Tensor {
    // Ink is 1.175 and paper -0.1, so that the mean is about 0 and the variance about 1 (section III.A); the padding
    // lets the receptive fields of C3 reach the ends of strokes.
    let x = pad(shade([images]), [2, 2, 2, 2], { value: -0.1 });
    x = squash(this.c1.forward(x));
    x = squash(this.s2.forward(x));
    x = squash(this.c3.forward(x));
    x = squash(this.s4.forward(x));
    x = squash(this.c5.forward(x)).flatten(1);
    x = squash(this.f6.forward(x));
    return this.output.forward(x);
  }

  get layers(): readonly Layer[] {
    return [
      { name: "input", does: "28×28 padded", output: "1@32×32" },
      { name: "C1", does: "convolution 5×5", output: "6@28×28", module: this.c1 },
      { name: "S2", does: "subsampling 2×2", output: "6@14×14", module: this.s2 },
      { name: "C3", does: "convolution 5×5, partial", output: "16@10×10", module: this.c3 },
      { name: "S4", does: "subsampling 2×2", output: "16@5×5", module: this.s4 },
      { name: "C5", does: "convolution 5×5", output: "120@1×1", module: this.c5 },
      { name: "F6", does: "fully connected", output: "84", module: this.f6 },
      { name: "output", does: "fully connected", output: "10", module: this.output },
    ];
  }
}

const shade = fused("shade", (x) => x.mul(1.275).sub(0.1));

/** The paper's activation function, appendix A: it maps ±1 to ±1, where its curvature is greatest. */
const squashKernel = fused("squash", (x) => x.mul(2 / 3).tanh().mul(1.7159));

function squash(x: Tensor): Tensor {
  return squashKernel([x]);
}

/** Uniform weights of standard deviation 1/√inputs, no bias; the README says why not the paper's ±2.4/inputs. */
function initialise(weight: Tensor, bias: Tensor, inputs: number): void {
  const bound = Math.sqrt(3 / inputs);
  noGrad(() => {
    weight.uniform_(-bound, bound);
    bias.zero_();
  });
}
