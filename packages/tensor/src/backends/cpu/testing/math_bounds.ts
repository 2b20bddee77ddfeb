/** Error bounds of the vector functions, for tests and benchmarks. The reference backend has the functions they are measured against. */
import type { FunctionPrim } from "../../../prims/elementwise.ts";

/** The largest errors in ulp, where they differ from {@link usualBound}. */
const ulpBounds: { readonly [P in FunctionPrim]?: number } = {
  exp: 2,
  expm1: 2,
  log: 1,
  log2: 1.5,
  log10: 2,
  log1p: 1.5,
  sin: 2.5,
  cos: 2.5,
  tan: 3.5,
  asin: 2.5,
  acos: 1.5,
  atan: 2,
  sinh: 2.5,
  cosh: 2.5,
  tanh: 2.5,
  asinh: 2,
  erf: 2,
  erfc: 6.5,
  pow: 1,
  atan2: 3,
};

/** The largest error of a function for which no bound is listed. */
const usualBound = 4;

/**
 * Largest error of a vector function in units in the last place, over every float32 (tools/vector_errors.ts), with and without fused
 * multiply-add.
 */
export function ulpBound(prim: FunctionPrim): number {
  return ulpBounds[prim] ?? usualBound;
}

/**
 * The error of a float32 against an exact value, in spacings of float32 numbers there. It is infinite if only one of the two is
 * NaN, infinite or zero, or if such values differ in sign.
 */
export function errorInUlp(got: number, exact: number): number {
  if (got !== got || exact !== exact) return got !== got && exact !== exact ? 0 : Infinity;
  const rounded = Math.fround(exact);
  if (Object.is(got, rounded)) return 0;
  if (got === rounded) return Infinity;
  const size = Math.abs(exact);
  const spacing = size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(Math.min(size, 2 ** 127))) - 23);
  // At overflow, treat infinity as the successor of the largest number.
  const finite = Math.abs(got) === Infinity ? Math.sign(got) * 2 ** 128 : got;
  return Math.abs(finite - exact) / spacing;
}
