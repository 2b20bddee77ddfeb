import { stack, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import { centred } from "./crop.ts";
import { type Size, sizeOf } from "./parameters.ts";
import { checkDims, type Transform } from "./transform.ts";

/**
 * The four corners and the centre of a picture (torchvision's `FiveCrop`), for predictions that are averaged over them.
 * [C, H, W] becomes [5, C, height, width], in the order top left, top right, bottom left, bottom right, centre.
 * torchvision returns a tuple; here the crops are stacked, so that the transforms after it take them as a batch.
 *
 * The dimension of the crops is in front of the channels: [N, C, H, W] becomes [N, 5, C, height, width].
 *
 * @example
 * ```ts
 * import { FiveCrop } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new FiveCrop(24).apply(rand([3, 32, 32])).shape); // [ 5, 3, 24, 24 ]
 * ```
 */
export class FiveCrop implements Transform {
  /** False: a data set applies it, and what follows it, to each sample. */
  readonly batched: boolean = false;
  private readonly size: [height: number, width: number];

  /** @throws unless the size is one or two positive integers */
  constructor(size: Size) {
    checkArguments("FiveCrop", arguments, 1);
    this.size = sizeOf("FiveCrop", "size", size);
  }

  /** @throws when the picture is smaller than the crops, or has fewer than three dimensions */
  apply(input: Tensor): Tensor {
    return stack(fiveCrops("FiveCrop", input, this.size), input.ndim - 3);
  }
}

/**
 * The crops of {@link FiveCrop}, and those of the mirrored picture (torchvision's `TenCrop`). [C, H, W] becomes
 * [10, C, height, width].
 *
 * @example
 * ```ts
 * import { TenCrop } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * const crops = new TenCrop(24).apply(rand([8, 3, 32, 32]));
 * console.log(crops.shape); // [ 8, 10, 3, 24, 24 ]
 * // A classifier's logits, averaged over the crops: model.forward(crops.flatten(0, 1)).unflatten(0, [8, 10]).mean(1).
 * ```
 */
export class TenCrop implements Transform {
  /** False: a data set applies it, and what follows it, to each sample. */
  readonly batched: boolean = false;
  private readonly size: [height: number, width: number];
  private readonly mirrored: number;

  /**
   * @param options `verticalFlip`: whether to mirror top to bottom (default false: left to right)
   * @throws unless the size is one or two positive integers
   */
  constructor(size: Size, options: { verticalFlip?: boolean } = {}) {
    checkOptions("TenCrop", options, ["verticalFlip"]);
    this.size = sizeOf("TenCrop", "size", size);
    this.mirrored = options.verticalFlip ?? false ? -2 : -1;
  }

  /** @throws when the picture is smaller than the crops, or has fewer than three dimensions */
  apply(input: Tensor): Tensor {
    const crops = [input, input.flip([this.mirrored])].flatMap((image) => fiveCrops("TenCrop", image, this.size));
    return stack(crops, input.ndim - 3);
  }
}

function fiveCrops(where: string, input: Tensor, [h, w]: [height: number, width: number]): Tensor[] {
  checkDims(where, input, 3, "[…, C, H, W]");
  const [height, width] = input.shape.slice(-2) as [number, number];
  if (h > height || w > width) {
    throw new RangeError(
      `${where}: a crop of ${h}×${w} is larger than the picture of ${height}×${width}. Put Resize before it.`,
    );
  }
  const [bottom, right] = [height - h, width - w];
  const places = [[0, 0], [0, right], [bottom, 0], [bottom, right], [centred(height, h), centred(width, w)]];
  return places.map(([top, left]) => input.narrow(-2, top!, h).narrow(-1, left!, w));
}
