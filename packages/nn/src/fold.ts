/** Windows of images as columns, and back; the functions are in functional/fold.ts. */
import type { Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { fold, type FoldOptions, unfold } from "./functional/fold.ts";
import { Module } from "./module.ts";
import { ownOptions } from "./copy_options.ts";
import { checkWindows, showSizes, type Sizes, spread } from "./sizes.ts";

const foldOptions = ["dilation", "padding", "stride"] as const;

/** The windows of images as columns: see `functional.unfold`. PyTorch: `torch.nn.Unfold`. */
export class Unfold extends Module {
  readonly kernelSize: readonly number[];
  readonly options: FoldOptions;

  constructor(kernelSize: Sizes, options: FoldOptions = {}) {
    checkOptions("Unfold", options, foldOptions);
    super();
    this.kernelSize = spread("Unfold", "kernelSize", kernelSize, 2);
    checkWindows("Unfold", 2, options);
    this.options = ownOptions(options);
  }

  forward(input: Tensor): Tensor {
    return unfold(input, this.kernelSize, this.options);
  }

  override extraRepr(): string {
    return `kernelSize=${showSizes(this.kernelSize)}`;
  }
}

/** Adds up windows where they overlap: see `functional.fold`. PyTorch: `torch.nn.Fold`. */
export class Fold extends Module {
  readonly outputSize: readonly number[];
  readonly kernelSize: readonly number[];
  readonly options: FoldOptions;

  constructor(outputSize: Sizes, kernelSize: Sizes, options: FoldOptions = {}) {
    checkOptions("Fold", options, foldOptions);
    super();
    this.outputSize = spread("Fold", "outputSize", outputSize, 2);
    this.kernelSize = spread("Fold", "kernelSize", kernelSize, 2);
    checkWindows("Fold", 2, options);
    this.options = ownOptions(options);
  }

  forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, this.options);
  }

  override extraRepr(): string {
    return `outputSize=${showSizes(this.outputSize)}, kernelSize=${showSizes(this.kernelSize)}`;
  }
}
