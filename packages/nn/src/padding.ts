/** Padding layers: zeros or another number, the image mirrored, or its edge. */
import { pad, type PadMode, type Tensor } from "@heddle/tensor";
import { Module } from "./module.ts";
import { checkNumber, listOf, showSizes, type Sizes } from "./sizes.ts";
import { checkSurplus } from "./surplus_arguments.ts";

/** What the padding layers share. */
export abstract class PadNd extends Module {
  /** `[left, right, top, bottom, front, back]`, as many as there are dimensions; negative amounts crop. */
  readonly padding: readonly number[];
  protected abstract readonly mode: PadMode;

  constructor(dims: number, padding: Sizes) {
    super();
    const list = listOf(this.constructor.name, "padding", padding, 2 * dims);
    if (list.length !== 2 * dims || list.some((amount) => !Number.isInteger(amount))) {
      throw new RangeError(
        `${this.constructor.name}: padding ${showSizes(list)} must be one integer, or ${2 * dims}: ` +
          ["[left, right]", "[left, right, top, bottom]", "[left, right, top, bottom, front, back]"][dims - 1],
      );
    }
    this.padding = list;
  }

  forward(input: Tensor): Tensor {
    const dims = this.padding.length / 2;
    if (input.ndim !== dims + 1 && input.ndim !== dims + 2) {
      throw new RangeError(
        `${this.constructor.name}: got an input of shape ${showSizes(input.shape)}; expected ${
          ["[N, C, L]", "[N, C, H, W]", "[N, C, D, H, W]"][dims - 1]
        }, or the same without N`,
      );
    }
    return pad(input, this.padding, { mode: this.mode, value: this.fill });
  }

  /** The value of the padding in mode "constant". */
  protected get fill(): number {
    return 0;
  }

  override extraRepr(): string {
    return showSizes(this.padding);
  }
}

/** What padding with a number shares. */
export abstract class ConstantPadNd extends PadNd {
  readonly value: number;
  protected readonly mode = "constant";

  constructor(dims: number, padding: Sizes, value: number) {
    super(dims, padding);
    this.value = checkNumber(this.constructor.name, "value", value);
  }

  protected override get fill(): number {
    return this.value;
  }

  override extraRepr(): string {
    return `padding=${showSizes(this.padding)}, value=${this.value}`;
  }
}

/** `[N, C, L]` padded with a number. PyTorch: `torch.nn.ConstantPad1d`. */
export class ConstantPad1d extends ConstantPadNd {
  constructor(padding: Sizes, value: number) {
    super(1, padding, value);
    checkSurplus("ConstantPad1d", arguments, 2);
  }
}

/** `[N, C, H, W]` padded with a number. PyTorch: `torch.nn.ConstantPad2d`. */
export class ConstantPad2d extends ConstantPadNd {
  constructor(padding: Sizes, value: number) {
    super(2, padding, value);
    checkSurplus("ConstantPad2d", arguments, 2);
  }
}

/** `[N, C, D, H, W]` padded with a number. PyTorch: `torch.nn.ConstantPad3d`. */
export class ConstantPad3d extends ConstantPadNd {
  constructor(padding: Sizes, value: number) {
    super(3, padding, value);
    checkSurplus("ConstantPad3d", arguments, 2);
  }
}

/**
 * Zeros around `[N, C, H, W]` (or `[C, H, W]`): the same everywhere, or `[left, right, top, bottom]`; negative amounts crop. PyTorch:
 * `torch.nn.ZeroPad2d`.
 *
 * @throws RangeError for a wrong number of amounts, and from `forward` for a wrong number of dimensions.
 *
 * @example
 * ```ts
 * import { ZeroPad2d } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * new ZeroPad2d([1, 0, 0, 1]).forward(ones([1, 1, 1])).toArray(); // [[[0, 1], [0, 0]]]
 * ```
 */
export class ZeroPad2d extends PadNd {
  protected readonly mode = "constant";

  constructor(padding: Sizes) {
    super(2, padding);
    checkSurplus("ZeroPad2d", arguments, 1);
  }
}

/** `[N, C, L]` mirrored at its ends, without repeating them. PyTorch: `torch.nn.ReflectionPad1d`. */
export class ReflectionPad1d extends PadNd {
  protected readonly mode = "reflect";

  constructor(padding: Sizes) {
    super(1, padding);
    checkSurplus("ReflectionPad1d", arguments, 1);
  }
}

/**
 * `[N, C, H, W]` mirrored at its edges, without repeating them. PyTorch: `torch.nn.ReflectionPad2d`.
 *
 * @throws RangeError from `forward` when the image is too small to mirror.
 */
export class ReflectionPad2d extends PadNd {
  protected readonly mode = "reflect";

  constructor(padding: Sizes) {
    super(2, padding);
    checkSurplus("ReflectionPad2d", arguments, 1);
  }
}

/** `[N, C, D, H, W]` mirrored at its faces, without repeating them. PyTorch: `torch.nn.ReflectionPad3d`. */
export class ReflectionPad3d extends PadNd {
  protected readonly mode = "reflect";

  constructor(padding: Sizes) {
    super(3, padding);
    checkSurplus("ReflectionPad3d", arguments, 1);
  }
}

/** `[N, C, L]` padded with its end values. PyTorch: `torch.nn.ReplicationPad1d`. */
export class ReplicationPad1d extends PadNd {
  protected readonly mode = "replicate";

  constructor(padding: Sizes) {
    super(1, padding);
    checkSurplus("ReplicationPad1d", arguments, 1);
  }
}

/** `[N, C, H, W]` padded with its edge values. PyTorch: `torch.nn.ReplicationPad2d`. */
export class ReplicationPad2d extends PadNd {
  protected readonly mode = "replicate";

  constructor(padding: Sizes) {
    super(2, padding);
    checkSurplus("ReplicationPad2d", arguments, 1);
  }
}

/** `[N, C, D, H, W]` padded with its edge values. PyTorch: `torch.nn.ReplicationPad3d`. */
export class ReplicationPad3d extends PadNd {
  protected readonly mode = "replicate";

  constructor(padding: Sizes) {
    super(3, padding);
    checkSurplus("ReplicationPad3d", arguments, 1);
  }
}
