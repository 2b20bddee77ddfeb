/** Divisors and multiples, and the floats next to floats. */
import { apply, applyInPlace, overwrite } from "../engine/apply.ts";
import { resultType } from "../dtype.ts";
import { checkOperands } from "../engine/checks.ts";
import type { Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

const none = {};

export function gcd(x: Tensor, other: Operand): Tensor {
  return apply("gcd", [x, other], none);
}

export function gcd_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "gcd", [x, other], none);
}

export function lcm(x: Tensor, other: Operand): Tensor {
  const divisor = apply("gcd", [x, other], none, "lcm");
  const safe = apply("where", [divisor.eq(0), 1, divisor], none);
  return x.to(divisor.dtype).floorDivide(safe).mul(other).abs();
}

export function lcm_(x: Tensor, other: Operand): Tensor {
  return overwrite("lcm_", x, [other], (x) => x.lcm(other));
}

/** @throws TypeError unless the result is float32 or float64. */
function checkStep(operation: string, x: Tensor, other: Operand): void {
  checkOperands(operation, [other]);
  const dtype = resultType([x, other]);
  if (dtype !== "float32" && dtype !== "float64") {
    throw new TypeError(`${operation}: defined on float32 and float64, got ${dtype}; cast with .to("float32")`);
  }
}

export function nextafter(x: Tensor, other: Operand): Tensor {
  checkStep("nextafter", x, other);
  return apply("nextafter", [x, other], none);
}

export function nextafter_(x: Tensor, other: Operand): Tensor {
  checkStep("nextafter_", x, other);
  return applyInPlace(x, "nextafter", [x, other], none);
}
