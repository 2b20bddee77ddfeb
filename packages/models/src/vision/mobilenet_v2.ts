/** MobileNet V2. */
import type { Tensor } from "@heddle/tensor";
import { Conv2d, Dropout, functional, type Layer, Linear, Module, ReLU6, Sequential } from "@heddle/nn";
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

/** Options of {@link MobileNetV2}, named as in torchvision. */
export interface MobileNetV2Options extends ClassifierOptions {
  /** Factor of all numbers of channels; 1 by default. */
  readonly widthMult?: number;
  /** Expansion, channels, blocks and stride of each stage. */
  readonly invertedResidualSetting?: readonly (readonly [number, number, number, number])[];
  /** Numbers of channels become multiples of this; 8 by default. */
  readonly roundNearest?: number;
  /** Makes the normalisation for a number of channels; `BatchNorm2d` by default. */
  readonly normLayer?: NormLayer;
  /** Probability of dropout before the head; 0.2 by default. */
  readonly dropout?: number;
}

const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** A depthwise convolution between an expansion and a projection, beside a shortcut where the shapes allow one. */
class InvertedResidual extends Module {
  readonly conv: Sequential;
  private readonly shortcut: boolean;

  constructor(building: Building, from: number, to: number, stride: number, expansion: number) {
    super();
    const hidden = Math.round(from * expansion);
    const layers: Layer[] = expansion === 1
      ? []
      : [convNormActivation(building, from, hidden, { kernelSize: 1, activation: new ReLU6() })];
    layers.push(
      convNormActivation(building, hidden, hidden, { stride, groups: hidden, activation: new ReLU6() }),
      new Conv2d(hidden, to, 1, { bias: false, ...building.placement }),
      building.norm(to),
    );
    this.conv = new Sequential<readonly Layer[]>(...layers);
    this.shortcut = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor {
    const y = this.conv.forward(x);
    return this.shortcut ? x.add(y) : y;
  }
}

/**
 * MobileNet V2: Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks" (2018). torchvision:
 * `torchvision.models.MobileNetV2`, with its names in state dicts.
 *
 * @example
 * ```ts
 * import { mobilenetV2 } from "@heddle/models";
 * import { randn } from "@heddle/tensor";
 * mobilenetV2({ numClasses: 10, widthMult: 0.25 }).forward(randn([2, 3, 32, 32])).shape; // [2, 10]
 * ```
 */
export class MobileNetV2 extends Module {
  readonly features: Sequential;
  classifier: Sequential;

  constructor(options: MobileNetV2Options = {}) {
    super();
    checkOptions("MobileNetV2", options, [
      ...classifierOptions,
      "dropout",
      "invertedResidualSetting",
      "normLayer",
      "roundNearest",
      "widthMult",
    ]);
    const {
      numClasses = 1000,
      widthMult = 1,
      invertedResidualSetting = stages,
      roundNearest = 8,
      normLayer,
      dropout = 0.2,
      ...placement
    } = options;
    const { generator } = placement;
    const building: Building = { norm: normLayer ?? batchNorm(placement), placement };
    let channels = makeDivisible(32 * widthMult, roundNearest);
    const last = makeDivisible(1280 * Math.max(1, widthMult), roundNearest);
    const layers: Layer[] = [convNormActivation(building, 3, channels, { stride: 2, activation: new ReLU6() })];
    for (const [expansion, width, blocks, stride] of invertedResidualSetting) {
      const to = makeDivisible(width * widthMult, roundNearest);
      for (let i = 0; i < blocks; i++) {
        layers.push(new InvertedResidual(building, channels, to, i === 0 ? stride : 1, expansion));
        channels = to;
      }
    }
    layers.push(convNormActivation(building, channels, last, { kernelSize: 1, activation: new ReLU6() }));
    this.features = new Sequential<readonly Layer[]>(...layers);
    this.classifier = new Sequential<readonly Layer[]>(
      new Dropout(dropout, { generator }),
      new Linear(last, numClasses, placement),
    );
    initialWeights(this, generator, { linear: smallNormal(generator) });
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`. */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(functional.adaptiveAvgPool2d(this.features.forward(x), 1).flatten(1));
  }
}

/** MobileNet V2. torchvision: `mobilenet_v2`. */
export function mobilenetV2(options: MobileNetV2Options = {}): MobileNetV2 {
  return new MobileNetV2(options);
}
