/** Dropout layers: random zeros while training, nothing in evaluation. */
import { type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import {
  alphaDropout,
  checkProbability,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions,
  featureAlphaDropout,
} from "./functional/dropout.ts";
import { Module } from "./module.ts";

/** Options of the dropout layers. */
export interface DropoutLayerOptions {
  /** Where the choice is drawn from, by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** What the dropout layers share. */
export abstract class DropoutNd extends Module {
  /** Probability of a zero. */
  p: number;
  /** See {@link DropoutLayerOptions}. */
  generator: Generator | undefined;

  /** @throws RangeError for a probability outside 0 to 1. */
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super();
    checkOptions(this.constructor.name, options, ["generator"]);
    checkProbability(this.constructor.name, p);
    this.p = p;
    this.generator = options.generator;
  }

  /** The options of the dropout functions. */
  protected get drawing(): DropoutOptions {
    return { training: this.training, generator: this.generator };
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}

/**
 * Each element zero at probability `p` while training, the others divided by 1 − p. PyTorch: `torch.nn.Dropout`.
 *
 * @example
 * ```ts
 * import { Dropout } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * const layer = new Dropout(0.2);
 * layer.forward(ones([5])); // about one in five is 0, the others are 1.25
 * layer.eval().forward(ones([5])).toArray(); // [1, 1, 1, 1, 1]
 * ```
 */
export class Dropout extends DropoutNd {
  forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.drawing);
  }
}

/** {@link Dropout} of whole channels of `[N, C, L]` or `[C, L]`. PyTorch: `torch.nn.Dropout1d`. */
export class Dropout1d extends DropoutNd {
  forward(input: Tensor): Tensor {
    return dropout1d(input, this.p, this.drawing);
  }
}

/** {@link Dropout} of whole channels of `[N, C, H, W]` or `[C, H, W]`. PyTorch: `torch.nn.Dropout2d`. */
export class Dropout2d extends DropoutNd {
  forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, this.drawing);
  }
}

/** {@link Dropout} of whole channels of `[N, C, D, H, W]` or `[C, D, H, W]`. PyTorch: `torch.nn.Dropout3d`. */
export class Dropout3d extends DropoutNd {
  forward(input: Tensor): Tensor {
    return dropout3d(input, this.p, this.drawing);
  }
}

/** Dropout after SELU, which keeps mean and variance: see `functional.alphaDropout`. PyTorch: `torch.nn.AlphaDropout`. */
export class AlphaDropout extends DropoutNd {
  forward(input: Tensor): Tensor {
    return alphaDropout(input, this.p, this.drawing);
  }
}

/** {@link AlphaDropout} of whole channels of `[N, C, …]`. PyTorch: `torch.nn.FeatureAlphaDropout`. */
export class FeatureAlphaDropout extends DropoutNd {
  forward(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, this.drawing);
  }
}
