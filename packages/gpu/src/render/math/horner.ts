/** Polynomials in WGSL. */
import { literal } from "../wgsl_types.ts";

/** `c[0] + c[1]·x + …` */
export function horner(x: string, coefficients: readonly number[]): string {
  return coefficients.slice(0, -1).reduceRight(
    (sum, c) => `fma(${sum}, ${x}, ${literal(c)})`,
    literal(coefficients.at(-1)!),
  );
}
