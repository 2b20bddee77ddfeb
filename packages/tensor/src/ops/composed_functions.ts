/** Functions of one or two elements that are made of others. */
import { apply, overwrite } from "../engine/apply.ts";
import { checkNumber, checkOperands } from "../engine/checks.ts";
import { isFloat, resultType } from "../dtype.ts";
import { inDType, inFloat32 } from "../engine/upcast.ts";
import { constant } from "../engine/fill.ts";
import { isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

const none = {};

/** The first where it is at least (or at most) the second, or the second is NaN; so of equals the first has the gradient. */
function preferred(operation: string, prim: "ge" | "le", x: Tensor, other: Operand): Tensor {
  checkOperands(operation, [other]);
  const missing = isTensor(other) ? other.isnan() : other !== other;
  return apply("where", [apply(prim, [x, other], none, operation).logicalOr(missing), x, other], none, operation);
}

export function fmax(x: Tensor, other: Operand): Tensor {
  return preferred("fmax", "ge", x, other);
}

export function fmin(x: Tensor, other: Operand): Tensor {
  return preferred("fmin", "le", x, other);
}

export function xlogy(x: Tensor, other: Operand): Tensor {
  checkOperands("xlogy", [other]);
  const dtype = resultType([x, other]);
  if (!isFloat(dtype)) return x.to("float32").xlogy(other);
  if (!isTensor(other)) return x.xlogy(constant("xlogy", other, dtype, x.device));
  return inFloat32([inDType(x, dtype), inDType(other, dtype)], (x, other) => {
    // 0 · ln(y) is 0 also where the logarithm is not finite.
    const lost = other.le(0).logicalOr(other.eq(Infinity));
    const safe = apply("where", [x.eq(0).logicalAnd(lost), 1, other], none, "xlogy");
    return x.mul(safe.log());
  });
}

export function xlogy_(x: Tensor, other: Operand): Tensor {
  return overwrite("xlogy_", x, [other], (x) => x.xlogy(other));
}

export function hypot(x: Tensor, other: Operand): Tensor {
  checkOperands("hypot", [other]);
  const dtype = resultType([x, other]);
  if (!isFloat(dtype)) {
    throw new TypeError(`hypot: needs floating-point tensors, got ${dtype}; cast with .to("float32")`);
  }
  const second = inDType(other, dtype);
  return inFloat32([inDType(x, dtype), isTensor(second) ? second : null], (x, wide) => {
    const given = wide ?? second;
    // Divided by the larger of the two, squares neither overflow nor vanish.
    const far = x.detach().abs().maximum(isTensor(given) ? given.detach().abs() : Math.abs(Number(given)));
    const scale = apply("where", [far.eq(0).logicalOr(far.eq(Infinity)), 1, far], none);
    const length = x.div(scale).square().add(apply("div", [given, scale], none).square()).sqrt().mul(scale);
    // Infinity, also where the other is NaN.
    const infinite = x.isinf().logicalOr(isTensor(given) ? given.isinf() : Math.abs(Number(given)) === Infinity);
    return apply("where", [infinite, Infinity, length], none);
  });
}

export function hypot_(x: Tensor, other: Operand): Tensor {
  return overwrite("hypot_", x, [other], (x) => x.hypot(other));
}

export function copysign(x: Tensor, other: Operand): Tensor {
  checkOperands("copysign", [other]);
  const dtype = resultType([x, other]);
  if (!isFloat(dtype)) return x.to("float32").copysign(other);
  // The reciprocal of −0 is below 0 as well.
  const negative = isTensor(other)
    ? other.lt(0).logicalOr(other.eq(0).logicalAnd(other.reciprocal().lt(0)))
    : Number(other) < 0 || Object.is(other, -0);
  // The result has the promoted dtype, though the other gives no more than its sign.
  const size = x.to(dtype).abs();
  return apply("where", [size.ge(0).logicalAnd(negative), size.neg(), size], none);
}

export function copysign_(x: Tensor, other: Operand): Tensor {
  return overwrite("copysign_", x, [other], (x) => x.copysign(other));
}

/** The odds' logarithm, of a number from 0 to 1. */
export function logit(x: Tensor, eps?: number): Tensor {
  if (eps !== undefined) checkNumber("logit", "eps", eps);
  if (!isFloat(x.dtype)) return x.to("float32").logit(eps);
  return inFloat32([x], (x) => {
    const p = eps === undefined ? x : x.clamp({ min: eps, max: 1 - eps });
    return p.div(apply("sub", [1, p], none)).log();
  });
}

export function logit_(x: Tensor, eps?: number): Tensor {
  return overwrite("logit_", x, [], (x) => x.logit(eps));
}

export function deg2rad(x: Tensor): Tensor {
  return x.mul(Math.PI / 180);
}

export function deg2rad_(x: Tensor): Tensor {
  return x.mul_(Math.PI / 180);
}

export function rad2deg(x: Tensor): Tensor {
  return x.mul(180 / Math.PI);
}

export function rad2deg_(x: Tensor): Tensor {
  return x.mul_(180 / Math.PI);
}

/** The step function; `values` is what it is at 0. Only `values` has a gradient. */
export function heaviside(x: Tensor, values: Operand): Tensor {
  checkOperands("heaviside", [values]);
  if (isTensor(values) && values.dtype !== x.dtype) {
    throw new TypeError(
      `heaviside: the values are ${values.dtype}, the tensor ${x.dtype}; cast the values with .to("${x.dtype}")`,
    );
  }
  const at0 = isTensor(values) ? values : constant("heaviside", values, x.dtype, x.device);
  const input = x.detach();
  return apply("where", [input.eq(0), at0, input.gt(0).to(x.dtype)], none, "heaviside");
}

export function heaviside_(x: Tensor, values: Operand): Tensor {
  return overwrite("heaviside_", x, [values], (x) => x.heaviside(values));
}

/** x · 2^other. */
export function ldexp(x: Tensor, other: Operand): Tensor {
  checkOperands("ldexp", [other]);
  const dtype = resultType([x, other]);
  if (!isFloat(dtype)) return x.to("float32").ldexp(other);
  const exponent = isTensor(other) ? other.to(dtype) : constant("ldexp", other, dtype, x.device);
  return inFloat32([x, exponent], (x, exponent) => x.mul(exponent.exp2()));
}

export function ldexp_(x: Tensor, other: Operand): Tensor {
  return overwrite("ldexp_", x, [other], (x) => x.ldexp(other));
}

/** log₂(2^x + 2^other). */
export function logaddexp2(x: Tensor, other: Operand): Tensor {
  checkOperands("logaddexp2", [other]);
  const dtype = resultType([x, other]);
  if (!isFloat(dtype)) return x.to("float32").logaddexp2(other);
  return inFloat32(
    [inDType(x, dtype), isTensor(other) ? inDType(other, dtype) : null],
    (x, wide) => {
      const scaled = wide === null ? Number(other) * Math.LN2 : wide.mul(Math.LN2);
      return x.mul(Math.LN2).logaddexp(scaled).mul(Math.LOG2E);
    },
  );
}

/** The power in float64. */
export function floatPower(x: Tensor, exponent: Operand): Tensor {
  checkOperands("floatPower", [exponent]);
  return x.to("float64").pow(isTensor(exponent) ? exponent.to("float64") : Number(exponent));
}

export function floatPower_(x: Tensor, exponent: Operand): Tensor {
  if (x.dtype !== "float64") {
    throw new TypeError(`floatPower_: the result is float64, the tensor ${x.dtype}; use floatPower`);
  }
  return overwrite("floatPower_", x, [exponent], (x) => x.floatPower(exponent));
}
