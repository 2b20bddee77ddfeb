/** Windows of images as columns, and their sums put back into images. */
import { pad, type Tensor } from "@heddle/tensor";
import {
  apply,
  checkHostSize,
  checkOptions,
  checkTensor,
  hasHalfGradient,
  inFloat32,
  isHalf,
} from "@heddle/tensor/engine";
import { showSizes, type Sizes, spread } from "../sizes.ts";

/** Options of {@link unfold} and {@link fold}. */
export interface FoldOptions {
  /** The distance between the elements of a window; 1 by default. */
  readonly dilation?: Sizes;
  /** How many zeros surround the image at each side; 0 by default. */
  readonly padding?: Sizes;
  /** The step from one window to the next; 1 by default. */
  readonly stride?: Sizes;
}

type Pair = readonly [number, number];

/** Windows over height and width, and how many there are of each. */
interface Windows {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly counts: Pair;
}

function checkFold(operation: string, input: Tensor, options: FoldOptions): void {
  checkOptions(operation, options, ["dilation", "padding", "stride"]);
  checkTensor(operation, input);
}

function windowsOf(operation: string, size: Pair, kernelSize: Sizes, options: FoldOptions): Windows {
  const pair = (name: string, value: Sizes, least: number): Pair =>
    spread(operation, name, value, 2, least) as unknown as Pair;
  const kernel = pair("kernelSize", kernelSize, 1);
  const stride = pair("stride", options.stride ?? 1, 1);
  const padding = pair("padding", options.padding ?? 0, 0);
  const dilation = pair("dilation", options.dilation ?? 1, 1);
  const count = (d: 0 | 1): number =>
    Math.floor((size[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1;
  const counts: Pair = [count(0), count(1)];
  if (counts[0] < 1 || counts[1] < 1) {
    throw new RangeError(
      `${operation}: a window of ${showSizes(kernel)} with dilation ${showSizes(dilation)} does not fit ${
        showSizes(size)
      } padded by ${showSizes(padding)}`,
    );
  }
  return { kernel, stride, padding, dilation, counts };
}

/**
 * The windows of images `[N, C, H, W]` (or `[C, H, W]`) as columns: `[N, C · kh · kw, L]`, L being the number of windows, row by row.
 * PyTorch: `torch.nn.functional.unfold` (im2col). `Tensor.unfold` makes windows along one dimension.
 *
 * @param kernelSize the size of a window: one number, or height and width.
 * @throws RangeError for other shapes, or when a window does not fit.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { arange } from "@heddle/tensor";
 * F.unfold(arange(6).reshape(1, 1, 2, 3), 2).toArray(); // [[[0, 1], [1, 2], [3, 4], [4, 5]]]
 * ```
 */
export function unfold(input: Tensor, kernelSize: Sizes, options: FoldOptions = {}): Tensor {
  checkFold("unfold", input, options);
  if (input.ndim === 3) return unfold(input.unsqueeze(0), kernelSize, options).squeeze(0);
  if (input.ndim !== 4) {
    throw new RangeError(`unfold: got an input of shape ${showSizes(input.shape)}; expected [N, C, H, W] or [C, H, W]`);
  }
  const [count, channels, height, width] = input.shape as [number, number, number, number];
  const { kernel, stride, padding, dilation, counts } = windowsOf("unfold", [height, width], kernelSize, options);
  if (hasHalfGradient(input)) return inFloat32([input], (x) => unfold(x, kernelSize, options));
  checkHostSize("unfold", [count, channels, ...kernel, ...counts]);
  const padded = padding.some((n) => n > 0) ? pad(input, [padding[1], padding[1], padding[0], padding[0]]) : input;
  const rows = padded.unfold(2, dilation[0] * (kernel[0] - 1) + 1, stride[0]); // [N, C, oh, W, kh]
  const windows = rows.unfold(3, dilation[1] * (kernel[1] - 1) + 1, stride[1]); // [N, C, oh, ow, kh, kw]
  const spaced = dilation.some((n) => n > 1) ? windows.at("...", `::${dilation[0]}`, `::${dilation[1]}`) : windows;
  return spaced.permute(0, 1, 4, 5, 2, 3).reshape([count, channels * kernel[0] * kernel[1], counts[0] * counts[1]]);
}

/** The sum of parts along a dimension of windows, each moved by `dilation` from the one before: `size` elements instead of `count`. */
function overlapped(parts: Tensor[], dim: number, size: number, stride: number, dilation: number): Tensor {
  const moved = parts.map((part, i) => {
    const shape = part.shape.map((n, d) => d === dim ? size : n);
    const attrs = { dim, start: i * dilation, length: part.shape[dim]!, step: stride };
    return apply("embed", [part], { shape, value: 0, view: { prim: "slice", attrs } });
  });
  return moved.reduce((sum, part) => sum.add(part));
}

/**
 * Adds up windows where they overlap: columns `[N, C · kh · kw, L]` (or without N) as {@link unfold} makes them become images `[N, C, H,
 * W]`. PyTorch: `torch.nn.functional.fold` (col2im).
 *
 * @param outputSize height and width of the images, or one number for both.
 * @throws RangeError when the columns are not windows of such images.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * F.fold(ones([1, 4, 4]), 3, 2).toArray(); // [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]
 * ```
 */
export function fold(input: Tensor, outputSize: Sizes, kernelSize: Sizes, options: FoldOptions = {}): Tensor {
  checkFold("fold", input, options);
  if (input.ndim === 2) return fold(input.unsqueeze(0), outputSize, kernelSize, options).squeeze(0);
  const size = spread("fold", "outputSize", outputSize, 2) as unknown as Pair;
  const { kernel, stride, padding, dilation, counts } = windowsOf("fold", size, kernelSize, options);
  const elements = kernel[0] * kernel[1];
  if (input.ndim !== 3 || input.shape[1]! % elements !== 0 || input.shape[2] !== counts[0] * counts[1]) {
    throw new RangeError(
      `fold: got an input of shape ${showSizes(input.shape)}; expected [N, C · ${elements}, ${
        counts[0] * counts[1]
      }]: ` +
        `images of ${showSizes(size)} have ${counts[0]} × ${counts[1]} windows of ${showSizes(kernel)}`,
    );
  }
  if (isHalf(input)) return inFloat32([input], (x) => fold(x, outputSize, kernelSize, options));
  const [height, width] = [size[0] + 2 * padding[0], size[1] + 2 * padding[1]];
  checkHostSize("fold", [input.shape[0]!, input.shape[1]! / elements, height, width]);
  const windows = input.reshape([input.shape[0]!, input.shape[1]! / elements, ...kernel, ...counts]);
  const rows = overlapped(windows.unbind(3), 4, width, stride[1], dilation[1]);
  const image = overlapped(rows.unbind(2), 2, height, stride[0], dilation[0]);
  return padding.some((n) => n > 0)
    ? image.narrow(2, padding[0], size[0]).narrow(3, padding[1], size[1]).contiguous()
    : image;
}
