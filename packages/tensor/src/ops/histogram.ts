/** Histograms of one and of several variables. */
import { apply } from "../engine/apply.ts";
import { checkNumber, checkNumbers, checkTensor } from "../engine/checks.ts";
import { constant } from "../engine/fill.ts";
import type { DType } from "../dtype.ts";
import { widened } from "../engine/upcast.ts";
import { readsAtOnce } from "../engine/recorder.ts";
import { tidy } from "../memory/scope.ts";
import { checkOptions } from "../options.ts";
import { checkHostSize, sameShape, showShape, sizeOf } from "../shape.ts";
import { isTensor } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { arange, zeros } from "./creation.ts";
import { checkFloat } from "./reduction.ts";

/** Options of `histogram`. */
export interface HistogramOptions {
  /** The lowest and the highest edge, where bins are a number; by default the smallest and the largest element. */
  readonly range?: readonly [low: number, high: number];
  /** How much each element counts, by default 1. */
  readonly weight?: Tensor;
  /** Whether counts are divided by their total and the bins' widths, so that the histogram's integral is 1. */
  readonly density?: boolean;
}

/** Options of `histogramdd`. */
export interface HistogramDDOptions extends Omit<HistogramOptions, "range"> {
  /** The lowest and the highest edge of each variable in turn. */
  readonly range?: readonly number[];
}

/** Counts, and the edges of the bins. */
export interface Histogram {
  /** What lies in each bin. */
  readonly hist: Tensor;
  /** The edges, one more than bins. */
  readonly binEdges: Tensor;
}

/** The counts of several variables, and the edges of each. */
export interface HistogramDD {
  /** What lies in each bin: one dimension for each variable. */
  readonly hist: Tensor;
  /** The edges of each variable. */
  readonly binEdges: readonly Tensor[];
}

/** The edges of a variable's bins: those given, or evenly spaced ones. */
function edgesOf(
  operation: string,
  x: Tensor,
  dtype: DType,
  bins: number | Tensor,
  range: readonly [number, number] | undefined,
): Tensor {
  if (isTensor(bins)) {
    checkTensor(operation, bins, "the edges");
    if (bins.ndim === 1 && bins.numel < 2) {
      throw new RangeError(`${operation}: ${bins.numel} edges make no bin; give at least two`);
    }
    if (bins.ndim !== 1 || bins.dtype !== dtype) {
      throw new TypeError(
        `${operation}: the edges are ${bins.dtype} of shape ${showShape(bins.shape)}; expected a vector of ${dtype}`,
      );
    }
    return widened(bins.detach());
  }
  checkNumber(operation, "bins", bins);
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`${operation}: ${bins} is not a positive number of bins`);
  }
  checkHostSize(operation, [bins]);
  const bound = (value: number) => constant(operation, value, x.dtype, x.device);
  if (range !== undefined && !(range[0] <= range[1] && Number.isFinite(range[1] - range[0]))) {
    throw new RangeError(`${operation}: from ${range[0]} to ${range[1]} there is no finite range`);
  }
  let [low, high] = range !== undefined
    ? [bound(range[0]), bound(range[1])]
    : x.numel === 0
    ? [bound(0), bound(1)]
    : [x.amin(), x.amax()];
  if (readsAtOnce(x) && !(Number.isFinite(low.item()) && Number.isFinite(high.item()))) {
    throw new RangeError(
      `${operation}: elements from ${low.item()} to ${high.item()} have no finite range; give the range`,
    );
  }
  const flat = low.eq(high);
  const choose = (moved: Tensor, x: Tensor) => apply("where", [flat, moved, x], {});
  [low, high] = [choose(low.sub(0.5), low), choose(high.add(0.5), high)];
  // Counted from the nearer end, so that both are exact.
  const step = high.sub(low).div(bins);
  const place = arange(bins + 1, { dtype: x.dtype, device: x.device });
  const fromHigh = high.sub(step.mul(place.neg().add(bins)));
  return apply("where", [place.lt((bins + 1) / 2), step.mul(place).add(low), fromHigh], {});
}

/** Counts rows of `points` [n, d] in bins. */
function counted(
  operation: string,
  points: Tensor,
  edges: readonly Tensor[],
  { weight, density = false }: HistogramOptions | HistogramDDOptions,
): Tensor {
  const sizes = edges.map((each) => each.numel - 1);
  checkHostSize(operation, sizes);
  let [bin, inside]: [Tensor | null, Tensor | null] = [null, null];
  edges.forEach((each, i) => {
    const values = points.select(1, i).contiguous();
    const size = sizes[i]!;
    // The last bin holds its upper edge.
    const found = each.searchsorted(values, { right: true }).sub(1);
    const place = apply("where", [values.eq(each.narrow(0, size, 1)), size - 1, found], {});
    const fits = place.ge(0).logicalAnd(place.lt(size));
    bin = bin === null ? place : (bin as Tensor).mul(size).add(place);
    inside = inside === null ? fits : (inside as Tensor).logicalAnd(fits);
  });
  const total = sizeOf(sizes);
  const device = points.device;
  const each = weight === undefined
    ? constant(operation, 1, points.dtype, device, [points.shape[0]!])
    : widened(weight.detach()).reshape(-1);
  const counts = apply("where", [inside!, each, constant(operation, 0, each.dtype, device)], {});
  const sums = zeros([total], { dtype: each.dtype, device });
  const hist = sums.scatterAdd(0, (bin as unknown as Tensor).clamp({ min: 0, max: total - 1 }).to("int32"), counts)
    .reshape(sizes);
  if (!density) return hist;
  const widths = edges.map((edge, i) => edge.diff().reshape(sizes.map((_, k) => k === i ? -1 : 1)));
  return widths.reduce((hist, width) => hist.div(width), hist.div(hist.sum()));
}

function checkWeight(operation: string, weight: Tensor | undefined, x: Tensor, shape: readonly number[]): void {
  if (weight === undefined) return;
  checkTensor(operation, weight, "the weight");
  if (weight.dtype !== x.dtype || !sameShape(weight.shape, shape)) {
    throw new TypeError(
      `${operation}: the weight is ${weight.dtype} of shape ${showShape(weight.shape)}; expected ${x.dtype} of shape ${
        showShape(shape)
      }`,
    );
  }
}

export function histogram(x: Tensor, bins: number | Tensor, options: HistogramOptions = {}): Histogram {
  checkOptions("histogram", options, ["density", "range", "weight"]);
  checkFloat("histogram", x);
  const { range, weight } = options;
  if (range !== undefined) {
    checkNumbers("histogram", "range", range);
    if (isTensor(bins)) throw new TypeError("histogram: the edges are given; leave out range");
    if (range.length !== 2) throw new RangeError(`histogram: range has ${range.length} numbers; give two`);
  }
  checkWeight("histogram", weight, x, x.shape);
  const flat = widened(x.detach()).reshape(-1);
  const edges = edgesOf("histogram", flat, x.dtype, bins, range);
  const hist = counted("histogram", flat.unsqueeze(1), [edges], options);
  return { hist: hist.to(x.dtype), binEdges: edges.to(x.dtype) };
}

/**
 * The histogram of points of several variables (PyTorch's `torch.histogramdd`).
 *
 * @param x points, floating-point `[..., d]`.
 * @param bins the number of bins of all variables or of each, or the edges of each.
 * @returns counts in `x`'s dtype with a dimension for each variable, and the edges of each.
 * @throws RangeError or TypeError for bins, a range or a weight that do not fit.
 *
 * @example
 * ```ts
 * import { histogramdd, tensor } from "@heddle/tensor";
 * const points = tensor([[0, 0], [0, 1], [1, 1], [1, 1]]);
 * histogramdd(points, 2).hist.toArray(); // [[1, 1], [0, 2]]
 * ```
 */
export function histogramdd(
  x: Tensor,
  bins: number | readonly (number | Tensor)[],
  options: HistogramDDOptions = {},
): HistogramDD {
  checkOptions("histogramdd", options, ["density", "range", "weight"]);
  checkTensor("histogramdd", x);
  checkFloat("histogramdd", x);
  if (x.ndim < 2) {
    throw new RangeError(`histogramdd: expected points […, d], got shape ${showShape(x.shape)}`);
  }
  const { range, weight } = options;
  const width = x.shape.at(-1)!;
  const each = typeof bins === "number" ? Array<number>(width).fill(bins) : bins;
  if (!Array.isArray(each) || each.length !== width) {
    throw new RangeError(`histogramdd: bins for ${[each].flat().length} variables of ${width}; give them for each`);
  }
  if (range !== undefined) {
    checkNumbers("histogramdd", "range", range);
    if (range.length !== 2 * width) {
      throw new RangeError(`histogramdd: range has ${range.length} numbers; give two for each of ${width} variables`);
    }
  }
  checkWeight("histogramdd", weight, x, x.shape.slice(0, -1));
  const made = tidy(() => {
    const points = widened(x.detach()).reshape(-1, width);
    const binEdges = each.map((bins, i) =>
      edgesOf("histogramdd", points.select(1, i), x.dtype, bins, range && [range[2 * i]!, range[2 * i + 1]!])
    );
    return [counted("histogramdd", points, binEdges, options), ...binEdges].map((each) => each.to(x.dtype));
  });
  return { hist: made[0]!, binEdges: made.slice(1) };
}
