/** Comparison, logic, bitwise operations and tests of values. */
import { apply, applyInPlace } from "../engine/apply.ts";
import { checkNumber, checkTensor } from "../engine/checks.ts";
import { isFloat } from "../dtype.ts";
import { isHalf, widened } from "../engine/upcast.ts";
import { sameShape } from "../shape.ts";
import type { Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkOptions } from "../options.ts";

const none = {};

/** Tolerances of `isclose` and `allclose`: |a − b| ≤ atol + rtol · |b|. */
export interface CloseOptions {
  /** Relative tolerance, by default 1e-5. */
  readonly rtol?: number;
  /** Absolute tolerance, by default 1e-8. */
  readonly atol?: number;
  /** Whether two NaN are close. */
  readonly equalNan?: boolean;
}

/** Two tensors as floats, and their absolute difference. */
function comparable(x: Tensor, y: Tensor): [a: Tensor, b: Tensor, difference: Tensor] {
  if (isHalf(x)) return comparable(widened(x), widened(y));
  if (isFloat(x.dtype)) return [x, y, x.sub(y)];
  const wide = x.device.backend.supports("float64");
  const [a, b] = wide ? [x.to("float64"), y.to("float64")] : [x.to("float32"), y.to("float32")];
  if (wide || isFloat(y.dtype)) return [a, b, a.sub(b)];
  // float32 holds integers of 24 bits. The difference of integers of equal sign does not overflow.
  const [i, j] = [x.to("int32"), y.to("int32")];
  return [a, b, apply("where", [i.lt(0).eq(j.lt(0)), i.sub(j).to("float32"), a.sub(b)], none)];
}

export function eq(x: Tensor, other: Operand): Tensor {
  return apply("eq", [x, other], none);
}

export function eq_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "eq", [x, other], none);
}

export function ne(x: Tensor, other: Operand): Tensor {
  return apply("ne", [x, other], none);
}

export function ne_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "ne", [x, other], none);
}

export function lt(x: Tensor, other: Operand): Tensor {
  return apply("lt", [x, other], none);
}

export function lt_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "lt", [x, other], none);
}

export function le(x: Tensor, other: Operand): Tensor {
  return apply("le", [x, other], none);
}

export function le_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "le", [x, other], none);
}

export function gt(x: Tensor, other: Operand): Tensor {
  return apply("gt", [x, other], none);
}

export function gt_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "gt", [x, other], none);
}

export function ge(x: Tensor, other: Operand): Tensor {
  return apply("ge", [x, other], none);
}

export function ge_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "ge", [x, other], none);
}

export function logicalAnd(x: Tensor, other: Operand): Tensor {
  return apply("logicalAnd", [x, other], none);
}

export function logicalAnd_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "logicalAnd", [x, other], none);
}

export function logicalOr(x: Tensor, other: Operand): Tensor {
  return apply("logicalOr", [x, other], none);
}

export function logicalOr_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "logicalOr", [x, other], none);
}

export function logicalXor(x: Tensor, other: Operand): Tensor {
  return apply("logicalXor", [x, other], none);
}

export function logicalXor_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "logicalXor", [x, other], none);
}

export function logicalNot(x: Tensor): Tensor {
  return apply("logicalNot", [x], none);
}

export function logicalNot_(x: Tensor): Tensor {
  return applyInPlace(x, "logicalNot", [x], none);
}

export function isnan(x: Tensor): Tensor {
  return apply("isnan", [x], none);
}

export function isinf(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x.abs().eq(Infinity) : apply("isnan", [x], none);
}

export function isfinite(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x.abs().lt(Infinity) : apply("isnan", [x], none).logicalNot();
}

export function isclose(x: Tensor, other: Tensor, options: CloseOptions = {}): Tensor {
  checkOptions("isclose", options, ["atol", "equalNan", "rtol"]);
  checkTensor("isclose", other);
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  checkNumber("isclose", "rtol", rtol);
  checkNumber("isclose", "atol", atol);
  const [a, b, difference] = comparable(x, other);
  const near = difference.abs().le(b.abs().mul(rtol).add(atol)).logicalAnd(b.isfinite());
  const close = x.eq(other).logicalOr(near);
  return equalNan ? close.logicalOr(a.isnan().logicalAnd(b.isnan())) : close;
}

export function allclose(x: Tensor, other: Tensor, options: CloseOptions = {}): boolean {
  return x.isclose(other, options).all().item() === 1;
}

export function equal(x: Tensor, other: Tensor): boolean {
  checkTensor("equal", other);
  return sameShape(x.shape, other.shape) && x.eq(other).all().item() === 1;
}

export function bitwiseNot(x: Tensor): Tensor {
  return apply("bitwiseNot", [x], none);
}

export function bitwiseNot_(x: Tensor): Tensor {
  return applyInPlace(x, "bitwiseNot", [x], none);
}

export function bitwiseAnd(x: Tensor, other: Operand): Tensor {
  return apply("bitwiseAnd", [x, other], none);
}

export function bitwiseAnd_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "bitwiseAnd", [x, other], none);
}

export function bitwiseOr(x: Tensor, other: Operand): Tensor {
  return apply("bitwiseOr", [x, other], none);
}

export function bitwiseOr_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "bitwiseOr", [x, other], none);
}

export function bitwiseXor(x: Tensor, other: Operand): Tensor {
  return apply("bitwiseXor", [x, other], none);
}

export function bitwiseXor_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "bitwiseXor", [x, other], none);
}

export function bitwiseLeftShift(x: Tensor, other: Operand): Tensor {
  return apply("bitwiseLeftShift", [x, other], none);
}

export function bitwiseLeftShift_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "bitwiseLeftShift", [x, other], none);
}

export function bitwiseRightShift(x: Tensor, other: Operand): Tensor {
  return apply("bitwiseRightShift", [x, other], none);
}

export function bitwiseRightShift_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "bitwiseRightShift", [x, other], none);
}

export function isposinf(x: Tensor): Tensor {
  return isFloat(x.dtype) ? apply("eq", [x, Infinity], none, "isposinf") : apply("isnan", [x], none, "isposinf");
}

export function isneginf(x: Tensor): Tensor {
  return isFloat(x.dtype) ? apply("eq", [x, -Infinity], none, "isneginf") : apply("isnan", [x], none, "isneginf");
}

/** Whether the sign is a minus, also that of −0. */
export function signbit(operand: Tensor): Tensor {
  const x = operand.detach();
  if (!isFloat(x.dtype)) return x.lt(0);
  // The reciprocal of −0 is below 0 as well.
  return x.lt(0).logicalOr(x.eq(0).logicalAnd(x.reciprocal().lt(0)));
}
