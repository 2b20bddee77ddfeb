/** Rearranges channels, and into pixels and back. */
import type { Tensor } from "@heddle/tensor";
import { checkSize, showSizes } from "../sizes.ts";

function checkRank(operation: string, input: Tensor): void {
  if (input.ndim < 3) {
    throw new RangeError(`${operation}: got an input of shape ${showSizes(input.shape)}; expected […, C, H, W]`);
  }
}

/**
 * `[…, C · r², H, W]` as `[…, C, H · r, W · r]`: each r² channels become the pixels of squares of r × r. Shi et al., "Real-time single
 * image and video super-resolution" (2016). PyTorch: `torch.nn.functional.pixel_shuffle`.
 *
 * @throws RangeError when the channels are not a multiple of r².
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { arange } from "@heddle/tensor";
 * F.pixelShuffle(arange(4).reshape(1, 4, 1, 1), 2).toArray(); // [[[[0, 1], [2, 3]]]]
 * ```
 */
export function pixelShuffle(input: Tensor, upscaleFactor: number): Tensor {
  const r = checkSize("pixelShuffle", "upscaleFactor", upscaleFactor);
  checkRank("pixelShuffle", input);
  const lead = input.shape.slice(0, -3);
  const [channels, height, width] = input.shape.slice(-3) as [number, number, number];
  if (channels % (r * r) !== 0) {
    throw new RangeError(
      `pixelShuffle: ${channels} channels (shape ${showSizes(input.shape)}) are no multiple of ${
        r * r
      }, the square of ${r}`,
    );
  }
  const d = lead.length;
  return input.reshape([...lead, channels / (r * r), r, r, height, width])
    .permute([...lead.keys(), d, d + 3, d + 1, d + 4, d + 2])
    .reshape([...lead, channels / (r * r), height * r, width * r]);
}

/**
 * The reverse of {@link pixelShuffle}: `[…, C, H · r, W · r]` as `[…, C · r², H, W]`. PyTorch:
 * `torch.nn.functional.pixel_unshuffle`.
 *
 * @throws RangeError when height or width is not a multiple of r.
 */
export function pixelUnshuffle(input: Tensor, downscaleFactor: number): Tensor {
  const r = checkSize("pixelUnshuffle", "downscaleFactor", downscaleFactor);
  checkRank("pixelUnshuffle", input);
  const lead = input.shape.slice(0, -3);
  const [channels, height, width] = input.shape.slice(-3) as [number, number, number];
  if (height % r !== 0 || width % r !== 0) {
    throw new RangeError(
      `pixelUnshuffle: ${height} × ${width} pixels (shape ${
        showSizes(input.shape)
      }) cannot be split into squares of ${r} × ${r}`,
    );
  }
  const d = lead.length;
  return input.reshape([...lead, channels, height / r, r, width / r, r])
    .permute([...lead.keys(), d, d + 2, d + 4, d + 1, d + 3])
    .reshape([...lead, channels * r * r, height / r, width / r]);
}

/**
 * Mixes groups of channels: `[N, C, …]` as `[N, C, …]`, in which each `groups` channels in succession are one of each group. Zhang et al.,
 * "ShuffleNet" (2018). PyTorch: `torch.nn.functional.channel_shuffle`.
 *
 * @throws RangeError when the groups do not divide the channels.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { arange } from "@heddle/tensor";
 * F.channelShuffle(arange(4).reshape(1, 4, 1), 2).flatten().toArray(); // [0, 2, 1, 3]
 * ```
 */
export function channelShuffle(input: Tensor, groups: number): Tensor {
  checkSize("channelShuffle", "groups", groups);
  if (input.ndim < 3 || input.shape[1]! % groups !== 0) {
    throw new RangeError(
      `channelShuffle: got an input of shape ${
        showSizes(input.shape)
      }; expected at least three dimensions, [N, C, …], with a multiple of ${groups} channels`,
    );
  }
  return input.unflatten(1, [groups, input.shape[1]! / groups]).transpose(1, 2).reshape(input.shape);
}
