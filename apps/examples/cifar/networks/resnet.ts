import { AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Dropout, Flatten, Linear, Module, ReLU, Sequential } from "@heddle/nn";
import { pad, type Tensor } from "@heddle/tensor";
import { ImageNetwork, type NetworkOptions, type Stage } from "./image_network.ts";
import { NormaliseChannels } from "./input.ts";

/** Two convolutions, added to their input. */
class ResidualBlock extends Module {
  readonly conv1: Conv2d;
  readonly norm1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly norm2: BatchNorm2d;
  private readonly halves: boolean;

  /** With more outputs than inputs the image is halved. */
  constructor(inputs: number, outputs: number) {
    super();
    this.halves = outputs > inputs;
    this.conv1 = new Conv2d(inputs, outputs, 3, { stride: this.halves ? 2 : 1, padding: 1, bias: false });
    this.norm1 = new BatchNorm2d(outputs);
    this.conv2 = new Conv2d(outputs, outputs, 3, { padding: 1, bias: false });
    this.norm2 = new BatchNorm2d(outputs);
  }

  forward(x: Tensor): Tensor {
    const y = this.norm1.after(this.conv1, x, { activation: "relu" });
    return this.norm2.after(this.conv2, y, { residual: this.shortcut(x), activation: "relu" });
  }

  /** The paper's option A, without parameters: every other pixel, and zeros for the additional channels. */
  private shortcut(x: Tensor): Tensor {
    if (!this.halves) return x;
    const more = (this.conv1.outChannels - this.conv1.inChannels) / 2;
    return pad(x.at(":", ":", "::2", "::2"), [0, 0, 0, 0, more, more]);
  }
}

/**
 * ResNet-20: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition" (2016), section 4.2 with n
 * = 3; 269,722 parameters, given in the paper as 0.27 million. Dropout before the last layer is an addition.
 */
export function resNet20(options: NetworkOptions = {}): ImageNetwork {
  return resNet(3, "three residual blocks", options);
}

/** ResNet-8: the same with n = 1. */
export function resNet8(options: NetworkOptions = {}): ImageNetwork {
  return resNet(1, "a residual block", options);
}

function resNet(n: number, does: string, { classes = 10, dropout = 0 }: NetworkOptions): ImageNetwork {
  const blocks = (name: string, inputs: number, outputs: number): Stage => ({
    name,
    does,
    layer: new Sequential(
      ...Array.from({ length: n }, (_, i) => new ResidualBlock(i === 0 ? inputs : outputs, outputs)),
    ),
  });
  const first = [new Conv2d(3, 16, 3, { padding: 1, bias: false }), new BatchNorm2d(16), new ReLU()] as const;
  return new ImageNetwork([
    { name: "input", does: "normalised", layer: new NormaliseChannels() },
    { name: "conv", does: "convolution 3×3, norm, ReLU", layer: new Sequential(...first) },
    blocks("blocks1", 16, 16),
    blocks("blocks2", 16, 32),
    blocks("blocks3", 32, 64),
    {
      name: "pool",
      does: "mean over the image",
      layer: new Sequential(new AdaptiveAvgPool2d(1), new Flatten(), new Dropout(dropout)),
    },
    { name: "output", does: "fully connected", layer: new Linear(64, classes) },
  ]);
}
