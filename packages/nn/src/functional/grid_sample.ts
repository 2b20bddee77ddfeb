/** Samples images at the points of a grid, for spatial transformers and affine augmentation. */
import { arange, onesLike, stack, type Tensor, where } from "@heddle/tensor";
import { checkHostSize, checkOptions, inFloat32 } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";

/** Option of both functions. */
export interface AlignCornersOptions {
  /** Whether −1 and 1 are the centres of the corner pixels rather than their outer edges; false by default. */
  readonly alignCorners?: boolean;
}

/** Options of {@link gridSample}. */
export interface GridSampleOptions extends AlignCornersOptions {
  /** Between the pixels: "bilinear" (the default) or "nearest". */
  readonly mode?: "bilinear" | "nearest";
  /** Beyond the image: "zeros" (the default), its "border", or its "reflection". */
  readonly paddingMode?: "zeros" | "border" | "reflection";
}

/** Centres of `size` pixels, the first edge (or centre) at −1 and the last at 1. */
function centres(size: number, theta: Tensor, alignCorners: boolean): Tensor {
  const steps = arange(size, { dtype: theta.dtype, device: theta.device });
  if (alignCorners) return size === 1 ? steps : steps.mul(2 / (size - 1)).sub(1);
  return steps.mul(2).add(1).div(size).sub(1);
}

/**
 * The grid of an affine map, for {@link gridSample}: the point (x, y) of the output, from −1 to 1, is taken from θ · (x, y, 1). PyTorch:
 * `torch.nn.functional.affine_grid`, for images.
 *
 * @param theta `[N, 2, 3]`, a matrix and a shift for each image.
 * @param size of the output: `[N, C, H, W]`.
 * @returns `[N, H, W, 2]`, x before y.
 * @throws RangeError for other shapes. TypeError for integers.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { arange, tensor } from "@heddle/tensor";
 * const mirror = tensor([[[-1, 0, 0], [0, 1, 0]]]);
 * const x = arange(4).reshape(1, 1, 2, 2);
 * F.gridSample(x, F.affineGrid(mirror, [1, 1, 2, 2])).toArray(); // [[[[1, 0], [3, 2]]]]
 * ```
 */
export function affineGrid(theta: Tensor, size: readonly number[], options: AlignCornersOptions = {}): Tensor {
  checkOptions("affineGrid", options, ["alignCorners"]);
  const { alignCorners = false } = options;
  checkFloat("affineGrid", "theta", theta);
  if (size.length !== 4 || size.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new RangeError(`affineGrid: size ${showSizes(size)} must be four positive integers, [N, C, H, W]`);
  }
  checkHostSize("affineGrid", [size[0]!, size[2]!, size[3]!, 2]);
  const [count, , height, width] = size as [number, number, number, number];
  if (theta.ndim !== 3 || theta.shape[0] !== count || theta.shape[1] !== 2 || theta.shape[2] !== 3) {
    throw new RangeError(
      `affineGrid: theta has shape ${showSizes(theta.shape)}; size ${showSizes(size)} wants [${count}, 2, 3]`,
    );
  }
  if (theta.dtype === "float16") return inFloat32([theta], (theta) => affineGrid(theta, size, options));
  const x = centres(width, theta, alignCorners).expand([height, width]);
  const y = centres(height, theta, alignCorners).unsqueeze(1).expand([height, width]);
  const base = stack([x, y, onesLike(x)], 2).reshape([height * width, 3]);
  return base.matmul(theta.transpose(1, 2)).reshape([count, height, width, 2]);
}

/** Clamps to 0 … last; as in PyTorch there is no gradient outside and at the ends. */
function clipped(x: Tensor, last: number): Tensor {
  return where(x.gt(0), where(x.lt(last), x, last), 0);
}

/** Reflects at the outer pixels' centres or edges, as often as needed. */
function reflected(x: Tensor, size: number, alignCorners: boolean): Tensor {
  const [low, span] = alignCorners ? [0, size - 1] : [-0.5, size];
  if (span === 0) return x.mul(0);
  const from = x.sub(low);
  const distance = where(from.lt(0), from.neg(), from);
  const rest = distance.fmod(span);
  const odd = distance.detach().div(span).floor().remainder(2).ne(0);
  return where(odd, rest.neg().add(span), rest).add(low);
}

function checkFloat(operation: string, name: string, x: Tensor): void {
  if (x.dtype.startsWith("float")) return;
  throw new TypeError(
    `${operation}: ${name} is ${x.dtype}; expected a floating-point tensor, cast with .to("float32")`,
  );
}

const modes: readonly string[] = ["bilinear", "nearest"];
const paddingModes: readonly string[] = ["zeros", "border", "reflection"];

function check(input: Tensor, grid: Tensor, mode: string, paddingMode: string): void {
  checkFloat("gridSample", "the input", input);
  for (const [name, value, known] of [["mode", mode, modes], ["paddingMode", paddingMode, paddingModes]] as const) {
    if (known.includes(value)) continue;
    const list = known.map((word) => `"${word}"`).join(", ");
    throw new RangeError(`gridSample: ${name} ${JSON.stringify(value)} is unknown; use one of ${list}`);
  }
  if (input.ndim !== 4 || grid.ndim !== 4 || grid.shape[3] !== 2 || grid.shape[0] !== input.shape[0]) {
    throw new RangeError(
      `gridSample: got an input of shape ${showSizes(input.shape)} and a grid of shape ${
        showSizes(grid.shape)
      }; expected ` +
        `[N, C, H, W] and [N, H′, W′, 2]`,
    );
  }
  if (input.dtype !== grid.dtype) {
    throw new TypeError(`gridSample: the input is ${input.dtype}, the grid ${grid.dtype}; cast one of them`);
  }
  if (input.shape[2] === 0 || input.shape[3] === 0) {
    throw new RangeError(`gridSample: an input of shape ${showSizes(input.shape)} has no pixels to look at`);
  }
}

/**
 * The images `[N, C, H, W]` at the points of a grid `[N, H′, W′, 2]` (x before y, −1 to 1 from edge to edge): `[N, C, H′, W′]`, with
 * gradients for both. Jaderberg et al., "Spatial transformer networks" (2015). PyTorch: `torch.nn.functional.grid_sample`, for
 * images.
 *
 * @throws RangeError for other shapes and unknown modes. TypeError for integers, or when the dtypes differ.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const x = tensor([[[[0, 1], [2, 3]]]]);
 * F.gridSample(x, tensor([[[[0, 0]]]])).item(); // 1.5, the middle
 * ```
 */
export function gridSample(input: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  checkOptions("gridSample", options, ["alignCorners", "mode", "paddingMode"]);
  const { mode = "bilinear", paddingMode = "zeros", alignCorners = false } = options;
  check(input, grid, mode, paddingMode);
  if (input.dtype === "float16") return inFloat32([input, grid], (input, grid) => gridSample(input, grid, options));
  const [count, channels, height, width] = input.shape as [number, number, number, number];
  const place = (axis: number, size: number): Tensor => {
    const at = grid.select(3, axis);
    const pixel = alignCorners ? at.add(1).mul((size - 1) / 2) : at.add(1).mul(size).sub(1).div(2);
    if (paddingMode === "zeros") return pixel;
    return clipped(paddingMode === "border" ? pixel : reflected(pixel, size, alignCorners), size - 1);
  };
  const [x, y] = [place(0, width), place(1, height)];
  const points = [count, channels, grid.shape[1]! * grid.shape[2]!];
  const flat = input.flatten(2);
  /** The pixels at integer columns and rows, each times its weight; zero outside the image. */
  const pixels = (column: Tensor, row: Tensor, weight: Tensor | null): Tensor => {
    const inside = column.ge(0).logicalAnd(column.lt(width)).logicalAnd(row.ge(0)).logicalAnd(row.lt(height));
    const whole = (t: Tensor): Tensor => where(inside, t, 0).to("int32");
    const index = whole(row).mul(width).add(whole(column));
    const picked = flat.gather(2, index.reshape([count, 1, points[2]!]).expand(points));
    const factor = weight === null ? inside.to(input.dtype) : where(inside, weight, 0);
    return picked.mul(factor.reshape([count, 1, points[2]!]));
  };
  let result: Tensor;
  if (mode === "nearest") result = pixels(x.detach().round(), y.detach().round(), null);
  else {
    const [left, top] = [x.detach().floor(), y.detach().floor()];
    const [right, bottom] = [left.add(1), top.add(1)];
    const [fromLeft, fromTop, toRight, toBottom] = [x.sub(left), y.sub(top), right.sub(x), bottom.sub(y)];
    result = pixels(left, top, toRight.mul(toBottom))
      .add(pixels(right, top, fromLeft.mul(toBottom)))
      .add(pixels(left, bottom, toRight.mul(fromTop)))
      .add(pixels(right, bottom, fromLeft.mul(fromTop)));
  }
  return result.reshape([count, channels, grid.shape[1]!, grid.shape[2]!]);
}
