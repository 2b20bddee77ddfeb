/** Smooth activations, and those along a dimension. The functions are in functional/activation.ts. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import {
  gelu,
  type GeluOptions,
  glu,
  logsigmoid,
  logSoftmax,
  mish,
  sigmoid,
  silu,
  softmax,
  softmin,
  softplus,
  softsign,
  tanh,
  tanhshrink,
} from "./functional/activation.ts";
import { Module } from "./module.ts";
import { checkInteger, checkNumber, showSizes } from "./sizes.ts";
import { checkSurplus } from "./surplus_arguments.ts";

/** 1 / (1 + e^(−x)). PyTorch: `torch.nn.Sigmoid`. */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/** ln sigmoid(x), without overflow. PyTorch: `torch.nn.LogSigmoid`. */
export class LogSigmoid extends Module {
  forward(input: Tensor): Tensor {
    return logsigmoid(input);
  }
}

/** Hyperbolic tangent. PyTorch: `torch.nn.Tanh`. */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/** x − tanh(x). PyTorch: `torch.nn.Tanhshrink`. */
export class Tanhshrink extends Module {
  forward(input: Tensor): Tensor {
    return tanhshrink(input);
  }
}

/** x / (1 + |x|). PyTorch: `torch.nn.Softsign`. */
export class Softsign extends Module {
  forward(input: Tensor): Tensor {
    return softsign(input);
  }
}

/** ln(1 + e^(βx)) / β; x itself where βx is above `threshold`. PyTorch: `torch.nn.Softplus`. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(beta = 1, threshold = 20) {
    super();
    checkSurplus("Softplus", arguments, 2);
    this.beta = checkNumber("Softplus", "beta", beta);
    this.threshold = checkNumber("Softplus", "threshold", threshold);
  }

  forward(input: Tensor): Tensor {
    return softplus(input, { beta: this.beta, threshold: this.threshold });
  }

  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

/** x · sigmoid(x), also called swish. PyTorch: `torch.nn.SiLU`. */
export class SiLU extends Module {
  forward(input: Tensor): Tensor {
    return silu(input);
  }
}

/** x · tanh(softplus(x)). PyTorch: `torch.nn.Mish`. */
export class Mish extends Module {
  forward(input: Tensor): Tensor {
    return mish(input);
  }
}

/** x · Φ(x), Φ being the normal distribution function or its approximation by tanh. PyTorch: `torch.nn.GELU`. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";

  constructor(options: GeluOptions = {}) {
    checkOptions("GELU", options, ["approximate"]);
    super();
    this.approximate = options.approximate ?? "none";
  }

  forward(input: Tensor): Tensor {
    return gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate=${this.approximate}`;
  }
}

/** The first half along a dimension times the sigmoid of the second. PyTorch: `torch.nn.GLU`. */
export class GLU extends Module {
  readonly dim: number;

  constructor(dim = -1) {
    super();
    checkSurplus("GLU", arguments, 1);
    this.dim = checkInteger("GLU", "dim", dim);
  }

  forward(input: Tensor): Tensor {
    return glu(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** eˣ / Σ eˣ along a dimension. PyTorch: `torch.nn.Softmax`. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(dim: number) {
    super();
    checkSurplus("Softmax", arguments, 1);
    this.dim = checkInteger("Softmax", "dim", dim);
  }

  forward(input: Tensor): Tensor {
    return softmax(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** {@link Softmax} over the channels of `[N, C, H, W]` (or `[C, H, W]`). PyTorch: `torch.nn.Softmax2d`. */
export class Softmax2d extends Module {
  /** Same shape. @throws RangeError for an input of another number of dimensions. */
  forward(input: Tensor): Tensor {
    if (input.ndim === 3 || input.ndim === 4) return softmax(input, -3);
    throw new RangeError(
      `Softmax2d: got an input of shape ${
        showSizes(input.shape)
      }; expected [N, C, H, W] or, without a batch, [C, H, W]`,
    );
  }
}

/** Logarithm of {@link Softmax}. PyTorch: `torch.nn.LogSoftmax`. */
export class LogSoftmax extends Module {
  readonly dim: number;

  constructor(dim: number) {
    super();
    checkSurplus("LogSoftmax", arguments, 1);
    this.dim = checkInteger("LogSoftmax", "dim", dim);
  }

  forward(input: Tensor): Tensor {
    return logSoftmax(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** {@link Softmax} of −x. PyTorch: `torch.nn.Softmin`. */
export class Softmin extends Module {
  readonly dim: number;

  constructor(dim: number) {
    super();
    checkSurplus("Softmin", arguments, 1);
    this.dim = checkInteger("Softmin", "dim", dim);
  }

  forward(input: Tensor): Tensor {
    return softmin(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
