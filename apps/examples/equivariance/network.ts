import {
  BatchNorm2d,
  BatchNorm3d,
  Conv2d,
  Flatten,
  GroupConv2d,
  GroupPool,
  type Layer,
  LiftingConv2d,
  MaxPool2d,
  MaxPool3d,
  Module,
  ReLU,
  Sequential,
} from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";
import { normalise } from "../lenet/networks/normalise.ts";

/** The symmetry of a network beyond translations, and its width. */
interface Kind {
  title: string;
  /** Channels of all layers but the last, chosen so that all networks have about as many parameters. */
  channels: number;
  /** The paper's test error in percent on rotated MNIST with 12,000 training digits. */
  paper?: number;
  convolution(inputs: number, outputs: number, size: number, first: boolean): Layer;
  /** Whether features have a dimension of group elements: [n, channels, order, height, width]. */
  onGroup: boolean;
}

const onGroup = (group: "p4" | "p4m", rest: { channels: number; paper?: number }): Kind => ({
  title: group,
  ...rest,
  convolution: (inputs, outputs, size, first) =>
    new (first ? LiftingConv2d : GroupConv2d)(inputs, outputs, size, { group, bias: false }),
  onGroup: true,
});

/** The names that `--model` takes. */
export type ModelName = "standard" | "p4-pooled" | "p4" | "p4m";

const KINDS: Readonly<Record<ModelName, Kind>> = {
  standard: {
    title: "standard",
    channels: 20,
    paper: 5.03,
    convolution: (inputs, outputs, size) => new Conv2d(inputs, outputs, size, { bias: false }),
    onGroup: false,
  },
  "p4-pooled": {
    title: "p4, pooled in each layer",
    channels: 20,
    paper: 3.21,
    convolution: (inputs, outputs, size) =>
      new Sequential(new LiftingConv2d(inputs, outputs, size, { bias: false }), new GroupPool()),
    onGroup: false,
  },
  p4: onGroup("p4", { channels: 10, paper: 2.28 }),
  p4m: onGroup("p4m", { channels: 7 }),
};

/** All of them. */
export const MODELS: readonly ModelName[] = Object.keys(KINDS) as ModelName[];

/**
 * The networks of T. Cohen, M. Welling, "Group equivariant convolutional networks", 2016, section 8.1: seven
 * convolutions, all 3×3 but the last, which is 4×4; all but the last have batch norm and ReLU, and the second is
 * followed by max-pooling. There is no padding, and sizes are even where pixels are pooled, so that rotating the image
 * by 90° rotates every feature map exactly. Maps digits [n, 1, 28, 28] to logits [n, 10].
 */
export class RotationNetwork extends Module {
  readonly title: string;
  readonly paper: number | null;
  /** The first two convolutions: features of 24×24. */
  readonly lower: Sequential;
  readonly upper: Sequential;

  constructor(model: ModelName) {
    super();
    const { title, paper, channels, convolution, onGroup } = KINDS[model];
    const block = (inputs: number): readonly Layer[] => [
      convolution(inputs, channels, 3, inputs === 1),
      onGroup ? new BatchNorm3d(channels) : new BatchNorm2d(channels),
      new ReLU(),
    ];
    this.title = title;
    this.paper = paper ?? null;
    this.lower = new Sequential(...block(1), ...block(channels));
    this.upper = new Sequential(
      onGroup ? new MaxPool3d([1, 2, 2]) : new MaxPool2d(2),
      ...[...block(channels), ...block(channels), ...block(channels), ...block(channels)],
      convolution(channels, 10, 4, false),
      ...(onGroup ? [new GroupPool()] : []),
      new Flatten(),
    );
  }

  /**
   * The output of the second convolution after its ReLU: [n, channels, order, 24, 24], with order 1 without a group.
   */
  maps(images: Tensor): Tensor {
    const maps = this.lower.forward(normalise(images));
    return maps.ndim === 4 ? maps.unsqueeze(2) : maps;
  }

  forward(images: Tensor): Tensor {
    return this.upper.forward(this.lower.forward(normalise(images)));
  }
}
