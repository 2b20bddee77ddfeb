/** SqueezeNet. */
import { cat, type Tensor } from "@heddle/tensor";
import {
  AdaptiveAvgPool2d,
  Conv2d,
  Dropout,
  init,
  type Layer,
  type LayerOptions,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  snakeCase,
} from "@heddle/nn";
import { checkOptions } from "@heddle/tensor/engine";
import { type ClassifierOptions, classifierOptions } from "./classifier_options.ts";

/** Options of {@link SqueezeNet}, named as in torchvision. */
export interface SqueezeNetOptions extends ClassifierOptions {
  /** Probability of dropout before the head; 0.5 by default. */
  readonly dropout?: number;
}

/** Few channels, then 1×1 and 3×3 convolutions side by side, `half` channels each. */
class Fire extends Module {
  readonly squeeze: Conv2d;
  readonly squeezeActivation: ReLU;
  readonly expand1x1: Conv2d;
  readonly expand1x1Activation: ReLU;
  readonly expand3x3: Conv2d;
  readonly expand3x3Activation: ReLU;

  constructor(from: number, squeezed: number, half: number, placement: LayerOptions) {
    super();
    this.squeeze = new Conv2d(from, squeezed, 1, placement);
    this.squeezeActivation = new ReLU();
    this.expand1x1 = new Conv2d(squeezed, half, 1, placement);
    this.expand1x1Activation = new ReLU();
    this.expand3x3 = new Conv2d(squeezed, half, 3, { padding: 1, ...placement });
    this.expand3x3Activation = new ReLU();
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  forward(x: Tensor): Tensor {
    const y = this.squeezeActivation.forward(this.squeeze.forward(x));
    return cat([
      this.expand1x1Activation.forward(this.expand1x1.forward(y)),
      this.expand3x3Activation.forward(this.expand3x3.forward(y)),
    ], 1);
  }
}

/** Channels and kernel of the first convolution; squeezed channels and half the output channels of each block, null for a pooling. */
const versions = {
  "1_0": {
    first: [96, 7],
    rest: [null, [16, 64], [16, 64], [32, 128], null, [32, 128], [48, 192], [48, 192], [64, 256], null, [64, 256]],
  },
  "1_1": {
    first: [64, 3],
    rest: [null, [16, 64], [16, 64], null, [32, 128], [32, 128], null, [48, 192], [48, 192], [64, 256], [64, 256]],
  },
} as const;

/**
 * SqueezeNet: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters" (2016). torchvision:
 * `torchvision.models.SqueezeNet`, with its names in state dicts. Its head is a convolution: `net.classifier.set(1, new Conv2d(512, 10, 1))`.
 */
export class SqueezeNet extends Module {
  readonly features: Sequential;
  classifier: Sequential;

  constructor(version: keyof typeof versions, options: SqueezeNetOptions = {}) {
    super();
    checkOptions("SqueezeNet", options, [...classifierOptions, "dropout"]);
    const { numClasses = 1000, dropout = 0.5, ...placement } = options;
    const { generator } = placement;
    const { first: [width, kernel], rest } = versions[version];
    let channels: number = width;
    const layers: Layer[] = [new Conv2d(3, width, kernel, { stride: 2, ...placement }), new ReLU()];
    for (const sizes of rest) {
      if (sizes === null) {
        layers.push(new MaxPool2d(3, { stride: 2, ceilMode: true }));
        continue;
      }
      const [squeezed, half] = sizes;
      layers.push(new Fire(channels, squeezed, half, placement));
      channels = 2 * half;
    }
    const head = new Conv2d(512, numClasses, 1, placement);
    this.features = new Sequential<readonly Layer[]>(...layers);
    this.classifier = new Sequential<readonly Layer[]>(
      new Dropout(dropout, { generator }),
      head,
      new ReLU(),
      new AdaptiveAvgPool2d(1),
    );
    for (const module of this.modules()) {
      if (!(module instanceof Conv2d)) continue;
      if (module === head) init.normal_(module.weight, 0, 0.01, { generator });
      else init.kaimingUniform_(module.weight, { generator });
      init.zeros_(module.bias!);
    }
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`, of 21×21 pixels (1.1: 17×17) or more. */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x)).flatten(1);
  }
}

/** SqueezeNet 1.0. torchvision: `squeezenet1_0`. */
export function squeezenet10(options: SqueezeNetOptions = {}): SqueezeNet {
  return new SqueezeNet("1_0", options);
}

/** SqueezeNet 1.1, as good with less than half the work. torchvision: `squeezenet1_1`. */
export function squeezenet11(options: SqueezeNetOptions = {}): SqueezeNet {
  return new SqueezeNet("1_1", options);
}
