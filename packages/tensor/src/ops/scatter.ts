/** Values written, or combined with what is there, at indices along a dimension. */
import { apply, applyInPlace, overwrite } from "../engine/apply.ts";
import { checkOption, checkOptions } from "../options.ts";
import { integerRange, isFloat, type Scalar } from "../dtype.ts";
import { constant } from "../engine/fill.ts";
import { hasHalfGradient, inFloat32 } from "../engine/upcast.ts";
import type { ScatterMode } from "../prims/attrs.ts";
import { showShape } from "../shape.ts";
import { isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { onesLike } from "./creation.ts";
import { checkIndex } from "./indexing.ts";

/** How `scatter` combines values that meet at one place. */
export interface ScatterOptions {
  /** The operation; without it, one of the values is kept. */
  readonly reduce?: Exclude<ScatterMode, "set"> | "mean";
  /** Whether what the tensor held there takes part, by default true. */
  readonly includeSelf?: boolean;
}

const known = ["includeSelf", "reduce"] as const;

function scatterArguments(operation: string, x: Tensor, dim: number, index: Tensor, source: Operand): [number, Tensor] {
  const d = checkIndex(operation, x, dim, index);
  const values = isTensor(source) ? source : constant(operation, source, x.dtype, x.device, index.shape);
  if (values.dtype !== x.dtype) {
    throw new TypeError(
      `${operation}: the source is ${values.dtype}, the tensor ${x.dtype}; cast the source with .to("${x.dtype}")`,
    );
  }
  if (values.ndim !== index.ndim || index.shape.some((size, i) => size > values.shape[i]!)) {
    throw new RangeError(
      `${operation}: the index of shape ${showShape(index.shape)} is not within the source of shape ${
        showShape(values.shape)
      }`,
    );
  }
  return [d, values];
}

/** @throws TypeError or RangeError for options that do not fit. */
function checkReduction(operation: string, options: ScatterOptions): void {
  checkOptions(operation, options, known);
  const { reduce, includeSelf = true } = options;
  if (reduce !== undefined) checkOption(operation, "reduce", reduce, ["sum", "prod", "mean", "amax", "amin"]);
  else if (!includeSelf) throw new TypeError(`${operation}: includeSelf is for a reduction; give reduce too`);
}

/** What a reduction starts from where the tensor takes no part. */
function neutral(mode: ScatterMode, x: Tensor): Scalar {
  if (mode === "sum") return 0;
  if (mode === "prod") return 1;
  const [lowest, highest] = isFloat(x.dtype)
    ? [-Infinity, Infinity]
    : x.dtype === "bool"
    ? [false, true]
    : integerRange(x.dtype as "int32");
  return mode === "amax" ? lowest : highest;
}

export function scatter(x: Tensor, dim: number, index: Tensor, source: Operand, options: ScatterOptions = {}): Tensor {
  return scattered("scatter", x, dim, index, source, options);
}

function scattered(
  operation: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Operand,
  options: ScatterOptions,
): Tensor {
  checkReduction(operation, options);
  const [d, values] = scatterArguments(operation, x, dim, index, source);
  const { reduce, includeSelf = true } = options;
  if (reduce === "mean") return inFloat32([x, values], (x, values) => scatterMean(x, d, index, values, includeSelf));
  if (reduce === "prod" && (hasHalfGradient(x) || hasHalfGradient(values))) {
    return inFloat32([x, values], (x, values) => x.scatter(d, index, values, options));
  }
  const base = includeSelf ? x : x.scatter(d, index, neutral(reduce!, x));
  return apply("scatter", [base, index, values], { dim: d, mode: reduce ?? "set" }, operation);
}

function scatterMean(x: Tensor, dim: number, index: Tensor, values: Tensor, includeSelf: boolean): Tensor {
  const total = x.scatter(dim, index, values, { reduce: "sum", includeSelf });
  const ones = onesLike(x, { dtype: isFloat(x.dtype) ? x.dtype : "int32" });
  const count = ones.scatter(dim, index, 1, { reduce: "sum", includeSelf });
  return isFloat(x.dtype) ? total.div(count) : total.floorDivide(count).to(x.dtype);
}

export function scatter_(x: Tensor, dim: number, index: Tensor, source: Operand, options: ScatterOptions = {}): Tensor {
  return scattered_("scatter_", x, dim, index, source, options);
}

function scattered_(
  operation: string,
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Operand,
  options: ScatterOptions,
): Tensor {
  checkReduction(operation, options);
  const { reduce, includeSelf = true } = options;
  const rounds = reduce === "prod" && (hasHalfGradient(x) || (isTensor(source) && hasHalfGradient(source)));
  if (reduce === "mean" || !includeSelf || rounds) {
    return overwrite(operation, x, [source], (x) => x.scatter(dim, index, source, options));
  }
  const [d, values] = scatterArguments(operation, x, dim, index, source);
  return applyInPlace(x, "scatter", [x, index, values], { dim: d, mode: reduce ?? "set" }, operation);
}

const sum: ScatterOptions = { reduce: "sum" };

export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return scattered("scatterAdd", x, dim, index, source, sum);
}

export function scatterAdd_(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return scattered_("scatterAdd_", x, dim, index, source, sum);
}
