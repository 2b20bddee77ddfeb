/** MobileNet V3, small and large. */
import type { Tensor } from "@heddle/tensor";
import {
  AdaptiveAvgPool2d,
  Dropout,
  Hardsigmoid,
  Hardswish,
  type Layer,
  Linear,
  Module,
  ReLU,
  Sequential,
} from "@heddle/nn";
import { checkOptions } from "@heddle/tensor/engine";
import {
  batchNorm,
  type Building,
  type ClassifierOptions,
  classifierOptions,
  type NormLayer,
} from "./classifier_options.ts";
import { convNormActivation } from "./conv_norm_activation.ts";
import { initialWeights, smallNormal } from "./initial_weights.ts";
import { makeDivisible } from "./make_divisible.ts";
import { SqueezeExcitation } from "./squeeze_excitation.ts";

/** Options of {@link MobileNetV3}, named as in torchvision. */
export interface MobileNetV3Options extends ClassifierOptions {
  /** Factor of all numbers of channels; 1 by default. */
  readonly widthMult?: number;
  /** Whether the last stage has half the channels; false by default. */
  readonly reducedTail?: boolean;
  /** Whether the last stage is dilated and keeps the size of the image; false by default. */
  readonly dilated?: boolean;
  /** Makes the normalisation for a number of channels; by default `BatchNorm2d` with `eps` 0.001 and `momentum` 0.01. */
  readonly normLayer?: NormLayer;
  /** Probability of dropout before the head; 0.2 by default. */
  readonly dropout?: number;
}

/** Kernel, expanded channels, output channels, whether there is squeeze and excitation, activation, stride. */
type Row = readonly [
  kernel: number,
  expanded: number,
  out: number,
  squeeze: boolean,
  activation: "RE" | "HS",
  stride: number,
];

/** Tables 1 and 2 of the paper. The blocks from `tail` on are the last stage. */
const sizes: Readonly<Record<"large" | "small", { rows: readonly Row[]; tail: number; last: number }>> = {
  large: {
    rows: [
      [3, 16, 16, false, "RE", 1],
      [3, 64, 24, false, "RE", 2],
      [3, 72, 24, false, "RE", 1],
      [5, 72, 40, true, "RE", 2],
      [5, 120, 40, true, "RE", 1],
      [5, 120, 40, true, "RE", 1],
      [3, 240, 80, false, "HS", 2],
      [3, 200, 80, false, "HS", 1],
      [3, 184, 80, false, "HS", 1],
      [3, 184, 80, false, "HS", 1],
      [3, 480, 112, true, "HS", 1],
      [3, 672, 112, true, "HS", 1],
      [5, 672, 160, true, "HS", 2],
      [5, 960, 160, true, "HS", 1],
      [5, 960, 160, true, "HS", 1],
    ],
    tail: 12,
    last: 1280,
  },
  small: {
    rows: [
      [3, 16, 16, true, "RE", 2],
      [3, 72, 24, false, "RE", 2],
      [3, 88, 24, false, "RE", 1],
      [5, 96, 40, true, "HS", 2],
      [5, 240, 40, true, "HS", 1],
      [5, 240, 40, true, "HS", 1],
      [5, 120, 48, true, "HS", 1],
      [5, 144, 48, true, "HS", 1],
      [5, 288, 96, true, "HS", 2],
      [5, 576, 96, true, "HS", 1],
      [5, 576, 96, true, "HS", 1],
    ],
    tail: 8,
    last: 1024,
  },
};

/** Expansion, depthwise convolution, squeeze and excitation, projection; beside a shortcut where the shapes allow one. */
class InvertedResidual extends Module {
  readonly block: Sequential;
  private readonly shortcut: boolean;

  constructor(
    building: Building,
    from: number,
    [kernelSize, expanded, to, squeeze, kind, stride]: Row,
    dilation: number,
  ) {
    super();
    const activation = (): Layer => kind === "HS" ? new Hardswish() : new ReLU();
    const layers: Layer[] = expanded === from
      ? []
      : [convNormActivation(building, from, expanded, { kernelSize: 1, activation: activation() })];
    layers.push(convNormActivation(building, expanded, expanded, {
      kernelSize,
      stride: dilation > 1 ? 1 : stride,
      dilation,
      groups: expanded,
      activation: activation(),
    }));
    if (squeeze) {
      const squeezed = makeDivisible(Math.floor(expanded / 4));
      layers.push(new SqueezeExcitation(expanded, squeezed, new ReLU(), new Hardsigmoid(), building.placement));
    }
    layers.push(convNormActivation(building, expanded, to, { kernelSize: 1 }));
    this.block = new Sequential<readonly Layer[]>(...layers);
    this.shortcut = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor {
    const y = this.block.forward(x);
    return this.shortcut ? y.add(x) : y;
  }
}

/**
 * MobileNet V3: Howard et al., "Searching for MobileNetV3" (2019). torchvision: `torchvision.models.MobileNetV3`, with its names in
 * state dicts.
 */
export class MobileNetV3 extends Module {
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  classifier: Sequential;

  constructor(size: "large" | "small", options: MobileNetV3Options = {}) {
    super();
    checkOptions("MobileNetV3", options, [
      ...classifierOptions,
      "dilated",
      "dropout",
      "normLayer",
      "reducedTail",
      "widthMult",
    ]);
    const {
      numClasses = 1000,
      widthMult = 1,
      reducedTail = false,
      dilated = false,
      normLayer,
      dropout = 0.2,
      ...placement
    } = options;
    const { generator } = placement;
    const { rows, tail, last } = sizes[size];
    const building: Building = { norm: normLayer ?? batchNorm(placement, { eps: 0.001, momentum: 0.01 }), placement };
    const divider = reducedTail ? 2 : 1;
    const width = (channels: number): number => makeDivisible(channels * widthMult);
    let channels = width(16);
    const layers: Layer[] = [convNormActivation(building, 3, channels, { stride: 2, activation: new Hardswish() })];
    for (const [i, [kernel, expanded, out, squeeze, activation, stride]] of rows.entries()) {
      // The first block of the tail is expanded from the stage before, which keeps its channels.
      const inside = Math.floor(expanded / (i > tail ? divider : 1));
      const to = width(Math.floor(out / (i >= tail ? divider : 1)));
      const row = [kernel, width(inside), to, squeeze, activation, stride] as const;
      layers.push(new InvertedResidual(building, channels, row, dilated && i >= tail ? 2 : 1));
      channels = to;
    }
    layers.push(convNormActivation(building, channels, 6 * channels, { kernelSize: 1, activation: new Hardswish() }));
    const hidden = width(Math.floor(last / divider));
    this.features = new Sequential<readonly Layer[]>(...layers);
    this.avgpool = new AdaptiveAvgPool2d(1);
    this.classifier = new Sequential<readonly Layer[]>(
      new Linear(6 * channels, hidden, placement),
      new Hardswish(),
      new Dropout(dropout, { generator }),
      new Linear(hidden, numClasses, placement),
    );
    initialWeights(this, generator, { linear: smallNormal(generator) });
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`. */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.avgpool.forward(this.features.forward(x)).flatten(1));
  }
}

/** MobileNet V3 large. torchvision: `mobilenet_v3_large`. */
export function mobilenetV3Large(options: MobileNetV3Options = {}): MobileNetV3 {
  return new MobileNetV3("large", options);
}

/** MobileNet V3 small. torchvision: `mobilenet_v3_small`. */
export function mobilenetV3Small(options: MobileNetV3Options = {}): MobileNetV3 {
  return new MobileNetV3("small", options);
}
