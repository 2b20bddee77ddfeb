/** EfficientNet B0 to B7. */
import type { Tensor } from "@heddle/tensor";
import {
  AdaptiveAvgPool2d,
  Dropout,
  init,
  type Layer,
  Linear,
  Module,
  Sequential,
  Sigmoid,
  SiLU,
  snakeCase,
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
import { initialWeights } from "./initial_weights.ts";
import { makeDivisible } from "./make_divisible.ts";
import { SqueezeExcitation } from "./squeeze_excitation.ts";
import { StochasticDepth } from "./stochastic_depth.ts";

/** Options of {@link EfficientNet}, named as in torchvision. */
export interface EfficientNetOptions extends ClassifierOptions {
  /** Probability of dropout before the head; 0.2 to 0.5 by default, more for larger networks. */
  readonly dropout?: number;
  /** Probability at which the last residual branch is dropped while training, that of the others being smaller; 0.2 by default. */
  readonly stochasticDepthProb?: number;
  /** Makes the normalisation for a number of channels; `BatchNorm2d` by default, from B5 on with `eps` 0.001 and `momentum` 0.01. */
  readonly normLayer?: NormLayer;
}

/** Expansion, kernel, stride, output channels and blocks of each stage of B0. */
const stages = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

/** Factors of width and depth, dropout. */
const scales = {
  b0: [1.0, 1.0, 0.2],
  b1: [1.0, 1.1, 0.2],
  b2: [1.1, 1.2, 0.3],
  b3: [1.2, 1.4, 0.3],
  b4: [1.4, 1.8, 0.4],
  b5: [1.6, 2.2, 0.4],
  b6: [1.8, 2.6, 0.5],
  b7: [2.0, 3.1, 0.5],
} as const;

/** Expansion, depthwise convolution, squeeze and excitation, projection; beside a shortcut where the shapes allow one. */
class MBConv extends Module {
  readonly block: Sequential;
  readonly stochasticDepth: StochasticDepth;
  private readonly shortcut: boolean;

  constructor(
    building: Building,
    from: number,
    to: number,
    { expansion, kernelSize, stride, drop }: { expansion: number; kernelSize: number; stride: number; drop: number },
  ) {
    super();
    const expanded = makeDivisible(from * expansion);
    const layers: Layer[] = expanded === from
      ? []
      : [convNormActivation(building, from, expanded, { kernelSize: 1, activation: new SiLU() })];
    const squeezed = Math.max(1, Math.floor(from / 4));
    layers.push(
      convNormActivation(building, expanded, expanded, {
        kernelSize,
        stride,
        groups: expanded,
        activation: new SiLU(),
      }),
      new SqueezeExcitation(expanded, squeezed, new SiLU(), new Sigmoid(), building.placement),
      convNormActivation(building, expanded, to, { kernelSize: 1 }),
    );
    this.block = new Sequential<readonly Layer[]>(...layers);
    this.stochasticDepth = new StochasticDepth(drop, { generator: building.placement.generator });
    this.shortcut = stride === 1 && from === to;
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  forward(x: Tensor): Tensor {
    const y = this.block.forward(x);
    return this.shortcut ? this.stochasticDepth.forward(y).add(x) : y;
  }
}

/**
 * EfficientNet: Tan & Le, "EfficientNet: rethinking model scaling for convolutional neural networks" (2019). torchvision:
 * `torchvision.models.EfficientNet`, with its names in state dicts.
 */
export class EfficientNet extends Module {
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  classifier: Sequential;

  constructor(size: keyof typeof scales, options: EfficientNetOptions = {}) {
    super();
    checkOptions("EfficientNet", options, [...classifierOptions, "dropout", "normLayer", "stochasticDepthProb"]);
    const [width, depth, rate] = scales[size];
    const { numClasses = 1000, dropout = rate, stochasticDepthProb = 0.2, normLayer, ...placement } = options;
    const { generator } = placement;
    const gentle = size >= "b5" ? { eps: 0.001, momentum: 0.01 } : {};
    const building: Building = { norm: normLayer ?? batchNorm(placement, gentle), placement };
    const blocksOf = (blocks: number): number => Math.ceil(blocks * depth);
    const total = stages.reduce((sum, [, , , , blocks]) => sum + blocksOf(blocks), 0);
    let channels = makeDivisible(32 * width);
    let done = 0;
    const layers: Layer[] = [convNormActivation(building, 3, channels, { stride: 2, activation: new SiLU() })];
    for (const [expansion, kernelSize, stride, out, blocks] of stages) {
      const to = makeDivisible(out * width);
      const stage = Array.from({ length: blocksOf(blocks) }, (_, i) => {
        const drop = stochasticDepthProb * done++ / total;
        const from = channels;
        channels = to;
        return new MBConv(building, from, to, { expansion, kernelSize, stride: i === 0 ? stride : 1, drop });
      });
      layers.push(new Sequential<readonly Layer[]>(...stage));
    }
    layers.push(convNormActivation(building, channels, 4 * channels, { kernelSize: 1, activation: new SiLU() }));
    this.features = new Sequential<readonly Layer[]>(...layers);
    this.avgpool = new AdaptiveAvgPool2d(1);
    this.classifier = new Sequential<readonly Layer[]>(
      new Dropout(dropout, { generator }),
      new Linear(4 * channels, numClasses, placement),
    );
    const linear = ({ weight, outFeatures }: Linear): void => {
      const bound = 1 / Math.sqrt(outFeatures);
      init.uniform_(weight, -bound, bound, { generator });
    };
    initialWeights(this, generator, { linear });
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`. */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.avgpool.forward(this.features.forward(x)).flatten(1));
  }
}

/** Makes an EfficientNet. */
export type EfficientNetFactory = (options?: EfficientNetOptions) => EfficientNet;

function efficientnet(size: keyof typeof scales): EfficientNetFactory {
  return (options = {}) => new EfficientNet(size, options);
}

/** EfficientNet B0. torchvision: `efficientnet_b0`. */
export const efficientnetB0: EfficientNetFactory = efficientnet("b0");
/** EfficientNet B1. torchvision: `efficientnet_b1`. */
export const efficientnetB1: EfficientNetFactory = efficientnet("b1");
/** EfficientNet B2. torchvision: `efficientnet_b2`. */
export const efficientnetB2: EfficientNetFactory = efficientnet("b2");
/** EfficientNet B3. torchvision: `efficientnet_b3`. */
export const efficientnetB3: EfficientNetFactory = efficientnet("b3");
/** EfficientNet B4. torchvision: `efficientnet_b4`. */
export const efficientnetB4: EfficientNetFactory = efficientnet("b4");
/** EfficientNet B5. torchvision: `efficientnet_b5`. */
export const efficientnetB5: EfficientNetFactory = efficientnet("b5");
/** EfficientNet B6. torchvision: `efficientnet_b6`. */
export const efficientnetB6: EfficientNetFactory = efficientnet("b6");
/** EfficientNet B7. torchvision: `efficientnet_b7`. */
export const efficientnetB7: EfficientNetFactory = efficientnet("b7");
