/** Element-wise arithmetic, with its in-place forms. */
import { apply, applyInPlace, overwrite } from "../apply.ts";
import { checkOperands, checkTensor } from "../checks.ts";
import { checkOption, checkOptions } from "../options.ts";
import { isFloat, isInteger, resultType, type Scalar } from "../dtype.ts";
import { hasHalfGradient, inFloat32, widened } from "../in_float32.ts";
import { elementValue } from "../scalar.ts";
import { tidy } from "../scope.ts";
import type { Operand } from "./core.ts";
import { TensorFunctions } from "./functions.ts";
import { Tensor } from "./tensor.ts";

const none = {};

/** How a quotient is rounded: towards zero, down, or not at all. */
export interface DivOptions {
  readonly roundingMode?: "trunc" | "floor";
}

/** Bounds of `clamp`; one may be left out. */
export interface ClampOptions {
  readonly min?: Operand;
  readonly max?: Operand;
}

/** A factor of the second operand. */
export interface AlphaOptions {
  readonly alpha?: Scalar;
}

const unscaled: AlphaOptions = {};

/** `alpha · other`, without work where alpha is 1; of float16 in float32. */
function scaled(operation: string, other: Operand, options: AlphaOptions): Operand {
  if (options === unscaled) return other;
  checkOptions(operation, options, ["alpha"]);
  const { alpha } = options;
  if (alpha === undefined || alpha === 1) return other;
  checkOperands(operation, [other, alpha]);
  if (other instanceof Tensor) {
    // A factor of integers wraps, as the product does: −1 turns an addition of uint8 into a subtraction.
    const dtype = resultType([other, alpha]);
    const factor = isInteger(dtype) ? elementValue(alpha, dtype) : alpha;
    return apply("mul", [widened(other), factor], none, operation);
  }
  return typeof other === "bigint" && typeof alpha === "bigint" ? other * alpha : Number(other) * Number(alpha);
}

/** Integers to negative powers are fractions. @throws RangeError for them, as PyTorch. */
function checkPower(base: Tensor, exponent: Operand): void {
  if (
    !(exponent instanceof Tensor) && Number(exponent) < 0 && !isFloat(base.dtype) && Number.isInteger(Number(exponent))
  ) {
    throw new RangeError(
      `pow: ${base.dtype} to the negative power ${exponent} is not an integer; cast with .to("float32") first`,
    );
  }
}

/** To how many decimals `round` rounds; negative ones are tens, hundreds, … */
export interface RoundOptions {
  readonly decimals?: number;
}

function decimalsOf(operation: string, options: RoundOptions): number {
  checkOptions(operation, options, ["decimals"]);
  const { decimals = 0 } = options;
  if (!Number.isInteger(decimals)) throw new RangeError(`${operation}: decimals is ${decimals}; it must be an integer`);
  return decimals;
}

/** Part of {@link Tensor}: element-wise arithmetic. Integers become float32 where the result has fractions. */
export abstract class TensorElementwise extends TensorFunctions {
  /** this · other; broadcasts. In-place form: `mul_`. */
  mul(this: Tensor, other: Operand): Tensor {
    return apply("mul", [this, other], none);
  }

  /** {@link mul} in place. */
  mul_(this: Tensor, other: Operand): Tensor {
    return applyInPlace(this, "mul", [this, other], none);
  }

  /** The larger of two elements; NaN where either is; broadcasts. */
  maximum(this: Tensor, other: Operand): Tensor {
    return apply("maximum", [this, other], none);
  }

  /** The smaller of two elements; NaN where either is; broadcasts. */
  minimum(this: Tensor, other: Operand): Tensor {
    return apply("minimum", [this, other], none);
  }

  /** Remainder with the sign of the divisor, as Python's `%`; broadcasts. In-place form: `remainder_`. */
  remainder(this: Tensor, other: Operand): Tensor {
    return apply("remainder", [this, other], none);
  }

  /** {@link remainder} in place. */
  remainder_(this: Tensor, other: Operand): Tensor {
    return applyInPlace(this, "remainder", [this, other], none);
  }

  /** Remainder with the sign of the dividend, as C's and JavaScript's `%`; broadcasts. In-place form: `fmod_`. */
  fmod(this: Tensor, other: Operand): Tensor {
    return apply("fmod", [this, other], none);
  }

  /** {@link fmod} in place. */
  fmod_(this: Tensor, other: Operand): Tensor {
    return applyInPlace(this, "fmod", [this, other], none);
  }

  /** Quotient rounded down; broadcasts. In-place form: `floorDivide_`. */
  floorDivide(this: Tensor, other: Operand): Tensor {
    return apply("floorDivide", [this, other], none);
  }

  /** {@link floorDivide} in place. */
  floorDivide_(this: Tensor, other: Operand): Tensor {
    return applyInPlace(this, "floorDivide", [this, other], none);
  }

  /** Angle of the point (other, this), in radians; broadcasts. In-place form: `atan2_`. */
  atan2(this: Tensor, other: Operand): Tensor {
    return apply("atan2", [this, other], none);
  }

  /** {@link atan2} in place. */
  atan2_(this: Tensor, other: Operand): Tensor {
    return applyInPlace(this, "atan2", [this, other], none);
  }

  /**
   * this + alpha · other; broadcasts. In-place form: `add_`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).add(tensor([[10], [20]])).shape; // [2, 2]
   * ```
   */
  add(this: Tensor, other: Operand, options: AlphaOptions = unscaled): Tensor {
    if (options === unscaled || !(other instanceof Tensor)) {
      return apply("add", [this, scaled("add", other, options)], none);
    }
    return tidy(() => inFloat32([this, other], (x, other) => apply("add", [x, scaled("add", other, options)], none)));
  }

  /** {@link add} in place. */
  add_(this: Tensor, other: Operand, options: AlphaOptions = unscaled): Tensor {
    if (options === unscaled) return applyInPlace(this, "add", [this, other], none);
    return tidy(() => applyInPlace(this, "add", [this, scaled("add_", other, options)], none));
  }

  /**
   * this − alpha · other; broadcasts. In-place form: `sub_`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).sub(tensor([[10], [20]])).shape; // [2, 2]
   * ```
   */
  sub(this: Tensor, other: Operand, options: AlphaOptions = unscaled): Tensor {
    if (options === unscaled || !(other instanceof Tensor)) {
      return apply("sub", [this, scaled("sub", other, options)], none);
    }
    return tidy(() => inFloat32([this, other], (x, other) => apply("sub", [x, scaled("sub", other, options)], none)));
  }

  /** {@link sub} in place. */
  sub_(this: Tensor, other: Operand, options: AlphaOptions = unscaled): Tensor {
    if (options === unscaled) return applyInPlace(this, "sub", [this, other], none);
    return tidy(() => applyInPlace(this, "sub", [this, scaled("sub_", other, options)], none));
  }

  /** this / other; integers give float32 unless a `roundingMode` is given. In-place form: `div_`. */
  div(this: Tensor, other: Operand, options: DivOptions = {}): Tensor {
    checkOptions("div", options, ["roundingMode"]);
    if (options.roundingMode === undefined) return apply("div", [this, other], none);
    if (options.roundingMode === "floor") return apply("floorDivide", [this, other], none);
    checkOption("div", "roundingMode", options.roundingMode, ["trunc", "floor"]);
    const whole = !isFloat(resultType([this, other]));
    // For integers the truncated quotient is exact: take off the remainder that has the dividend's sign.
    return whole ? this.sub(apply("fmod", [this, other], none)).floorDivide(other) : inFloat32(
      [this, other instanceof Tensor ? other : null],
      (x, y) => apply("div", [x, y ?? other], none).trunc(),
    );
  }

  /** {@link div} in place. */
  div_(this: Tensor, other: Operand, options: DivOptions = {}): Tensor {
    checkOptions("div_", options, ["roundingMode"]);
    if (options.roundingMode === undefined) return applyInPlace(this, "div", [this, other], none);
    return overwrite("div_", this, [other], (x) => x.div(other, options));
  }

  /**
   * this to the power of `exponent`; broadcasts. In-place form: `pow_`.
   *
   * @throws RangeError for an integer tensor and a negative integer exponent.
   */
  pow(this: Tensor, exponent: Operand): Tensor {
    checkPower(this, exponent);
    // As PyTorch does: faster everywhere, and at -0 and -∞ a root is not C's power.
    if (exponent === 2 && this.dtype !== "bool") return apply("mul", [this, this], none);
    if (exponent === 0.5 && isFloat(this.dtype)) return this.sqrt();
    if (exponent === -0.5 && isFloat(this.dtype)) return this.rsqrt();
    if (exponent instanceof Tensor && hasHalfGradient(exponent)) {
      return inFloat32([this, exponent], (x, exponent) => apply("pow", [x, exponent], none));
    }
    return apply("pow", [this, exponent], none);
  }

  /** {@link pow} in place. */
  pow_(this: Tensor, exponent: Operand): Tensor {
    checkPower(this, exponent);
    if (exponent === 2 && this.dtype !== "bool") return applyInPlace(this, "mul", [this, this], none, "pow_");
    if (exponent === 0.5 && isFloat(this.dtype)) return this.sqrt_();
    if (exponent === -0.5 && isFloat(this.dtype)) return this.rsqrt_();
    if (exponent instanceof Tensor && hasHalfGradient(exponent)) {
      return overwrite("pow_", this, [exponent], (x) => x.pow(exponent));
    }
    return applyInPlace(this, "pow", [this, exponent], none);
  }

  /** Rounded to the nearest integer, ties to even, or to a number of decimals. In-place form: `round_`. */
  round(this: Tensor, options: RoundOptions = {}): Tensor {
    const decimals = decimalsOf("round", options);
    if (decimals === 0) return apply("round", [this], none);
    if (this.dtype === "float16") return inFloat32([this], (x) => x.round(options));
    const scale = 10 ** Math.abs(decimals);
    return decimals > 0
      ? apply("round", [this.mul(scale)], none).div(scale)
      : apply("round", [this.div(scale)], none).mul(scale);
  }

  /** {@link round} in place. */
  round_(this: Tensor, options: RoundOptions = {}): Tensor {
    if (decimalsOf("round_", options) === 0) return applyInPlace(this, "round", [this], none);
    return overwrite("round_", this, [], (x) => x.round(options));
  }

  /** The fraction of x, with its sign. In-place form: `frac_`. */
  frac(this: Tensor): Tensor {
    return this.sub(this.trunc());
  }

  /** {@link frac} in place. */
  frac_(this: Tensor): Tensor {
    return this.sub_(this.trunc());
  }

  /** 1 / x. In-place form: `reciprocal_`. */
  reciprocal(this: Tensor): Tensor {
    return apply("div", [1, this], none);
  }

  /** {@link reciprocal} in place. */
  reciprocal_(this: Tensor): Tensor {
    return applyInPlace(this, "div", [1, this], none, "reciprocal_");
  }

  /** x². In-place form: `square_`. */
  square(this: Tensor): Tensor {
    return this.pow(2);
  }

  /** {@link square} in place. */
  square_(this: Tensor): Tensor {
    return this.pow_(2);
  }

  /** 1 / √x. In-place form: `rsqrt_`. */
  rsqrt(this: Tensor): Tensor {
    return inFloat32([this], (x) => x.sqrt().reciprocal());
  }

  /** {@link rsqrt} in place. */
  rsqrt_(this: Tensor): Tensor {
    if (this.dtype === "float16") return overwrite("rsqrt_", this, [], (x) => x.rsqrt());
    return applyInPlace(this, "sqrt", [this], none, "rsqrt_").reciprocal_();
  }

  /** 2ˣ. In-place form: `exp2_`. */
  exp2(this: Tensor): Tensor {
    const x = isFloat(this.dtype) ? this : this.to("float32");
    return hasHalfGradient(x) ? inFloat32([x], (x) => x.exp2()) : apply("pow", [2, x], none);
  }

  /** {@link exp2} in place. */
  exp2_(this: Tensor): Tensor {
    if (hasHalfGradient(this)) return overwrite("exp2_", this, [], (x) => x.exp2());
    return applyInPlace(this, "pow", [2, isFloat(this.dtype) ? this : this.to("float32")], none, "exp2_");
  }

  /** this + weight · (end − this), exactly `end` at weight 1; broadcasts. In-place form: `lerp_`. */
  lerp(this: Tensor, end: Tensor, weight: Operand): Tensor {
    checkTensor("lerp", end, "end");
    checkOperands("lerp", [weight]);
    if (this.dtype === "float16" || end.dtype === "float16") {
      const given = weight instanceof Tensor ? weight : null;
      return inFloat32([this, end, given], (x, end, given) => x.lerp(end, given ?? weight));
    }
    const way = end.sub(this);
    const fromStart = () => this.add(way.mul(weight));
    const fromEnd = () => end.sub(way.mul(weight instanceof Tensor ? weight.neg().add(1) : 1 - Number(weight)));
    if (weight instanceof Tensor) return apply("where", [weight.abs().lt(0.5), fromStart(), fromEnd()], none);
    return Math.abs(Number(weight)) < 0.5 ? fromStart() : fromEnd();
  }

  /** {@link lerp} in place. */
  lerp_(this: Tensor, end: Tensor, weight: Operand): Tensor {
    return overwrite("lerp_", this, [end, weight], (x) => x.lerp(end, weight));
  }

  /**
   * Limited to `min` and `max`; the gradient is 0 where a bound took hold. In-place form: `clamp_`.
   *
   * @throws Error when neither bound is given.
   */
  clamp(this: Tensor, options: ClampOptions): Tensor {
    checkOptions("clamp", options, ["min", "max"]);
    const { min, max } = options;
    if (min === undefined && max === undefined) {
      throw new Error("clamp: give min, max or both, as in x.clamp({ min: 0 })");
    }
    // A NaN is neither below nor above, and stays.
    const where = (prim: "lt" | "gt", x: Tensor, bound: Operand) =>
      apply("where", [apply(prim, [x, bound], none, "clamp"), bound, x], none, "clamp");
    const raised = min === undefined ? this : where("lt", this, min);
    return max === undefined ? raised : where("gt", raised, max);
  }

  /** {@link clamp} in place. */
  clamp_(this: Tensor, options: ClampOptions): Tensor {
    checkOptions("clamp_", options, ["min", "max"]);
    return overwrite("clamp_", this, [options.min, options.max], (x) => x.clamp(options));
  }

  /** ln(eᵃ + eᵇ) without overflow; broadcasts. */
  logaddexp(this: Tensor, other: Tensor): Tensor {
    checkTensor("logaddexp", other);
    if (this.dtype === "float16" || other.dtype === "float16") {
      return inFloat32([this, other], (a, b) => a.logaddexp(b));
    }
    const high = apply("maximum", [this, other], none);
    const distance = this.sub(other).abs().neg();
    // Equal infinities differ by NaN; they are their own result.
    return apply(
      "where",
      [apply("eq", [this, other], none), high.add(Math.LN2), high.add(distance.exp().log1p())],
      none,
    );
  }

  /** Elements of `this` where `condition` holds, of `other` elsewhere; broadcasts. */
  where(this: Tensor, condition: Tensor, other: Operand): Tensor {
    return apply("where", [condition, this, other], none);
  }
}
