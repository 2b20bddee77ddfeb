/** VGG: plain stacks of 3×3 convolutions. */
import type { Tensor } from "@heddle/tensor";
import {
  AdaptiveAvgPool2d,
  Conv2d,
  Dropout,
  type Layer,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
} from "@heddle/nn";
import { checkOptions } from "@heddle/tensor/engine";
import { batchNorm, type ClassifierOptions, classifierOptions } from "./classifier_options.ts";
import { initialWeights, smallNormal } from "./initial_weights.ts";

/** Options of {@link VGG}, named as in torchvision. */
export interface VGGOptions extends ClassifierOptions {
  /** Probability of dropout between the linear layers; 0.5 by default. */
  readonly dropout?: number;
  /** Whether to draw torchvision's initial values rather than those of the layers; true by default. */
  readonly initWeights?: boolean;
}

/** Convolutions between poolings, as the number of their channels. */
const stages = {
  11: [[64], [128], [256, 256], [512, 512], [512, 512]],
  13: [[64, 64], [128, 128], [256, 256], [512, 512], [512, 512]],
  16: [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]],
  19: [[64, 64], [128, 128], [256, 256, 256, 256], [512, 512, 512, 512], [512, 512, 512, 512]],
} as const;

/**
 * A VGG network: Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition" (2014). torchvision:
 * `torchvision.models.VGG`, with its names in state dicts.
 *
 * @example
 * ```ts
 * import { vgg11 } from "@heddle/models";
 * vgg11({ device: "null" }).classifier.length; // 7
 * ```
 */
export class VGG extends Module {
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  classifier: Sequential;

  /** @param depth the number of layers with weights. */
  constructor(depth: keyof typeof stages, normalised: boolean, options: VGGOptions = {}) {
    super();
    checkOptions("VGG", options, [...classifierOptions, "dropout", "initWeights"]);
    const { numClasses = 1000, dropout = 0.5, initWeights = true, ...placement } = options;
    const { generator } = placement;
    const norm = batchNorm(placement);
    let inChannels = 3;
    const layers = stages[depth].flatMap((stage): Layer[] => [
      ...stage.flatMap((channels: number): Layer[] => {
        const conv = new Conv2d(inChannels, channels, 3, { padding: 1, ...placement });
        inChannels = channels;
        return normalised ? [conv, norm(channels), new ReLU()] : [conv, new ReLU()];
      }),
      new MaxPool2d(2),
    ]);
    this.features = new Sequential<readonly Layer[]>(...layers);
    this.avgpool = new AdaptiveAvgPool2d(7);
    this.classifier = new Sequential<readonly Layer[]>(
      new Linear(512 * 7 * 7, 4096, placement),
      new ReLU(),
      new Dropout(dropout, { generator }),
      new Linear(4096, 4096, placement),
      new ReLU(),
      new Dropout(dropout, { generator }),
      new Linear(4096, numClasses, placement),
    );
    if (initWeights) initialWeights(this, generator, { linear: smallNormal(generator) });
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`, of 32×32 pixels or more. */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.avgpool.forward(this.features.forward(x)).flatten(1));
  }
}

/** Makes a VGG network. */
export type VGGFactory = (options?: VGGOptions) => VGG;

function vgg(depth: keyof typeof stages, normalised = false): VGGFactory {
  return (options = {}) => new VGG(depth, normalised, options);
}

/** VGG-11. torchvision: `vgg11`. */
export const vgg11: VGGFactory = vgg(11);
/** VGG-11 with batch normalisation. torchvision: `vgg11_bn`. */
export const vgg11Bn: VGGFactory = vgg(11, true);
/** VGG-13. torchvision: `vgg13`. */
export const vgg13: VGGFactory = vgg(13);
/** VGG-13 with batch normalisation. torchvision: `vgg13_bn`. */
export const vgg13Bn: VGGFactory = vgg(13, true);
/** VGG-16. torchvision: `vgg16`. */
export const vgg16: VGGFactory = vgg(16);
/** VGG-16 with batch normalisation. torchvision: `vgg16_bn`. */
export const vgg16Bn: VGGFactory = vgg(16, true);
/** VGG-19. torchvision: `vgg19`. */
export const vgg19: VGGFactory = vgg(19);
/** VGG-19 with batch normalisation. torchvision: `vgg19_bn`. */
export const vgg19Bn: VGGFactory = vgg(19, true);
