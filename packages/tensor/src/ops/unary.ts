/** Element-wise functions of one operand, with their in-place forms. */
import { apply, applyInPlace, overwrite } from "../engine/apply.ts";
import { hasHalfGradient, inFloat32 } from "../engine/upcast.ts";
import type { Tensor } from "../tensor/tensor.ts";

const none = {};

type FromResult = "sqrt" | "exp" | "expm1" | "tan" | "tanh" | "erfinv" | "sigmoid";

/** A function whose gradient is computed from its result. For float16 the result is saved before it is rounded. */
function fromResult(prim: FromResult, x: Tensor): Tensor {
  return hasHalfGradient(x) ? inFloat32([x], (x) => apply(prim, [x], none)) : apply(prim, [x], none);
}

function fromResultInPlace(prim: FromResult, x: Tensor): Tensor {
  return hasHalfGradient(x)
    ? overwrite(`${prim}_`, x, [], (x) => fromResult(prim, x))
    : applyInPlace(x, prim, [x], none);
}

export function neg(x: Tensor): Tensor {
  return apply("neg", [x], none);
}

export function neg_(x: Tensor): Tensor {
  return applyInPlace(x, "neg", [x], none);
}

export function abs(x: Tensor): Tensor {
  return apply("abs", [x], none);
}

export function abs_(x: Tensor): Tensor {
  return applyInPlace(x, "abs", [x], none);
}

export function sign(x: Tensor): Tensor {
  return apply("sign", [x], none);
}

export function sign_(x: Tensor): Tensor {
  return applyInPlace(x, "sign", [x], none);
}

export function floor(x: Tensor): Tensor {
  return apply("floor", [x], none);
}

export function floor_(x: Tensor): Tensor {
  return applyInPlace(x, "floor", [x], none);
}

export function ceil(x: Tensor): Tensor {
  return apply("ceil", [x], none);
}

export function ceil_(x: Tensor): Tensor {
  return applyInPlace(x, "ceil", [x], none);
}

export function trunc(x: Tensor): Tensor {
  return apply("trunc", [x], none);
}

export function trunc_(x: Tensor): Tensor {
  return applyInPlace(x, "trunc", [x], none);
}

export function sqrt(x: Tensor): Tensor {
  return fromResult("sqrt", x);
}

export function sqrt_(x: Tensor): Tensor {
  return fromResultInPlace("sqrt", x);
}

export function exp(x: Tensor): Tensor {
  return fromResult("exp", x);
}

export function exp_(x: Tensor): Tensor {
  return fromResultInPlace("exp", x);
}

export function expm1(x: Tensor): Tensor {
  return fromResult("expm1", x);
}

export function expm1_(x: Tensor): Tensor {
  return fromResultInPlace("expm1", x);
}

export function log(x: Tensor): Tensor {
  return apply("log", [x], none);
}

export function log_(x: Tensor): Tensor {
  return applyInPlace(x, "log", [x], none);
}

export function log2(x: Tensor): Tensor {
  return apply("log2", [x], none);
}

export function log2_(x: Tensor): Tensor {
  return applyInPlace(x, "log2", [x], none);
}

export function log10(x: Tensor): Tensor {
  return apply("log10", [x], none);
}

export function log10_(x: Tensor): Tensor {
  return applyInPlace(x, "log10", [x], none);
}

export function log1p(x: Tensor): Tensor {
  return apply("log1p", [x], none);
}

export function log1p_(x: Tensor): Tensor {
  return applyInPlace(x, "log1p", [x], none);
}

export function sin(x: Tensor): Tensor {
  return apply("sin", [x], none);
}

export function sin_(x: Tensor): Tensor {
  return applyInPlace(x, "sin", [x], none);
}

export function cos(x: Tensor): Tensor {
  return apply("cos", [x], none);
}

export function cos_(x: Tensor): Tensor {
  return applyInPlace(x, "cos", [x], none);
}

export function tan(x: Tensor): Tensor {
  return fromResult("tan", x);
}

export function tan_(x: Tensor): Tensor {
  return fromResultInPlace("tan", x);
}

export function asin(x: Tensor): Tensor {
  return apply("asin", [x], none);
}

export function asin_(x: Tensor): Tensor {
  return applyInPlace(x, "asin", [x], none);
}

export function acos(x: Tensor): Tensor {
  return apply("acos", [x], none);
}

export function acos_(x: Tensor): Tensor {
  return applyInPlace(x, "acos", [x], none);
}

export function atan(x: Tensor): Tensor {
  return apply("atan", [x], none);
}

export function atan_(x: Tensor): Tensor {
  return applyInPlace(x, "atan", [x], none);
}

export function sinh(x: Tensor): Tensor {
  return apply("sinh", [x], none);
}

export function sinh_(x: Tensor): Tensor {
  return applyInPlace(x, "sinh", [x], none);
}

export function cosh(x: Tensor): Tensor {
  return apply("cosh", [x], none);
}

export function cosh_(x: Tensor): Tensor {
  return applyInPlace(x, "cosh", [x], none);
}

export function tanh(x: Tensor): Tensor {
  return fromResult("tanh", x);
}

export function tanh_(x: Tensor): Tensor {
  return fromResultInPlace("tanh", x);
}

export function asinh(x: Tensor): Tensor {
  return apply("asinh", [x], none);
}

export function asinh_(x: Tensor): Tensor {
  return applyInPlace(x, "asinh", [x], none);
}

export function acosh(x: Tensor): Tensor {
  return apply("acosh", [x], none);
}

export function acosh_(x: Tensor): Tensor {
  return applyInPlace(x, "acosh", [x], none);
}

export function atanh(x: Tensor): Tensor {
  return apply("atanh", [x], none);
}

export function atanh_(x: Tensor): Tensor {
  return applyInPlace(x, "atanh", [x], none);
}

export function erf(x: Tensor): Tensor {
  return apply("erf", [x], none);
}

export function erf_(x: Tensor): Tensor {
  return applyInPlace(x, "erf", [x], none);
}

export function erfc(x: Tensor): Tensor {
  return apply("erfc", [x], none);
}

export function erfc_(x: Tensor): Tensor {
  return applyInPlace(x, "erfc", [x], none);
}

export function erfinv(x: Tensor): Tensor {
  return fromResult("erfinv", x);
}

export function erfinv_(x: Tensor): Tensor {
  return fromResultInPlace("erfinv", x);
}

export function sigmoid(x: Tensor): Tensor {
  return fromResult("sigmoid", x);
}

export function sigmoid_(x: Tensor): Tensor {
  return fromResultInPlace("sigmoid", x);
}

export function relu(x: Tensor): Tensor {
  return apply("relu", [x], none);
}

export function relu_(x: Tensor): Tensor {
  return applyInPlace(x, "relu", [x], none);
}

export function lgamma(x: Tensor): Tensor {
  return apply("lgamma", [x], none);
}

export function lgamma_(x: Tensor): Tensor {
  return applyInPlace(x, "lgamma", [x], none);
}

export function digamma(x: Tensor): Tensor {
  return apply("digamma", [x], none);
}

export function digamma_(x: Tensor): Tensor {
  return applyInPlace(x, "digamma", [x], none);
}

export function sinc(x: Tensor): Tensor {
  return apply("sinc", [x], none);
}

export function sinc_(x: Tensor): Tensor {
  return applyInPlace(x, "sinc", [x], none);
}
