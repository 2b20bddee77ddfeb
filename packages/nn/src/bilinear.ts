/** A layer of two inputs. */
import { empty, type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { bilinear } from "./functional/bilinear.ts";
import { uniform_ } from "./init/mod.ts";
import type { LinearOptions } from "./linear.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkSize } from "./sizes.ts";

/**
 * `x1ᵀ · weight[k] · x2 + bias[k]` for every output k: `[…, in1Features]` and `[…, in2Features]` → `[…, outFeatures]`. Weight and bias
 * start evenly distributed within ±1/√in1Features. PyTorch: `torch.nn.Bilinear`.
 *
 * @throws RangeError from `forward` when the sizes do not match.
 *
 * @example
 * ```ts
 * import { Bilinear } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new Bilinear(20, 30, 40).forward(randn([128, 20]), randn([128, 30])).shape; // [128, 40]
 * ```
 */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  /** `[outFeatures, in1Features, in2Features]` */
  weight: Parameter;
  /** `[outFeatures]` */
  bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options: LinearOptions = {}) {
    checkOptions("Bilinear", options, ["bias", "device", "dtype", "generator"]);
    super();
    const { bias = true, generator, ...placement } = options;
    this.in1Features = checkSize("Bilinear", "in1Features", in1Features);
    this.in2Features = checkSize("Bilinear", "in2Features", in2Features);
    this.outFeatures = checkSize("Bilinear", "outFeatures", outFeatures);
    this.weight = new Parameter(empty([outFeatures, in1Features, in2Features], placement));
    this.bias = bias ? new Parameter(empty([outFeatures], placement)) : null;
    this.resetParameters(generator);
  }

  /** Draws new initial values. */
  resetParameters(generator?: Generator): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    for (const [, parameter] of this.ownParameters()) uniform_(parameter, -bound, bound, { generator });
  }

  forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return `in1Features=${in1Features}, in2Features=${in2Features}, outFeatures=${outFeatures}, bias=${bias !== null}`;
  }
}
