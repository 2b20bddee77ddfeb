/** Samples images and volumes at the points of a grid, for spatial transformers and affine augmentation. */
import { arange, isFloat, onesLike, stack, type Tensor, where } from "@heddle/tensor";
import { checkHostSize, checkOptions, inFloat32, isHalf } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";

/** Option of both functions. */
export interface AlignCornersOptions {
  /** Whether −1 and 1 are the centres of the corner pixels rather than their outer edges; false by default. */
  readonly alignCorners?: boolean;
}

/** Options of {@link gridSample}. */
export interface GridSampleOptions extends AlignCornersOptions {
  /** Between the pixels: "bilinear" (the default; trilinear for volumes), "nearest", or "bicubic" for images. */
  readonly mode?: "bilinear" | "nearest" | "bicubic";
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
 * The grid of an affine map, for {@link gridSample}: the point (x, y) of the output, from −1 to 1, is taken from θ · (x, y, 1), or (x, y, z)
 * from θ · (x, y, z, 1). PyTorch: `torch.nn.functional.affine_grid`.
 *
 * @param theta `[N, 2, 3]`, a matrix and a shift for each image; `[N, 3, 4]` for volumes.
 * @param size of the output: `[N, C, H, W]` or `[N, C, D, H, W]`.
 * @returns `[N, H, W, 2]`, x before y; or `[N, D, H, W, 3]`.
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
  const dims = size.length - 2;
  if ((dims !== 2 && dims !== 3) || size.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new RangeError(
      `affineGrid: size ${showSizes(size)} must be four positive integers, [N, C, H, W], or five, [N, C, D, H, W]`,
    );
  }
  const [count, extent] = [size[0]!, size.slice(2)];
  checkHostSize("affineGrid", [count, ...extent, dims]);
  if (theta.ndim !== 3 || theta.shape[0] !== count || theta.shape[1] !== dims || theta.shape[2] !== dims + 1) {
    throw new RangeError(
      `affineGrid: theta has shape ${showSizes(theta.shape)}; expected [${count}, ${dims}, ${
        dims + 1
      }], one matrix for each ${dims === 2 ? "image" : "volume"} of ${showSizes(size)}`,
    );
  }
  if (isHalf(theta)) return inFloat32([theta], (theta) => affineGrid(theta, size, options));
  const axes = extent.map((length, d) =>
    centres(length, theta, alignCorners).reshape(extent.map((_, e) => e === d ? length : 1)).expand(extent)
  ).reverse();
  const points = extent.reduce((product, length) => product * length, 1);
  const base = stack([...axes, onesLike(axes[0]!)], dims).reshape([points, dims + 1]);
  return base.matmul(theta.transpose(1, 2)).reshape([count, ...extent, dims]);
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
  if (isFloat(x.dtype)) return;
  throw new TypeError(
    `${operation}: ${name} is ${x.dtype}; expected a floating-point tensor, cast with .to("float32")`,
  );
}

const modes: readonly string[] = ["bilinear", "nearest", "bicubic"];
const paddingModes: readonly string[] = ["zeros", "border", "reflection"];

function check(input: Tensor, grid: Tensor, mode: string, paddingMode: string): void {
  checkFloat("gridSample", "the input", input);
  for (const [name, value, known] of [["mode", mode, modes], ["paddingMode", paddingMode, paddingModes]] as const) {
    if (known.includes(value)) continue;
    const list = known.map((word) => `"${word}"`).join(", ");
    throw new RangeError(`gridSample: ${name} ${JSON.stringify(value)} is unknown; use one of ${list}`);
  }
  const dims = input.ndim - 2;
  if (
    (dims !== 2 && dims !== 3) || grid.ndim !== dims + 2 || grid.shape.at(-1) !== dims ||
    grid.shape[0] !== input.shape[0]
  ) {
    throw new RangeError(
      `gridSample: got an input of shape ${showSizes(input.shape)} and a grid of shape ${
        showSizes(grid.shape)
      }; expected ` +
        `[N, C, H, W] and [N, H′, W′, 2], or [N, C, D, H, W] and [N, D′, H′, W′, 3]`,
    );
  }
  if (mode === "bicubic" && dims === 3) {
    throw new RangeError(`gridSample: mode "bicubic" is for images [N, C, H, W], got shape ${showSizes(input.shape)}`);
  }
  if (input.dtype !== grid.dtype) {
    throw new TypeError(`gridSample: the input is ${input.dtype}, the grid ${grid.dtype}; cast one of them`);
  }
  if (input.shape.slice(2).includes(0)) {
    throw new RangeError(`gridSample: an input of shape ${showSizes(input.shape)} has no pixels to look at`);
  }
}

/** Along one dimension: whole positions, and the weight of the pixels there; null for 1. */
type Tap = readonly [position: Tensor, weight: Tensor | null];

/** The four pixels of cubic convolution around each position: Keys, 1981, with a = −0.75. The outer weights are a · d · (1 − d)². */
function cubicTaps(at: Tensor): Tap[] {
  const first = at.detach().floor();
  const t = at.sub(first);
  const a = -0.75;
  const near = (x: Tensor): Tensor => x.mul(a + 2).sub(a + 3).mul(x).mul(x).add(1);
  const far = (x: Tensor): Tensor => x.mul(a).mul(x.neg().add(1).square());
  const rest = t.neg().add(1);
  return [far(t), near(t), near(rest), far(rest)].map((weight, i) => [first.add(i - 1), weight]);
}

function linearTaps(at: Tensor): Tap[] {
  const low = at.detach().floor();
  const high = low.add(1);
  return [[low, high.sub(at)], [high, at.sub(low)]];
}

/**
 * The images `[N, C, H, W]` at the points of a grid `[N, H′, W′, 2]` (x before y, −1 to 1 from edge to edge): `[N, C, H′, W′]`; or volumes
 * `[N, C, D, H, W]` at those of a grid `[N, D′, H′, W′, 3]`. There are gradients for both. Jaderberg et al., "Spatial transformer networks"
 * (2015). PyTorch: `torch.nn.functional.grid_sample`.
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
  if (isHalf(input)) return inFloat32([input, grid], (input, grid) => gridSample(input, grid, options));
  const [count, channels, ...sizes] = input.shape as [number, number, ...number[]];
  const extent = grid.shape.slice(1, -1);
  const points = [count, channels, extent.reduce((product, size) => product * size, 1)] as const;
  const within = (at: Tensor, size: number): Tensor =>
    paddingMode === "zeros" ? at : clipped(paddingMode === "border" ? at : reflected(at, size, alignCorners), size - 1);
  // Dimensions of the input in its order; the grid has them in the reverse order.
  const taps = sizes.map((size, d): Tap[] => {
    const given = grid.select(grid.ndim - 1, sizes.length - 1 - d);
    const pixel = alignCorners ? given.add(1).mul((size - 1) / 2) : given.add(1).mul(size).sub(1).div(2);
    if (mode === "bicubic") return cubicTaps(pixel).map(([at, weight]) => [within(at, size), weight]);
    const at = within(pixel, size);
    return mode === "nearest" ? [[at.detach().round(), null]] : linearTaps(at);
  });
  const flat = input.flatten(2);
  /** The pixels at whole positions, each times its weight; zero outside the image. */
  const pixels = (positions: readonly Tap[]): Tensor => {
    const inside = positions.map(([at], d) => at.ge(0).logicalAnd(at.lt(sizes[d]!)))
      .reduce((both, each) => both.logicalAnd(each));
    const index = positions.map(([at]) => where(inside, at, 0).to("int32"))
      .reduce((index, at, d) => index.mul(sizes[d]!).add(at));
    const picked = flat.gather(2, index.reshape([count, 1, points[2]]).expand(points));
    const weights = positions.flatMap(([, weight]) => weight === null ? [] : [weight]);
    const factor = weights.length === 0
      ? inside.to(input.dtype)
      : where(inside, weights.reduce((product, weight) => product.mul(weight)), 0);
    return picked.mul(factor.reshape([count, 1, points[2]]));
  };
  const corners = taps.reduce<Tap[][]>((all, along) => all.flatMap((some) => along.map((tap) => [...some, tap])), [[]]);
  return corners.map(pixels).reduce((sum, part) => sum.add(part)).reshape([count, channels, ...extent]);
}
