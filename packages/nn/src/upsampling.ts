/** Layers that change the resolution; the functions are in functional/. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { interpolate, type InterpolateOptions } from "./functional/interpolate.ts";
import { channelShuffle, pixelShuffle, pixelUnshuffle } from "./functional/pixel_shuffle.ts";
import { Module } from "./module.ts";
import { ownOptions } from "./copy_options.ts";
import { checkSize } from "./sizes.ts";
import { checkSurplus } from "./surplus_arguments.ts";

/**
 * Resizes by interpolation: see `functional.interpolate`. PyTorch: `torch.nn.Upsample`.
 *
 * @throws TypeError from `forward` unless one of `size` and `scaleFactor` is given.
 *
 * @example
 * ```ts
 * import { Upsample } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new Upsample({ scaleFactor: 2, mode: "bilinear" }).forward(randn([1, 3, 8, 8])).shape; // [1, 3, 16, 16]
 * ```
 */
export class Upsample extends Module {
  readonly options: InterpolateOptions;

  constructor(options: InterpolateOptions) {
    checkOptions("Upsample", options, ["alignCorners", "mode", "recomputeScaleFactor", "scaleFactor", "size"]);
    super();
    this.options = ownOptions(options);
  }

  forward(input: Tensor): Tensor {
    return interpolate(input, this.options);
  }

  override extraRepr(): string {
    return Object.entries({ mode: "nearest", ...this.options })
      .map(([name, value]) => `${name}=${JSON.stringify(value)?.replaceAll('"', "").replaceAll(",", ", ")}`).join(", ");
  }
}

/** `[…, C · r², H, W]` as `[…, C, H · r, W · r]`: see `functional.pixelShuffle`. PyTorch: `torch.nn.PixelShuffle`. */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(upscaleFactor: number) {
    super();
    checkSurplus("PixelShuffle", arguments, 1);
    this.upscaleFactor = checkSize("PixelShuffle", "upscaleFactor", upscaleFactor);
  }

  forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscaleFactor=${this.upscaleFactor}`;
  }
}

/** `[…, C, H · r, W · r]` as `[…, C · r², H, W]`. PyTorch: `torch.nn.PixelUnshuffle`. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(downscaleFactor: number) {
    super();
    checkSurplus("PixelUnshuffle", arguments, 1);
    this.downscaleFactor = checkSize("PixelUnshuffle", "downscaleFactor", downscaleFactor);
  }

  forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscaleFactor=${this.downscaleFactor}`;
  }
}

/** Mixes groups of channels of `[N, C, …]`: see `functional.channelShuffle`. PyTorch: `torch.nn.ChannelShuffle`. */
export class ChannelShuffle extends Module {
  readonly groups: number;

  constructor(groups: number) {
    super();
    checkSurplus("ChannelShuffle", arguments, 1);
    this.groups = checkSize("ChannelShuffle", "groups", groups);
  }

  forward(input: Tensor): Tensor {
    return channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}
