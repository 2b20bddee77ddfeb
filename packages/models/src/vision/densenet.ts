/** Densely connected networks. */
import { cat, type Generator, type Tensor } from "@heddle/tensor";
import {
  AvgPool2d,
  Conv2d,
  functional,
  type Layer,
  Linear,
  type LoadOptions,
  type LoadReport,
  MaxPool2d,
  Module,
  ModuleDict,
  ReLU,
  Sequential,
  type StateDict,
} from "@heddle/nn";
import { checkOptions } from "@heddle/tensor/engine";
import { batchNorm, type Building, type ClassifierOptions, classifierOptions } from "./classifier_options.ts";
import { convNormRelu, normRelu } from "./conv_norm_activation.ts";
import { initialWeights } from "./initial_weights.ts";
import { withNames } from "./published_names.ts";

/** Options of {@link DenseNet}, named as in torchvision. */
export interface DenseNetOptions extends ClassifierOptions {
  /** Channels between the two convolutions of a layer, for each that it adds; 4 by default. */
  readonly bnSize?: number;
  /** Probability of dropout after each layer; 0 by default. */
  readonly dropRate?: number;
}

/** The numbers of a {@link DenseNet}. */
export interface DenseNetSizes {
  /** Channels that each layer adds. */
  readonly growthRate: number;
  /** Layers in each of the four blocks. */
  readonly blockConfig: readonly [number, number, number, number];
  /** Channels before the first block. */
  readonly numInitFeatures: number;
}

/** A layer that adds channels: of everything before it, it makes `growth` more. */
class DenseLayer extends Module {
  readonly norm1: Layer;
  readonly relu1: ReLU;
  readonly conv1: Conv2d;
  readonly norm2: Layer;
  readonly relu2: ReLU;
  readonly conv2: Conv2d;
  private readonly dropRate: number;
  private readonly generator: Generator | undefined;

  constructor({ norm, placement }: Building, from: number, growth: number, bnSize: number, dropRate: number) {
    super();
    this.norm1 = norm(from);
    this.relu1 = new ReLU();
    this.conv1 = new Conv2d(from, bnSize * growth, 1, { bias: false, ...placement });
    this.norm2 = norm(bnSize * growth);
    this.relu2 = new ReLU();
    this.conv2 = new Conv2d(bnSize * growth, growth, 3, { padding: 1, bias: false, ...placement });
    this.dropRate = dropRate;
    this.generator = placement.generator;
  }

  forward(before: readonly Tensor[]): Tensor {
    const { training, dropRate, generator } = this;
    const x = normRelu(this.norm1, this.relu1, cat(before, 1));
    const added = this.conv2.forward(convNormRelu(this.conv1, this.norm2, this.relu2, x));
    return functional.dropout(added, dropRate, { training, generator });
  }
}

/** Layers that each see what all before them made. */
class DenseBlock extends ModuleDict<Readonly<Record<string, DenseLayer>>> {
  forward(input: Tensor): Tensor {
    const features = [input];
    for (const layer of this.values()) features.push(layer.forward(features));
    return cat(features, 1);
  }
}

/**
 * A DenseNet: Huang et al., "Densely connected convolutional networks" (2016). torchvision: `torchvision.models.DenseNet`, with its names
 * in state dicts.
 */
export class DenseNet extends Module {
  readonly features: Sequential;
  classifier: Linear;

  constructor(sizes: DenseNetSizes, options: DenseNetOptions = {}) {
    super();
    checkOptions("DenseNet", sizes, ["blockConfig", "growthRate", "numInitFeatures"]);
    checkOptions("DenseNet", options, [...classifierOptions, "bnSize", "dropRate"]);
    const { growthRate, blockConfig, numInitFeatures } = sizes;
    const { numClasses = 1000, bnSize = 4, dropRate = 0, ...placement } = options;
    const building: Building = { norm: batchNorm(placement), placement };
    const conv = { bias: false, ...placement };
    const layers: Record<string, Layer> = {
      conv0: new Conv2d(3, numInitFeatures, 7, { stride: 2, padding: 3, ...conv }),
      norm0: building.norm(numInitFeatures),
      relu0: new ReLU(),
      pool0: new MaxPool2d(3, { stride: 2, padding: 1 }),
    };
    let channels = numInitFeatures;
    for (const [i, count] of blockConfig.entries()) {
      const from = channels;
      layers[`denseblock${i + 1}`] = new DenseBlock(Object.fromEntries(
        Array.from({ length: count }, (_, j) => [
          `denselayer${j + 1}`,
          new DenseLayer(building, from + j * growthRate, growthRate, bnSize, dropRate),
        ]),
      ));
      channels += count * growthRate;
      if (i === blockConfig.length - 1) break;
      const half = Math.floor(channels / 2);
      layers[`transition${i + 1}`] = Sequential.named({
        norm: building.norm(channels),
        relu: new ReLU(),
        conv: new Conv2d(channels, half, 1, conv),
        pool: new AvgPool2d(2),
      });
      channels = half;
    }
    layers["norm5"] = building.norm(channels);
    this.features = Sequential.named(layers);
    this.classifier = new Linear(channels, numClasses, placement);
    initialWeights(this, placement.generator, { mode: "fanIn", linear: () => {} });
  }

  /** See `Module.loadStateDict`. The names of published files (`norm.1` for `norm1`) are understood too. */
  override loadStateDict(state: Readonly<StateDict>, options: LoadOptions = {}): LoadReport {
    const published = /(\.denselayer\d+\.(?:norm|relu|conv))\.([12]\.)/;
    return super.loadStateDict(withNames(state, (name) => name.replace(published, "$1$2")), options);
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`, of 29×29 pixels or more. */
  forward(x: Tensor): Tensor {
    const y = functional.adaptiveAvgPool2d(this.features.forward(x).relu(), 1);
    return this.classifier.forward(y.flatten(1));
  }
}

/** Makes a DenseNet. */
export type DenseNetFactory = (options?: DenseNetOptions) => DenseNet;

function densenet(
  growthRate: number,
  blockConfig: readonly [number, number, number, number],
  numInitFeatures: number,
): DenseNetFactory {
  return (options = {}) => new DenseNet({ growthRate, blockConfig, numInitFeatures }, options);
}

/** DenseNet-121. torchvision: `densenet121`. */
export const densenet121: DenseNetFactory = densenet(32, [6, 12, 24, 16], 64);
/** DenseNet-161. torchvision: `densenet161`. */
export const densenet161: DenseNetFactory = densenet(48, [6, 12, 36, 24], 96);
/** DenseNet-169. torchvision: `densenet169`. */
export const densenet169: DenseNetFactory = densenet(32, [6, 12, 32, 32], 64);
/** DenseNet-201. torchvision: `densenet201`. */
export const densenet201: DenseNetFactory = densenet(32, [6, 12, 48, 32], 64);
