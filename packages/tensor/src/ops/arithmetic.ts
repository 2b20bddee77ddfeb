/** Element-wise arithmetic, with its in-place forms. */
import { apply, applyInPlace, overwrite } from "../engine/apply.ts";
import { checkOperands, checkTensor } from "../engine/checks.ts";
import { checkOption, checkOptions } from "../options.ts";
import { isFloat, isInteger, resultType, type Scalar } from "../dtype.ts";
import { hasHalfGradient, inDType, inFloat32, isHalf, widened } from "../engine/upcast.ts";
import { elementValue } from "../scalar.ts";
import { tidy } from "../memory/scope.ts";
import { isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

const none = {};

/** Options of `div`: whether the quotient is rounded towards zero, rounded down, or not rounded. */
export interface DivOptions {
  /** "trunc" rounds towards zero, "floor" down; by default the quotient is not rounded. */
  readonly roundingMode?: "trunc" | "floor";
}

/** Bounds of `clamp`. One may be omitted. */
export interface ClampOptions {
  /** The lower bound. */
  readonly min?: Operand;
  /** The upper bound. */
  readonly max?: Operand;
}

/** Options of `add` and `sub`: a factor of the second operand. */
export interface AlphaOptions {
  /** The factor, by default 1. */
  readonly alpha?: Scalar;
}

const unscaled: AlphaOptions = {};

/** `alpha · other`; `other` itself if alpha is 1. A float16 product is computed in float32. */
function scaled(operation: string, other: Operand, options: AlphaOptions): Operand {
  if (options === unscaled) return other;
  checkOptions(operation, options, ["alpha"]);
  const { alpha } = options;
  if (alpha === undefined || alpha === 1) return other;
  checkOperands(operation, [other, alpha]);
  if (isTensor(other)) {
    // An integer factor wraps, as the product does: −1 makes an addition of uint8 a subtraction.
    const dtype = resultType([other, alpha]);
    const factor = isInteger(dtype) ? elementValue(alpha, dtype) : alpha;
    return apply("mul", [widened(other), factor], none, operation);
  }
  return typeof other === "bigint" && typeof alpha === "bigint" ? other * alpha : Number(other) * Number(alpha);
}

/** @throws RangeError for an integer to a negative power, which is a fraction. PyTorch throws too. */
function checkPower(base: Tensor, exponent: Operand): void {
  if (
    !isTensor(exponent) && Number(exponent) < 0 && !isFloat(base.dtype) && Number.isInteger(Number(exponent))
  ) {
    throw new RangeError(
      `pow: ${base.dtype} to the negative power ${exponent} is not an integer; cast with .to("float32") first`,
    );
  }
}

/** Options of `round`: the number of decimals. Negative ones round to tens, hundreds, … */
export interface RoundOptions {
  /** The number of decimals, by default 0. */
  readonly decimals?: number;
}

function decimalsOf(operation: string, options: RoundOptions): number {
  checkOptions(operation, options, ["decimals"]);
  const { decimals = 0 } = options;
  if (!Number.isInteger(decimals)) throw new RangeError(`${operation}: decimals is ${decimals}; it must be an integer`);
  return decimals;
}

export function mul(x: Tensor, other: Operand): Tensor {
  return apply("mul", [x, other], none);
}

export function mul_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "mul", [x, other], none);
}

export function maximum(x: Tensor, other: Operand): Tensor {
  return apply("maximum", [x, other], none);
}

export function minimum(x: Tensor, other: Operand): Tensor {
  return apply("minimum", [x, other], none);
}

export function remainder(x: Tensor, other: Operand): Tensor {
  return apply("remainder", [x, other], none);
}

export function remainder_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "remainder", [x, other], none);
}

export function fmod(x: Tensor, other: Operand): Tensor {
  return apply("fmod", [x, other], none);
}

export function fmod_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "fmod", [x, other], none);
}

export function floorDivide(x: Tensor, other: Operand): Tensor {
  return apply("floorDivide", [x, other], none);
}

export function floorDivide_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "floorDivide", [x, other], none);
}

export function atan2(x: Tensor, other: Operand): Tensor {
  return apply("atan2", [x, other], none);
}

export function atan2_(x: Tensor, other: Operand): Tensor {
  return applyInPlace(x, "atan2", [x, other], none);
}

export function add(x: Tensor, other: Operand, options: AlphaOptions = unscaled): Tensor {
  if (options === unscaled || !isTensor(other)) {
    return apply("add", [x, scaled("add", other, options)], none);
  }
  return tidy(() => inFloat32([x, other], (x, other) => apply("add", [x, scaled("add", other, options)], none)));
}

export function add_(x: Tensor, other: Operand, options: AlphaOptions = unscaled): Tensor {
  if (options === unscaled) return applyInPlace(x, "add", [x, other], none);
  return tidy(() => applyInPlace(x, "add", [x, scaled("add_", other, options)], none));
}

export function sub(x: Tensor, other: Operand, options: AlphaOptions = unscaled): Tensor {
  if (options === unscaled || !isTensor(other)) {
    return apply("sub", [x, scaled("sub", other, options)], none);
  }
  return tidy(() => inFloat32([x, other], (x, other) => apply("sub", [x, scaled("sub", other, options)], none)));
}

export function sub_(x: Tensor, other: Operand, options: AlphaOptions = unscaled): Tensor {
  if (options === unscaled) return applyInPlace(x, "sub", [x, other], none);
  return tidy(() => applyInPlace(x, "sub", [x, scaled("sub_", other, options)], none));
}

export function div(x: Tensor, other: Operand, options: DivOptions = {}): Tensor {
  checkOptions("div", options, ["roundingMode"]);
  if (options.roundingMode === undefined) return apply("div", [x, other], none);
  if (options.roundingMode === "floor") return apply("floorDivide", [x, other], none);
  checkOption("div", "roundingMode", options.roundingMode, ["trunc", "floor"]);
  const whole = !isFloat(resultType([x, other]));
  // For integers: subtract the remainder that has the dividend's sign. Then the division is exact, and so truncates.
  return whole ? x.sub(apply("fmod", [x, other], none)).floorDivide(other) : inFloat32(
    [x, isTensor(other) ? other : null],
    (x, y) => apply("div", [x, y ?? other], none).trunc(),
  );
}

export function div_(x: Tensor, other: Operand, options: DivOptions = {}): Tensor {
  checkOptions("div_", options, ["roundingMode"]);
  if (options.roundingMode === undefined) return applyInPlace(x, "div", [x, other], none);
  return overwrite("div_", x, [other], (x) => x.div(other, options));
}

export function rsub(x: Tensor, other: Operand, options: AlphaOptions = {}): Tensor {
  checkOptions("rsub", options, ["alpha"]);
  if (isTensor(other)) return other.sub(x, options);
  return inFloat32([x], (x) => apply("sub", [other, scaled("rsub", x, options)], none, "rsub"));
}

export function rdiv(x: Tensor, other: Operand): Tensor {
  return apply("div", [other, x], none, "rdiv");
}

export function rpow(x: Tensor, base: Operand): Tensor {
  if (isTensor(base)) return base.pow(x);
  return hasHalfGradient(x) ? inFloat32([x], (x) => x.rpow(base)) : apply("pow", [base, x], none, "rpow");
}

export function pow(x: Tensor, exponent: Operand): Tensor {
  checkPower(x, exponent);
  // As in PyTorch: faster on every device; and at -0 and -∞ a root differs from C's pow.
  if (exponent === 2 && x.dtype !== "bool") return apply("mul", [x, x], none);
  if (exponent === 0.5 && isFloat(x.dtype)) return x.sqrt();
  if (exponent === -0.5 && isFloat(x.dtype)) return x.rsqrt();
  if (isTensor(exponent) && hasHalfGradient(exponent)) {
    return inFloat32([x, exponent], (x, exponent) => apply("pow", [x, exponent], none));
  }
  return apply("pow", [x, exponent], none);
}

export function pow_(x: Tensor, exponent: Operand): Tensor {
  checkPower(x, exponent);
  if (exponent === 2 && x.dtype !== "bool") return applyInPlace(x, "mul", [x, x], none, "pow_");
  if (exponent === 0.5 && isFloat(x.dtype)) return x.sqrt_();
  if (exponent === -0.5 && isFloat(x.dtype)) return x.rsqrt_();
  if (isTensor(exponent) && hasHalfGradient(exponent)) {
    return overwrite("pow_", x, [exponent], (x) => x.pow(exponent));
  }
  return applyInPlace(x, "pow", [x, exponent], none);
}

export function round(x: Tensor, options: RoundOptions = {}): Tensor {
  const decimals = decimalsOf("round", options);
  if (decimals === 0) return apply("round", [x], none);
  if (isHalf(x)) return inFloat32([x], (x) => x.round(options));
  const scale = 10 ** Math.abs(decimals);
  return decimals > 0
    ? apply("round", [x.mul(scale)], none).div(scale)
    : apply("round", [x.div(scale)], none).mul(scale);
}

export function round_(x: Tensor, options: RoundOptions = {}): Tensor {
  if (decimalsOf("round_", options) === 0) return applyInPlace(x, "round", [x], none);
  return overwrite("round_", x, [], (x) => x.round(options));
}

export function frac(x: Tensor): Tensor {
  return x.sub(x.trunc());
}

export function frac_(x: Tensor): Tensor {
  return x.sub_(x.trunc());
}

export function reciprocal(x: Tensor): Tensor {
  return apply("div", [1, x], none);
}

export function reciprocal_(x: Tensor): Tensor {
  return applyInPlace(x, "div", [1, x], none, "reciprocal_");
}

export function square(x: Tensor): Tensor {
  return x.pow(2);
}

export function square_(x: Tensor): Tensor {
  return x.pow_(2);
}

export function rsqrt(x: Tensor): Tensor {
  return inFloat32([x], (x) => x.sqrt().reciprocal());
}

export function rsqrt_(x: Tensor): Tensor {
  if (isHalf(x)) return overwrite("rsqrt_", x, [], (x) => x.rsqrt());
  return applyInPlace(x, "sqrt", [x], none, "rsqrt_").reciprocal_();
}

export function exp2(input: Tensor): Tensor {
  const x = isFloat(input.dtype) ? input : input.to("float32");
  return hasHalfGradient(x) ? inFloat32([x], (x) => x.exp2()) : apply("pow", [2, x], none);
}

export function exp2_(x: Tensor): Tensor {
  if (hasHalfGradient(x)) return overwrite("exp2_", x, [], (x) => x.exp2());
  return applyInPlace(x, "pow", [2, isFloat(x.dtype) ? x : x.to("float32")], none, "exp2_");
}

export function lerp(x: Tensor, end: Tensor, weight: Operand): Tensor {
  checkTensor("lerp", end, "end");
  checkOperands("lerp", [weight]);
  if (isHalf(x, end)) {
    const given = isTensor(weight) ? weight : null;
    return inFloat32([x, end, given], (x, end, given) => x.lerp(end, given ?? weight));
  }
  const dtype = resultType([x, end, weight]);
  if (!isFloat(dtype)) return x.to("float32").lerp(end, weight);
  x = inDType(x, dtype);
  end = inDType(end, dtype);
  const way = end.sub(x);
  const fromStart = () => x.add(way.mul(weight));
  const fromEnd = () => end.sub(way.mul(isTensor(weight) ? weight.neg().add(1) : 1 - Number(weight)));
  if (isTensor(weight)) return apply("where", [weight.abs().lt(0.5), fromStart(), fromEnd()], none);
  return Math.abs(Number(weight)) < 0.5 ? fromStart() : fromEnd();
}

export function lerp_(x: Tensor, end: Tensor, weight: Operand): Tensor {
  return overwrite("lerp_", x, [end, weight], (x) => x.lerp(end, weight));
}

export function clamp(x: Tensor, options: ClampOptions): Tensor {
  checkOptions("clamp", options, ["min", "max"]);
  const { min, max } = options;
  if (min === undefined && max === undefined) {
    throw new Error("clamp: give min, max or both, as in x.clamp({ min: 0 })");
  }
  // A NaN is neither below nor above the bounds, and stays.
  const where = (prim: "lt" | "gt", x: Tensor, bound: Operand) =>
    apply("where", [apply(prim, [x, bound], none, "clamp"), bound, x], none, "clamp");
  const raised = min === undefined ? x : where("lt", x, min);
  return max === undefined ? raised : where("gt", raised, max);
}

export function clamp_(x: Tensor, options: ClampOptions): Tensor {
  checkOptions("clamp_", options, ["min", "max"]);
  return overwrite("clamp_", x, [options.min, options.max], (x) => x.clamp(options));
}

export function logaddexp(x: Tensor, other: Operand): Tensor {
  return apply("logaddexp", [x, other], none);
}

export function where(x: Tensor, condition: Tensor, other: Operand): Tensor {
  return apply("where", [condition, x, other], none);
}
