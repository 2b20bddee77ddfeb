/** Reductions that leave NaN out, and finite numbers in its place. */
import { apply, overwrite } from "../engine/apply.ts";
import { checkNumber } from "../engine/checks.ts";
import { constant } from "../engine/fill.ts";
import { type DType, finfo, isFloat } from "../dtype.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import { checkOptions } from "../options.ts";
import { normalizeDims } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloat, type Dims, type ReduceOptions } from "./reduction.ts";

const none = {};

/** What replaces the values that are not finite. */
export interface NanToNumOptions {
  /** For NaN, by default 0. */
  readonly nan?: number;
  /** For infinity, by default the largest number of the dtype. */
  readonly posinf?: number;
  /** For −infinity, by default the smallest number of the dtype. */
  readonly neginf?: number;
}

function withoutNan(x: Tensor): Tensor {
  return isFloat(x.dtype) ? apply("where", [x.isnan(), constant("nansum", 0, x.dtype, x.device), x], none) : x;
}

export function nansum(x: Tensor, dim?: Dims, options: ReduceOptions & { readonly dtype?: DType } = {}): Tensor {
  checkOptions("nansum", options, ["dtype", "keepdim"]);
  normalizeDims("nansum", dim, x.ndim);
  return withoutNan(x).sum(dim, options);
}

export function nanmean(x: Tensor, dim?: Dims, options: ReduceOptions & { readonly dtype?: DType } = {}): Tensor {
  checkOptions("nanmean", options, ["dtype", "keepdim"]);
  checkFloat("nanmean", x);
  normalizeDims("nanmean", dim, x.ndim);
  const { keepdim = false, dtype = x.dtype } = options;
  if (dtype !== x.dtype) return x.to(dtype).nanmean(dim, { keepdim });
  if (isHalf(x)) return inFloat32([x], (x) => x.nanmean(dim, { keepdim }));
  const count = x.detach().isnan().logicalNot().sum(dim, { keepdim });
  return x.nansum(dim, { keepdim }).div(count);
}

function checkReplacements(operation: string, options: NanToNumOptions): void {
  checkOptions(operation, options, ["nan", "neginf", "posinf"]);
}

export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  checkReplacements("nanToNum", options);
  const limits = finfo(isFloat(x.dtype) ? x.dtype as "float32" : "float32");
  const { nan = 0, posinf = limits.max, neginf = -limits.max } = options;
  for (const [name, value] of Object.entries({ nan, posinf, neginf })) checkNumber("nanToNum", name, value);
  if (!isFloat(x.dtype)) return x.clone();
  const value = (number: number) => constant("nanToNum", number, x.dtype, x.device);
  const finite = apply("where", [x.isnan(), value(nan), x], none);
  const below = apply("where", [x.eq(Infinity), value(posinf), finite], none);
  return apply("where", [x.eq(-Infinity), value(neginf), below], none);
}

export function nanToNum_(x: Tensor, options: NanToNumOptions = {}): Tensor {
  checkReplacements("nanToNum_", options);
  return overwrite("nanToNum_", x, [], (x) => x.nanToNum(options));
}
