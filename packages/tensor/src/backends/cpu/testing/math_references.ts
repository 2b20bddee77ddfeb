/** What the vector functions are measured against, for tests and the bench: the same in float64, and the errors promised. */
import type { ElementwisePrim } from "../../../prims/attrs.ts";
import { specialFunctions } from "../../reference/special.ts";

const { erf, erfc, sigmoid } = specialFunctions();

/** In float64. */
export const references: Partial<Record<ElementwisePrim, (x: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  erfc,
  sigmoid,
};

/** Largest errors in units in the last place, over every float32 (tools/vector_errors.ts), with and without fused multiply-add. */
export const ulpBounds: Partial<Record<ElementwisePrim, number>> = {
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
  acosh: 4,
  atanh: 4,
  erf: 2,
  erfc: 6.5,
  sigmoid: 4,
  pow: 1,
  atan2: 3,
};

/**
 * How far a float32 is from an exact value, in spacings of float32 numbers there. Infinite where one is NaN, infinite or a zero
 * and the other is not, or is of the other sign.
 */
export function errorInUlp(got: number, exact: number): number {
  if (got !== got || exact !== exact) return got !== got && exact !== exact ? 0 : Infinity;
  const rounded = Math.fround(exact);
  if (Object.is(got, rounded)) return 0;
  if (got === rounded) return Infinity;
  const size = Math.abs(exact);
  const spacing = size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(Math.min(size, 2 ** 127))) - 23);
  // Next to the overflow the largest number and infinity are neighbours.
  const finite = Math.abs(got) === Infinity ? Math.sign(got) * 2 ** 128 : got;
  return Math.abs(finite - exact) / spacing;
}
