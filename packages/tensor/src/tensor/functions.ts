/** Functions of one element, with their in-place forms. */
import { apply, applyInPlace, overwrite } from "../apply.ts";
import { hasHalfGradient, inFloat32 } from "../in_float32.ts";
import { TensorReading } from "./reading.ts";
import type { Tensor } from "./tensor.ts";

const none = {};

type FromResult = "sqrt" | "exp" | "expm1" | "tan" | "tanh" | "erfinv" | "sigmoid";

/** A function whose gradient is computed from its result, which is kept before float16 rounds it. */
function fromResult(prim: FromResult, x: Tensor): Tensor {
  return hasHalfGradient(x) ? inFloat32([x], (x) => apply(prim, [x], none)) : apply(prim, [x], none);
}

function fromResultInPlace(prim: FromResult, x: Tensor): Tensor {
  return hasHalfGradient(x)
    ? overwrite(`${prim}_`, x, [], (x) => fromResult(prim, x))
    : applyInPlace(x, prim, [x], none);
}

/** Part of {@link Tensor}: functions of one element. Integers become float32 where the result has fractions. */
export abstract class TensorFunctions extends TensorReading {
  /** −x. In-place form: `neg_`. */
  neg(this: Tensor): Tensor {
    return apply("neg", [this], none);
  }

  /** {@link neg} in place. */
  neg_(this: Tensor): Tensor {
    return applyInPlace(this, "neg", [this], none);
  }

  /** |x|; the gradient at 0 is 0. In-place form: `abs_`. */
  abs(this: Tensor): Tensor {
    return apply("abs", [this], none);
  }

  /** {@link abs} in place. */
  abs_(this: Tensor): Tensor {
    return applyInPlace(this, "abs", [this], none);
  }

  /** −1, 0 or 1. In-place form: `sign_`. */
  sign(this: Tensor): Tensor {
    return apply("sign", [this], none);
  }

  /** {@link sign} in place. */
  sign_(this: Tensor): Tensor {
    return applyInPlace(this, "sign", [this], none);
  }

  /** The largest integer not above x. In-place form: `floor_`. */
  floor(this: Tensor): Tensor {
    return apply("floor", [this], none);
  }

  /** {@link floor} in place. */
  floor_(this: Tensor): Tensor {
    return applyInPlace(this, "floor", [this], none);
  }

  /** The smallest integer not below x. In-place form: `ceil_`. */
  ceil(this: Tensor): Tensor {
    return apply("ceil", [this], none);
  }

  /** {@link ceil} in place. */
  ceil_(this: Tensor): Tensor {
    return applyInPlace(this, "ceil", [this], none);
  }

  /** x without its fraction. In-place form: `trunc_`. */
  trunc(this: Tensor): Tensor {
    return apply("trunc", [this], none);
  }

  /** {@link trunc} in place. */
  trunc_(this: Tensor): Tensor {
    return applyInPlace(this, "trunc", [this], none);
  }

  /** √x; NaN below 0. In-place form: `sqrt_`. */
  sqrt(this: Tensor): Tensor {
    return fromResult("sqrt", this);
  }

  /** {@link sqrt} in place. */
  sqrt_(this: Tensor): Tensor {
    return fromResultInPlace("sqrt", this);
  }

  /** eˣ. In-place form: `exp_`. */
  exp(this: Tensor): Tensor {
    return fromResult("exp", this);
  }

  /** {@link exp} in place. */
  exp_(this: Tensor): Tensor {
    return fromResultInPlace("exp", this);
  }

  /** eˣ − 1, exact near 0. In-place form: `expm1_`. */
  expm1(this: Tensor): Tensor {
    return fromResult("expm1", this);
  }

  /** {@link expm1} in place. */
  expm1_(this: Tensor): Tensor {
    return fromResultInPlace("expm1", this);
  }

  /** ln x. In-place form: `log_`. */
  log(this: Tensor): Tensor {
    return apply("log", [this], none);
  }

  /** {@link log} in place. */
  log_(this: Tensor): Tensor {
    return applyInPlace(this, "log", [this], none);
  }

  /** log₂ x. In-place form: `log2_`. */
  log2(this: Tensor): Tensor {
    return apply("log2", [this], none);
  }

  /** {@link log2} in place. */
  log2_(this: Tensor): Tensor {
    return applyInPlace(this, "log2", [this], none);
  }

  /** log₁₀ x. In-place form: `log10_`. */
  log10(this: Tensor): Tensor {
    return apply("log10", [this], none);
  }

  /** {@link log10} in place. */
  log10_(this: Tensor): Tensor {
    return applyInPlace(this, "log10", [this], none);
  }

  /** ln(1 + x), exact near 0. In-place form: `log1p_`. */
  log1p(this: Tensor): Tensor {
    return apply("log1p", [this], none);
  }

  /** {@link log1p} in place. */
  log1p_(this: Tensor): Tensor {
    return applyInPlace(this, "log1p", [this], none);
  }

  /** Sine of x in radians. In-place form: `sin_`. */
  sin(this: Tensor): Tensor {
    return apply("sin", [this], none);
  }

  /** {@link sin} in place. */
  sin_(this: Tensor): Tensor {
    return applyInPlace(this, "sin", [this], none);
  }

  /** Cosine of x in radians. In-place form: `cos_`. */
  cos(this: Tensor): Tensor {
    return apply("cos", [this], none);
  }

  /** {@link cos} in place. */
  cos_(this: Tensor): Tensor {
    return applyInPlace(this, "cos", [this], none);
  }

  /** Tangent of x in radians. In-place form: `tan_`. */
  tan(this: Tensor): Tensor {
    return fromResult("tan", this);
  }

  /** {@link tan} in place. */
  tan_(this: Tensor): Tensor {
    return fromResultInPlace("tan", this);
  }

  /** Arc sine, in radians. In-place form: `asin_`. */
  asin(this: Tensor): Tensor {
    return apply("asin", [this], none);
  }

  /** {@link asin} in place. */
  asin_(this: Tensor): Tensor {
    return applyInPlace(this, "asin", [this], none);
  }

  /** Arc cosine, in radians. In-place form: `acos_`. */
  acos(this: Tensor): Tensor {
    return apply("acos", [this], none);
  }

  /** {@link acos} in place. */
  acos_(this: Tensor): Tensor {
    return applyInPlace(this, "acos", [this], none);
  }

  /** Arc tangent, in radians. In-place form: `atan_`. */
  atan(this: Tensor): Tensor {
    return apply("atan", [this], none);
  }

  /** {@link atan} in place. */
  atan_(this: Tensor): Tensor {
    return applyInPlace(this, "atan", [this], none);
  }

  /** Hyperbolic sine. In-place form: `sinh_`. */
  sinh(this: Tensor): Tensor {
    return apply("sinh", [this], none);
  }

  /** {@link sinh} in place. */
  sinh_(this: Tensor): Tensor {
    return applyInPlace(this, "sinh", [this], none);
  }

  /** Hyperbolic cosine. In-place form: `cosh_`. */
  cosh(this: Tensor): Tensor {
    return apply("cosh", [this], none);
  }

  /** {@link cosh} in place. */
  cosh_(this: Tensor): Tensor {
    return applyInPlace(this, "cosh", [this], none);
  }

  /** Hyperbolic tangent. In-place form: `tanh_`. */
  tanh(this: Tensor): Tensor {
    return fromResult("tanh", this);
  }

  /** {@link tanh} in place. */
  tanh_(this: Tensor): Tensor {
    return fromResultInPlace("tanh", this);
  }

  /** Inverse hyperbolic sine. In-place form: `asinh_`. */
  asinh(this: Tensor): Tensor {
    return apply("asinh", [this], none);
  }

  /** {@link asinh} in place. */
  asinh_(this: Tensor): Tensor {
    return applyInPlace(this, "asinh", [this], none);
  }

  /** Inverse hyperbolic cosine. In-place form: `acosh_`. */
  acosh(this: Tensor): Tensor {
    return apply("acosh", [this], none);
  }

  /** {@link acosh} in place. */
  acosh_(this: Tensor): Tensor {
    return applyInPlace(this, "acosh", [this], none);
  }

  /** Inverse hyperbolic tangent. In-place form: `atanh_`. */
  atanh(this: Tensor): Tensor {
    return apply("atanh", [this], none);
  }

  /** {@link atanh} in place. */
  atanh_(this: Tensor): Tensor {
    return applyInPlace(this, "atanh", [this], none);
  }

  /** Error function 2/√π ∫₀ˣ e^(−t²) dt. In-place form: `erf_`. */
  erf(this: Tensor): Tensor {
    return apply("erf", [this], none);
  }

  /** {@link erf} in place. */
  erf_(this: Tensor): Tensor {
    return applyInPlace(this, "erf", [this], none);
  }

  /** 1 − erf(x), exact for large x. In-place form: `erfc_`. */
  erfc(this: Tensor): Tensor {
    return apply("erfc", [this], none);
  }

  /** {@link erfc} in place. */
  erfc_(this: Tensor): Tensor {
    return applyInPlace(this, "erfc", [this], none);
  }

  /** Inverse of {@link erf} on [−1, 1]. In-place form: `erfinv_`. */
  erfinv(this: Tensor): Tensor {
    return fromResult("erfinv", this);
  }

  /** {@link erfinv} in place. */
  erfinv_(this: Tensor): Tensor {
    return fromResultInPlace("erfinv", this);
  }

  /** 1 / (1 + e^(−x)). In-place form: `sigmoid_`. */
  sigmoid(this: Tensor): Tensor {
    return fromResult("sigmoid", this);
  }

  /** {@link sigmoid} in place. */
  sigmoid_(this: Tensor): Tensor {
    return fromResultInPlace("sigmoid", this);
  }

  /** max(x, 0); the gradient at 0 is 0. In-place form: `relu_`. */
  relu(this: Tensor): Tensor {
    return apply("relu", [this], none);
  }

  /** {@link relu} in place. */
  relu_(this: Tensor): Tensor {
    return applyInPlace(this, "relu", [this], none);
  }
}
