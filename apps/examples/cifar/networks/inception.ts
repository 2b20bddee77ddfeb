import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Flatten,
  type Layer,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
} from "@heddle/nn";
import { cat, type Tensor } from "@heddle/tensor";
import { ImageNetwork, type NetworkOptions, type Stage } from "./image_network.ts";
import { WhitenMiddle } from "./input.ts";

/** Channels of the 1×1 and the 3×3 convolution of each module, or of the convolution that halves the image. */
// deno-fmt-ignore: a line for each size of the image
const MODULES: readonly ([one: number, three: number] | number)[] = [
  [32, 32], [32, 48], 80,
  [112, 48], [96, 64], [80, 80], [48, 96], 96,
  [176, 160], [176, 160],
];

/** The outputs of two layers for the same input, concatenated along the channels. */
class Branches extends Module {
  readonly left: Layer;
  readonly right: Layer;

  constructor(left: Layer, right: Layer) {
    super();
    this.left = left;
    this.right = right;
  }

  forward(x: Tensor): Tensor {
    return cat([this.left.forward(x), this.right.forward(x)], 1);
  }
}

/**
 * The small Inception of Zhang et al. 2017, appendix A, figure 3: modules of parallel 1×1 and 3×3 convolutions. It has
 * 1,649,402 parameters without batch norms; with them the shifts of the norms replace the biases of the convolutions.
 */
export function inception(batchNorm: boolean, { classes = 10, dropout = 0 }: NetworkOptions = {}): ImageNetwork {
  const convolution = (inputs: number, outputs: number, size: number, stride = 1): Sequential =>
    new Sequential(
      new Conv2d(inputs, outputs, size, { stride, padding: Math.floor(size / 2), bias: !batchNorm }),
      ...(batchNorm ? [new BatchNorm2d(outputs)] : []),
      new ReLU(),
    );
  let channels = 96;
  const modules = MODULES.map((widths, i): Stage => {
    const inputs = channels, name = `module${i + 1}`;
    if (typeof widths === "number") {
      channels += widths;
      const layer = new Branches(convolution(inputs, widths, 3, 2), new MaxPool2d(3, { stride: 2, padding: 1 }));
      return { name, does: `${widths} of 3×3, and max-pooling, stride 2`, layer };
    }
    const [one, three] = widths;
    channels = one + three;
    const layer = new Branches(convolution(inputs, one, 1), convolution(inputs, three, 3));
    return { name, does: `${one} of 1×1, ${three} of 3×3`, layer };
  });
  return new ImageNetwork([
    { name: "input", does: "centre, whitened", layer: new WhitenMiddle() },
    { name: "conv", does: "convolution 3×3", layer: convolution(3, 96, 3) },
    ...modules,
    {
      name: "pool",
      does: "mean over the image",
      layer: new Sequential(new AdaptiveAvgPool2d(1), new Flatten(), new Dropout(dropout)),
    },
    { name: "output", does: "fully connected", layer: new Linear(channels, classes) },
  ]);
}
