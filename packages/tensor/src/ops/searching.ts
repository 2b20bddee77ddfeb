/** Places in sorted sequences, membership and histograms. */
import { apply } from "../engine/apply.ts";
import { checkNumber, checkOperands, checkTensor } from "../engine/checks.ts";
import { constant } from "../engine/fill.ts";
import { readsAtOnce } from "../engine/recorder.ts";
import { isHalfDType, resultType } from "../dtype.ts";
import { checkOption, checkOptions } from "../options.ts";
import { checkHostSize, sameShape, showShape } from "../shape.ts";
import { isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { zeros, zerosLike } from "./creation.ts";
import { checkFloat } from "./reduction.ts";

const none = {};

/** Which place is found among equal elements, and the order of the sequence. */
export interface SearchOptions {
  /** Whether the place is behind equal elements, by default before them. */
  readonly right?: boolean;
  /** `"right"` is the same as `right: true`. */
  readonly side?: "left" | "right";
  /** The indices that sort the sequence, where it is not sorted itself. */
  readonly sorter?: Tensor;
}

/** Binary search, all values at once: the place grows by falling powers of two while the element before it lies in front of the value. */
function places(sorted: Tensor, values: Tensor, right: boolean): Tensor {
  const size = sorted.shape.at(-1)!;
  let place = zerosLike(values, { dtype: "int32" });
  if (size === 0 || values.numel === 0) return place;
  for (let step = 2 ** Math.floor(Math.log2(size)); step >= 1; step /= 2) {
    const next = place.add(step);
    const element = sorted.gather(-1, next.sub(1).clamp({ max: size - 1 }));
    // A NaN lies behind everything.
    const behind = apply(right ? "gt" : "ge", [element, values], none);
    place = apply("where", [next.le(size).logicalAnd(behind.logicalNot()), next, place], none);
  }
  return place;
}

export function searchsorted(sorted: Tensor, values: Operand, options: SearchOptions = {}): Tensor {
  checkOptions("searchsorted", options, ["right", "side", "sorter"]);
  checkOperands("searchsorted", [values]);
  const { side, sorter, right = side === "right" } = options;
  if (side !== undefined) checkOption("searchsorted", "side", side, ["left", "right"]);
  if (right && side === "left") throw new TypeError('searchsorted: right is true and side "left"; give one of them');
  if (sorted.ndim === 0) throw new RangeError("searchsorted: the sequence has no dimensions; reshape(1) gives it one");
  if (sorter !== undefined) {
    checkTensor("searchsorted", sorter, "the sorter");
    if (!sameShape(sorter.shape, sorted.shape)) {
      throw new RangeError(
        `searchsorted: the sorter of shape ${showShape(sorter.shape)} must have the sequence's ${
          showShape(sorted.shape)
        }`,
      );
    }
  }
  const sequence = (sorter === undefined ? sorted : sorted.gather(-1, sorter)).detach();
  const given = isTensor(values)
    ? values.detach()
    : constant("searchsorted", values, resultType([sorted, values]), sorted.device);
  if (sequence.ndim === 1) return places(sequence, given.reshape(-1), right).reshape(given.shape);
  if (given.ndim !== sorted.ndim || !sameShape(given.shape.slice(0, -1), sorted.shape.slice(0, -1))) {
    throw new RangeError(
      `searchsorted: values of shape ${showShape(given.shape)} in sequences of shape ${
        showShape(sorted.shape)
      }; all dims but the last must be equal, or the sequence a vector`,
    );
  }
  return places(sequence, given, right);
}

export function bucketize(x: Tensor, boundaries: Tensor, options: { readonly right?: boolean } = {}): Tensor {
  checkOptions("bucketize", options, ["right"]);
  checkTensor("bucketize", boundaries, "the boundaries");
  if (boundaries.ndim !== 1) {
    throw new RangeError(`bucketize: the boundaries have shape ${showShape(boundaries.shape)}; expected a vector`);
  }
  return boundaries.searchsorted(x, options);
}

export function isin(
  x: Tensor,
  test: Operand,
  options: { readonly invert?: boolean; readonly assumeUnique?: boolean } = {},
): Tensor {
  checkOptions("isin", options, ["assumeUnique", "invert"]);
  checkOperands("isin", [test]);
  const { invert = false } = options;
  if (!isTensor(test)) return invert ? x.ne(test) : x.eq(test);
  const dtype = resultType([x, test]);
  const [wanted, sorted] = [x.detach().to(dtype), test.detach().reshape(-1).to(dtype).sort().values];
  if (test.numel === 0 || x.numel === 0) return zerosLike(wanted, { dtype: "bool" }).eq(!invert);
  const nearest = sorted.searchsorted(wanted).clamp({ max: test.numel - 1 });
  const found = sorted.gather(0, nearest.reshape(-1)).reshape(x.shape);
  return invert ? found.ne(wanted) : found.eq(wanted);
}

export function histc(x: Tensor, bins = 100, options: { readonly min?: number; readonly max?: number } = {}): Tensor {
  checkOptions("histc", options, ["max", "min"]);
  checkFloat("histc", x);
  const { min = 0, max = 0 } = options;
  checkNumber("histc", "bins", bins);
  checkNumber("histc", "min", min);
  checkNumber("histc", "max", max);
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`histc: ${bins} is not a positive number of bins`);
  checkHostSize("histc", [bins]);
  if (!(min <= max && Number.isFinite(max - min))) {
    throw new RangeError(`histc: from min ${min} to max ${max} there is no finite range`);
  }
  const counts = zeros([bins], { dtype: x.dtype, device: x.device });
  if (x.numel === 0) return counts;
  const wide = x.detach().reshape(-1).to(isHalfDType(x.dtype) ? "float32" : x.dtype);
  const bound = (value: number) => constant("histc", value, wide.dtype, x.device);
  let [low, high] = min === max && min === 0 ? [wide.amin(), wide.amax()] : [bound(min), bound(max)];
  if (readsAtOnce(x) && !(Number.isFinite(low.item()) && Number.isFinite(high.item()))) {
    throw new RangeError(`histc: elements from ${low.item()} to ${high.item()} have no finite range; give min and max`);
  }
  const flat = low.eq(high);
  [low, high] = [apply("where", [flat, low.sub(1), low], none), apply("where", [flat, high.add(1), high], none)];
  const inside = wide.ge(low).logicalAnd(wide.le(high));
  const position = apply("where", [inside, wide.sub(low).mul(bins).div(high.sub(low)), 0], none);
  const bin = position.floor().clamp({ max: bins - 1 }).to("int32");
  const found = zeros([bins], { dtype: "int32", device: x.device }).scatterAdd(0, bin, inside.to("int32"));
  return found.to(counts.dtype);
}
