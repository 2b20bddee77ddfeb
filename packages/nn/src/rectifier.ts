/** Piecewise activations: rectifiers, bounds and shrinkage. The functions are in functional/activation.ts. */
import { full, type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import {
  celu,
  elu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  prelu,
  relu,
  relu6,
  rrelu,
  selu,
  softshrink,
  threshold,
} from "./functional/activation.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkNumber, checkSize } from "./sizes.ts";
import { checkSurplus } from "./surplus_arguments.ts";

/**
 * max(x, 0). PyTorch: `torch.nn.ReLU`.
 *
 * @example
 * ```ts
 * import { ReLU } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * new ReLU().forward(tensor([-1, 2])).toArray(); // [0, 2]
 * ```
 */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return relu(input);
  }
}

/** min(max(x, 0), 6). PyTorch: `torch.nn.ReLU6`. */
export class ReLU6 extends Module {
  forward(input: Tensor): Tensor {
    return relu6(input);
  }
}

/** x where it is positive, `negativeSlope` · x elsewhere. PyTorch: `torch.nn.LeakyReLU`. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  constructor(negativeSlope = 0.01) {
    super();
    checkSurplus("LeakyReLU", arguments, 1);
    this.negativeSlope = checkNumber("LeakyReLU", "negativeSlope", negativeSlope);
  }

  forward(input: Tensor): Tensor {
    return leakyRelu(input, this.negativeSlope);
  }

  override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}`;
  }
}

/** Options of {@link RReLU}. */
export interface RReLUOptions {
  /** Where the slopes are drawn from, by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** x where it is positive, elsewhere x times a random slope, in evaluation its mean: see `functional.rrelu`. PyTorch: `torch.nn.RReLU`. */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;
  readonly generator: Generator | undefined;

  constructor(lower: number = 1 / 8, upper: number = 1 / 3, options: RReLUOptions = {}) {
    checkOptions("RReLU", options, ["generator"]);
    super();
    this.lower = checkNumber("RReLU", "lower", lower);
    this.upper = checkNumber("RReLU", "upper", upper, lower);
    this.generator = options.generator;
  }

  forward(input: Tensor): Tensor {
    return rrelu(input, this.lower, this.upper, { training: this.training, generator: this.generator });
  }

  override extraRepr(): string {
    return `lower=${this.lower}, upper=${this.upper}`;
  }
}

/** Options of {@link PReLU}. */
export interface PReLUOptions extends Omit<LayerOptions, "generator"> {
  /** Initial value of the slopes; 0.25 by default. */
  readonly init?: number;
}

/** x where it is positive, elsewhere x times a learned slope: one, or one for each channel. PyTorch: `torch.nn.PReLU`. */
export class PReLU extends Module {
  readonly numParameters: number;
  /** `[numParameters]` */
  weight: Parameter;

  constructor(numParameters = 1, options: PReLUOptions = {}) {
    checkOptions("PReLU", options, ["device", "dtype", "init"]);
    super();
    const { init = 0.25, ...placement } = options;
    checkNumber("PReLU", "init", init);
    this.numParameters = checkSize("PReLU", "numParameters", numParameters);
    this.weight = new Parameter(full([numParameters], init, { dtype: "float32", ...placement }));
  }

  forward(input: Tensor): Tensor {
    return prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `numParameters=${this.numParameters}`;
  }
}

/** x where it is positive, α (eˣ − 1) elsewhere. PyTorch: `torch.nn.ELU`. */
export class ELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    checkSurplus("ELU", arguments, 1);
    this.alpha = checkNumber("ELU", "alpha", alpha);
  }

  forward(input: Tensor): Tensor {
    return elu(input, this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/** The exponential linear unit that keeps mean and variance. PyTorch: `torch.nn.SELU`. */
export class SELU extends Module {
  forward(input: Tensor): Tensor {
    return selu(input);
  }
}

/** x where it is positive, α (e^(x/α) − 1) elsewhere. PyTorch: `torch.nn.CELU`. */
export class CELU extends Module {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    checkSurplus("CELU", arguments, 1);
    this.alpha = checkNumber("CELU", "alpha", alpha);
  }

  forward(input: Tensor): Tensor {
    return celu(input, this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/** Limited to `min` and `max`. PyTorch: `torch.nn.Hardtanh`. */
export class Hardtanh extends Module {
  readonly min: number;
  readonly max: number;

  constructor(min = -1, max = 1) {
    super();
    checkSurplus("Hardtanh", arguments, 2);
    this.min = checkNumber("Hardtanh", "min", min);
    this.max = checkNumber("Hardtanh", "max", max);
  }

  forward(input: Tensor): Tensor {
    return hardtanh(input, this.min, this.max);
  }

  override extraRepr(): string {
    return `min=${this.min}, max=${this.max}`;
  }
}

/** 0 below −3, 1 above 3, a line between. PyTorch: `torch.nn.Hardsigmoid`. */
export class Hardsigmoid extends Module {
  forward(input: Tensor): Tensor {
    return hardsigmoid(input);
  }
}

/** x times its {@link Hardsigmoid}. PyTorch: `torch.nn.Hardswish`. */
export class Hardswish extends Module {
  forward(input: Tensor): Tensor {
    return hardswish(input);
  }
}

/** 0 within ±λ, x beyond. PyTorch: `torch.nn.Hardshrink`. */
export class Hardshrink extends Module {
  readonly lambda: number;

  constructor(lambda = 0.5) {
    super();
    checkSurplus("Hardshrink", arguments, 1);
    this.lambda = checkNumber("Hardshrink", "lambda", lambda);
  }

  forward(input: Tensor): Tensor {
    return hardshrink(input, this.lambda);
  }

  override extraRepr(): string {
    return `lambda=${this.lambda}`;
  }
}

/** 0 within ±λ, beyond it x moved by λ towards 0. PyTorch: `torch.nn.Softshrink`. */
export class Softshrink extends Module {
  readonly lambda: number;

  constructor(lambda = 0.5) {
    super();
    checkSurplus("Softshrink", arguments, 1);
    this.lambda = checkNumber("Softshrink", "lambda", lambda);
  }

  forward(input: Tensor): Tensor {
    return softshrink(input, this.lambda);
  }

  override extraRepr(): string {
    return `lambda=${this.lambda}`;
  }
}

/** x where it is above `threshold`, else `value`. PyTorch: `torch.nn.Threshold`. */
export class Threshold extends Module {
  readonly threshold: number;
  readonly value: number;

  constructor(threshold: number, value: number) {
    super();
    checkSurplus("Threshold", arguments, 2);
    this.threshold = checkNumber("Threshold", "threshold", threshold);
    this.value = checkNumber("Threshold", "value", value);
  }

  forward(input: Tensor): Tensor {
    return threshold(input, this.threshold, this.value);
  }

  override extraRepr(): string {
    return `threshold=${this.threshold}, value=${this.value}`;
  }
}
