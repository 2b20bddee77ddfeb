/** Fully connected layers. */
import { empty, type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { makeFoldable } from "./foldable.ts";
import { linear } from "./functional/linear.ts";
import { drawWeights } from "./initial_values.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkSize } from "./sizes.ts";

/** Options of {@link Linear}. */
export interface LinearOptions extends LayerOptions {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
}

/**
 * `x · weightᵀ + bias` over the last dimension: `[…, inFeatures]` → `[…, outFeatures]`. Weight and bias start evenly distributed
 * within ±1/√inFeatures. PyTorch: `torch.nn.Linear`.
 *
 * @throws RangeError from `forward` when the last dimension is not `inFeatures`.
 *
 * @example
 * ```ts
 * import { Linear } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new Linear(20, 30).forward(randn([128, 20])).shape; // [128, 30]
 * ```
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** `[outFeatures, inFeatures]` */
  weight: Parameter;
  /** `[outFeatures]` */
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    checkOptions("Linear", options, ["bias", "device", "dtype", "generator"]);
    super();
    const { bias = true, generator, ...placement } = options;
    this.inFeatures = checkSize("Linear", "inFeatures", inFeatures, 0);
    this.outFeatures = checkSize("Linear", "outFeatures", outFeatures, 0);
    this.weight = new Parameter(empty([outFeatures, inFeatures], placement));
    this.bias = bias ? new Parameter(empty([outFeatures], placement)) : null;
    this.resetParameters(generator);
  }

  /** Draws new initial values. */
  resetParameters(generator?: Generator): void {
    drawWeights(this, generator);
  }

  forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `inFeatures=${this.inFeatures}, outFeatures=${this.outFeatures}, bias=${this.bias !== null}`;
  }
}

makeFoldable<Linear>(
  Linear.prototype.forward,
  (_, input, weight, bias, activation) => linear(input, weight, bias, { activation }),
);
