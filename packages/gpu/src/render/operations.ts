/** WGSL of every element-wise operation. */
import { type DType, isFloat } from "@heddle/tensor";
import type { OperationPrim } from "@heddle/tensor/backend";

/** Code of an operation. `a`, `b` and `c` are the names of its operands, `dtype` is the dtype it computes in. */
type Render = (a: string, b: string, c: string, dtype: DType) => string;

const call = (name: string): Render => (a, b) => b === "" ? `${name}(${a})` : `${name}(${a}, ${b})`;
/** Integers are already rounded. */
const rounding = (name: string): Render => (a, _, __, dtype) => isFloat(dtype) ? `${name}(${a})` : a;
const byKind = (float: string, integer: string): Render => (a, b, _, dtype) =>
  `${isFloat(dtype) ? float : integer}(${a}, ${b})`;
/** Comparisons. Those of floats are false if an operand is NaN. */
const compare = (operator: string, float: (a: string, b: string) => string): Render => (a, b, _, dtype) =>
  isFloat(dtype) ? float(a, b) : dtype === "bool" ? `(u32(${a}) ${operator} u32(${b}))` : `(${a} ${operator} ${b})`;
const bits = (operator: string): Render => (a, b) => `(${a} ${operator} ${b})`;
const either: Render = (a, b) => `(${a} | ${b})`;
const both: Render = (a, b) => `(${a} & ${b})`;

/** The operations by name. */
export const operations: { readonly [P in OperationPrim]: Render } = {
  neg: (a) => `(-${a})`,
  abs: call("abs"),
  sign: (a, _, __, dtype) =>
    dtype === "bool"
      ? a
      : isFloat(dtype)
      ? `select(select(0f, -1f, ${a} < 0f), 1f, ${a} > 0f)`
      : `select(select(0, -1, ${a} < 0), 1, ${a} > 0)`,
  floor: rounding("floor"),
  ceil: rounding("ceil"),
  round: rounding("round_f"),
  trunc: rounding("trunc"),
  sqrt: call("sqrt"),
  exp: call("exp_f"),
  expm1: call("expm1_f"),
  log: call("log_f"),
  log2: call("log2_f"),
  log10: call("log10_f"),
  log1p: call("log1p_f"),
  sin: call("sin_f"),
  cos: call("cos_f"),
  tan: call("tan_f"),
  asin: call("asin_f"),
  acos: call("acos_f"),
  atan: call("atan_f"),
  sinh: call("sinh_f"),
  cosh: call("cosh_f"),
  tanh: call("tanh_f"),
  asinh: call("asinh_f"),
  acosh: call("acosh_f"),
  atanh: call("atanh_f"),
  erf: call("erf_f"),
  erfc: call("erfc_f"),
  erfinv: call("erfinv_f"),
  sigmoid: call("sigmoid_f"),
  sinc: call("sinc_f"),
  lgamma: call("lgamma_f"),
  digamma: call("digamma_f"),
  i0: call("i0_f"),
  i1: call("i1_f"),
  relu: (a, _, __, dtype) => isFloat(dtype) ? `relu_f(${a})` : `max(${a}, 0)`,
  isnan: (a, _, __, dtype) => isFloat(dtype) ? `is_nan(${a})` : "false",
  logicalNot: (a) => `(!${a})`,
  bitwiseNot: (a, _, __, dtype) => dtype === "bool" ? `(!${a})` : `(~${a})`,
  add: (a, b, _, dtype) => dtype === "bool" ? `(${a} | ${b})` : `(${a} + ${b})`,
  sub: bits("-"),
  mul: (a, b, _, dtype) => dtype === "bool" ? `(${a} & ${b})` : `(${a} * ${b})`,
  div: bits("/"),
  floorDivide: byKind("floor_divide_f", "floor_divide_i"),
  remainder: byKind("remainder_f", "remainder_i"),
  fmod: byKind("fmod_f", "fmod_i"),
  pow: byKind("pow_f", "pow_i"),
  atan2: call("atan2_f"),
  logaddexp: call("logaddexp_f"),
  zeta: call("zeta_f"),
  igamma: call("igamma_f"),
  igammac: call("igammac_f"),
  gcd: call("gcd_i"),
  nextafter: call("nextafter_f"),
  maximum: (a, b, _, dtype) =>
    dtype === "bool" ? `(${a} | ${b})` : `${isFloat(dtype) ? "maximum_f" : "max"}(${a}, ${b})`,
  minimum: (a, b, _, dtype) =>
    dtype === "bool" ? `(${a} & ${b})` : `${isFloat(dtype) ? "minimum_f" : "min"}(${a}, ${b})`,
  eq: compare("==", (a, b) => `equal_f(${a}, ${b})`),
  ne: compare("!=", (a, b) => `(!equal_f(${a}, ${b}))`),
  lt: compare("<", (a, b) => `less_f(${a}, ${b})`),
  le: compare("<=", (a, b) => `less_equal_f(${a}, ${b})`),
  gt: compare(">", (a, b) => `less_f(${b}, ${a})`),
  ge: compare(">=", (a, b) => `less_equal_f(${b}, ${a})`),
  logicalAnd: both,
  logicalOr: either,
  logicalXor: (a, b) => `(${a} != ${b})`,
  bitwiseAnd: both,
  bitwiseOr: either,
  bitwiseXor: (a, b, _, dtype) => dtype === "bool" ? `(${a} != ${b})` : `(${a} ^ ${b})`,
  // Shifts use the lowest five bits of the count, as in JavaScript.
  bitwiseLeftShift: (a, b) => `(${a} << (bitcast<u32>(${b}) & 31u))`,
  bitwiseRightShift: (a, b) => `(${a} >> (bitcast<u32>(${b}) & 31u))`,
  where: (a, b, c) => `select(${c}, ${b}, ${a})`,
};
