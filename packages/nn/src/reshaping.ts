/** Layers that only change the shape, or nothing. */
import type { Tensor } from "@heddle/tensor";
import { Module } from "./module.ts";
import { checkInteger, checkSize, showSizes } from "./sizes.ts";
import { checkSurplus } from "./surplus_arguments.ts";

/**
 * Flattens dimensions `startDim` to `endDim` into one: by default all but the first. PyTorch: `torch.nn.Flatten`.
 *
 * @example
 * ```ts
 * import { Flatten } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new Flatten().forward(randn([8, 1, 28, 28])).shape; // [8, 784]
 * ```
 */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    checkSurplus("Flatten", arguments, 2);
    this.startDim = checkInteger("Flatten", "startDim", startDim);
    this.endDim = checkInteger("Flatten", "endDim", endDim);
  }

  forward(input: Tensor): Tensor {
    return input.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`;
  }
}

/** Splits one dimension into several; one size may be -1. PyTorch: `torch.nn.Unflatten`. */
export class Unflatten extends Module {
  readonly dim: number;
  readonly sizes: readonly number[];

  constructor(dim: number, sizes: readonly number[]) {
    super();
    checkSurplus("Unflatten", arguments, 2);
    this.dim = checkInteger("Unflatten", "dim", dim);
    if (!Array.isArray(sizes)) {
      throw new TypeError(`Unflatten: sizes is ${String(sizes)}; expected an array of integers`);
    }
    this.sizes = sizes.map((size: number) => checkSize("Unflatten", "a size", size, -1));
  }

  forward(input: Tensor): Tensor {
    return input.unflatten(this.dim, this.sizes);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, sizes=${showSizes(this.sizes)}`;
  }
}

/** Returns its input; a placeholder for a layer. PyTorch: `torch.nn.Identity`. */
export class Identity extends Module {
  forward(input: Tensor): Tensor {
    return input;
  }
}
