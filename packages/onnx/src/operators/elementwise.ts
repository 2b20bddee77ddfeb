/** Element-wise operators: arithmetic, comparisons, logic, casts. */
import { type Elementwise, isFloat, type Symbolic, type Tensor, where } from "@heddle/tensor";
import { isTensor } from "@heddle/tensor/engine";
import { dtypeOf, typeName } from "../tensor_proto.ts";
import type { Call } from "./call.ts";
import { int, type Operator, type Operators, type Point, required, string, type Versions } from "./operator.ts";

/** A function of one tensor. */
const unary = (run: (x: Tensor) => Tensor): Versions => ({
  1: { inputs: [1, 1], through: [], run: (c) => run(c.tensor(0)) },
});

/** A function of one tensor that is fused with its neighbours. Steps are none: an expression gives no gradient where theirs is zero. */
const pointwise = (run: <T extends Elementwise<T>>(x: T) => T): Versions => ({
  1: { ...unary(run)[1]!, pointwise: ([x]) => isSymbol(x) ? run(x) : null },
});

/** Whether an operand of an expression is a tensor. */
export function isSymbol(x: Point): x is Symbolic {
  return typeof x === "object";
}

/** A function of two operands in an expression; `swapped` is that of a number and a tensor. */
const pair = (
  run: (a: Symbolic, b: Symbolic | number) => Symbolic,
  swapped: (b: Symbolic, a: number) => Symbolic | null,
): Pick<Operator, "pointwise"> => ({
  pointwise: ([a, b]) =>
    isSymbol(a) && b !== undefined ? run(a, b) : isSymbol(b) && typeof a === "number" ? swapped(b, a) : null,
});

/** A function of two tensors that are broadcast. A constant with one element is passed as a number. */
function binary(
  run: (a: Tensor, b: Tensor | number, c: Call) => Tensor,
  more: Partial<Operator> = {},
  swapped?: (b: Tensor, a: number, c: Call) => Tensor,
): Versions {
  const compute = (c: Call): Tensor => {
    const [first, second] = [c.raw(0), c.raw(1)];
    if (swapped !== undefined) {
      const a = c.operand(0, second);
      if (typeof a === "number") return swapped(c.here(second), a, c);
    }
    return run(c.here(first), c.operand(1, first), c);
  };
  return { 7: { inputs: [2, 2], ...more, run: compute } };
}

/** A function of any number of tensors, one after the other. */
const variadic = (run: (a: Tensor, b: Tensor) => Tensor): Versions => ({
  6: { inputs: [1, Infinity], run: (c) => c.tensors().reduce(run) },
});

/** Division of integers drops the fraction. */
function divide(a: Tensor, b: Tensor | number): Tensor {
  return isFloat(a.dtype) ? a.div(b) : a.div(b, { roundingMode: "trunc" });
}

/** `a` raised to `b`, in the dtype of `a`. */
function power(a: Tensor, b: Tensor | number): Tensor {
  if (b === 2) return a.square();
  if (isFloat(a.dtype)) return a.pow(isTensor(b) ? b.to(a.dtype) : b).to(a.dtype);
  // Integers may be raised to fractions.
  const exact = a.dtype === "int64" ? "float64" : "float32";
  return a.to(exact).pow(isTensor(b) ? b.to(exact) : b).to(a.dtype);
}

function shift(c: Call): Tensor {
  const [x, by] = [c.tensor(0), c.tensor(1)];
  return c.text("direction") === "LEFT" ? x.bitwiseLeftShift(by) : x.bitwiseRightShift(by);
}

/** Positions where x is infinite, of the chosen signs. */
function infinite(c: Call): Tensor {
  const x = c.tensor(0);
  const positive = c.num("detect_positive") === 1;
  if (c.num("detect_negative") === 1) return positive ? x.isinf() : x.isneginf();
  return positive ? x.isposinf() : x.isposinf().logicalAnd(false);
}

/** The dtype of an attribute that names an element type. */
export function castTarget(c: Call, type: number): Tensor["dtype"] {
  return dtypeOf(type) ?? c.fail(`there is no dtype for ONNX's ${typeName(type)}`);
}

/** Floats beyond the range of integers become the nearest; NaN becomes zero, as in casts here. */
function cast(c: Call): Tensor {
  const x = c.tensor(0);
  return x.to(c.dtypeHere(castTarget(c, c.num("to"))));
}

const mod = (c: Call): Tensor => {
  const [a, b] = [c.tensor(0), c.tensor(1)];
  return c.num("fmod") === 1 ? a.fmod(b) : a.remainder(b);
};

const greater = binary((a, b) => a.gt(b), {}, (b, a) => b.lt(a));
const less = binary((a, b) => a.lt(b), {}, (b, a) => b.gt(a));
const sum = pair((a, b) => a.add(b), (b, a) => b.add(a));
const both = { inputs: [2, 2] } as const;

/** The element-wise operators. */
export const elementwise: Operators = {
  Abs: unary((x) => isFloat(x.dtype) || x.dtype.startsWith("int") ? x.abs() : x),
  Acos: pointwise((x) => x.acos()),
  Acosh: pointwise((x) => x.acosh()),
  Asin: pointwise((x) => x.asin()),
  Asinh: pointwise((x) => x.asinh()),
  Atan: pointwise((x) => x.atan()),
  Atanh: pointwise((x) => x.atanh()),
  BitwiseNot: unary((x) => x.bitwiseNot()),
  Ceil: unary((x) => x.ceil()),
  Cos: pointwise((x) => x.cos()),
  Cosh: pointwise((x) => x.cosh()),
  Erf: pointwise((x) => x.erf()),
  Exp: pointwise((x) => x.exp()),
  Floor: unary((x) => x.floor()),
  Identity: { 1: { inputs: [1, 1], through: [0], run: (c) => c.inputs[0]! } },
  IsInf: {
    10: { inputs: [1, 1], attributes: { detect_negative: int(1), detect_positive: int(1) }, run: infinite },
  },
  IsNaN: unary((x) => x.isnan()),
  Log: pointwise((x) => x.log()),
  Neg: pointwise((x) => x.neg()),
  Not: unary((x) => x.logicalNot()),
  Reciprocal: pointwise((x) => x.reciprocal()),
  Round: unary((x) => x.round()),
  Sigmoid: pointwise((x) => x.sigmoid()),
  Sign: unary((x) => x.sign()),
  Sin: pointwise((x) => x.sin()),
  Sinh: pointwise((x) => x.sinh()),
  Sqrt: pointwise((x) => x.sqrt()),
  Tan: pointwise((x) => x.tan()),
  Tanh: pointwise((x) => x.tanh()),

  Add: binary((a, b) => a.add(b), { weights: [0, 1], ...sum }, (b, a) => b.add(a)),
  Sub: binary((a, b) => a.sub(b), pair((a, b) => a.sub(b), (b, a) => b.neg().add(a)), (b, a) => b.rsub(a)),
  Mul: binary(
    (a, b) => a.mul(b),
    { weights: [0, 1], ...pair((a, b) => a.mul(b), (b, a) => b.mul(a)) },
    (b, a) => b.mul(a),
  ),
  Div: binary(divide, pair((a, b) => a.div(b), () => null)),
  Pow: binary(power, { pointwise: ([a, b]) => isSymbol(a) && b === 2 ? a.square() : null }),
  Mod: { 10: { inputs: [2, 2], attributes: { fmod: int(0) }, run: mod } },
  Equal: binary((a, b) => a.eq(b), {}, (b, a) => b.eq(a)),
  Greater: greater,
  GreaterOrEqual: binary((a, b) => a.ge(b), {}, (b, a) => b.le(a)),
  Less: less,
  LessOrEqual: binary((a, b) => a.le(b), {}, (b, a) => b.ge(a)),
  And: binary((a, b) => a.logicalAnd(b)),
  Or: binary((a, b) => a.logicalOr(b)),
  Xor: binary((a, b) => a.logicalXor(b)),
  BitShift: { 11: { ...both, attributes: { direction: required(string(undefined, ["LEFT", "RIGHT"])) }, run: shift } },
  BitwiseAnd: binary((a, b) => a.bitwiseAnd(b)),
  BitwiseOr: binary((a, b) => a.bitwiseOr(b)),
  BitwiseXor: binary((a, b) => a.bitwiseXor(b)),

  Max: variadic((a, b) => a.maximum(b)),
  Min: variadic((a, b) => a.minimum(b)),
  Sum: variadic((a, b) => a.add(b)),
  Mean: {
    6: { inputs: [1, Infinity], run: (c) => c.tensors().reduce((a, b) => a.add(b)).div(c.inputs.length) },
  },
  Where: {
    9: { inputs: [3, 3], run: (c) => where(c.tensor(0), c.operand(1, c.raw(2)), c.operand(2, c.raw(1))) },
  },
  Cast: {
    6: { inputs: [1, 1], attributes: { to: required(int()) }, through: [0], run: cast },
    19: { inputs: [1, 1], attributes: { to: required(int()), saturate: int(1) }, through: [0], run: cast },
  },
  CastLike: {
    15: { inputs: [2, 2], attributes: { saturate: int(1) }, run: (c) => c.tensor(0).to(c.dtypeHere(c.raw(1).dtype)) },
  },
};
