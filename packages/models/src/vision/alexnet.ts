/** AlexNet. */
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
import { type ClassifierOptions, classifierOptions } from "./classifier_options.ts";

/** Options of {@link AlexNet}, named as in torchvision. */
export interface AlexNetOptions extends ClassifierOptions {
  /** Probability of dropout before the linear layers; 0.5 by default. */
  readonly dropout?: number;
}

/**
 * AlexNet in the form of Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014). torchvision:
 * `torchvision.models.AlexNet`, with its names in state dicts.
 */
export class AlexNet extends Module {
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  classifier: Sequential;

  constructor(options: AlexNetOptions = {}) {
    super();
    checkOptions("AlexNet", options, [...classifierOptions, "dropout"]);
    const { numClasses = 1000, dropout = 0.5, ...placement } = options;
    const { generator } = placement;
    const conv = (from: number, to: number, size: number, padding: number, stride = 1): Layer =>
      new Conv2d(from, to, size, { padding, stride, ...placement });
    const pool = (): Layer => new MaxPool2d(3, { stride: 2 });
    this.features = new Sequential<readonly Layer[]>(
      conv(3, 64, 11, 2, 4),
      new ReLU(),
      pool(),
      conv(64, 192, 5, 2),
      new ReLU(),
      pool(),
      conv(192, 384, 3, 1),
      new ReLU(),
      conv(384, 256, 3, 1),
      new ReLU(),
      conv(256, 256, 3, 1),
      new ReLU(),
      pool(),
    );
    this.avgpool = new AdaptiveAvgPool2d(6);
    this.classifier = new Sequential<readonly Layer[]>(
      new Dropout(dropout, { generator }),
      new Linear(256 * 6 * 6, 4096, placement),
      new ReLU(),
      new Dropout(dropout, { generator }),
      new Linear(4096, 4096, placement),
      new ReLU(),
      new Linear(4096, numClasses, placement),
    );
  }

  /** Scores `[N, numClasses]` of images `[N, 3, H, W]`, of 63×63 pixels or more. */
  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.avgpool.forward(this.features.forward(x)).flatten(1));
  }
}

/** AlexNet. torchvision: `alexnet`. */
export function alexnet(options: AlexNetOptions = {}): AlexNet {
  return new AlexNet(options);
}
