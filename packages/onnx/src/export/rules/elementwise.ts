/** Element-wise primitives as ONNX operators, and expressions of them as nodes. */
import type { DType, Scalar } from "@heddle/tensor";
import type { ElementwisePrim, Expr } from "@heddle/tensor/engine";
import type { Emitter } from "../emitter.ts";
import { int } from "../graph.ts";
import { sameSize, type Size, Varying } from "../sizes.ts";
import type { TracedStepOf, TracedValue } from "../trace.ts";
import { activationOf } from "./activations.ts";

/** What a rule is given: names of operands of one dtype, in which it computes. */
interface Operation {
  readonly e: Emitter;
  readonly dtype: DType;
  readonly args: readonly string[];
}

type Rule = (operation: Operation) => string;

const isFloat = (dtype: DType): boolean => dtype.includes("float");

/** One operator of the same operands. */
const direct = (op: string): Rule => ({ e, args }) => e.node(op, args);

/** A rule for floats; integers, which are whole already, stay as they are. */
const onFloats = (rule: Rule): Rule => (given) => isFloat(given.dtype) ? rule(given) : given.args[0]!;

/** Another rule for bool. */
const onBool = (forBool: Rule, rule: Rule): Rule => (given) => (given.dtype === "bool" ? forBool : rule)(given);

/** A node with the operands and constants. */
const times = ({ e, dtype }: Operation, x: string, factor: number): string =>
  e.node("Mul", [x, e.numbers([factor], dtype)]);
const plus = ({ e, dtype }: Operation, x: string, term: number): string => e.node("Add", [x, e.numbers([term], dtype)]);

/** A comparison; ONNX Runtime compares no booleans and no small integers. */
const compared = (op: string): Rule => ({ e, args, dtype }) =>
  e.node(op, isFloat(dtype) || dtype === "int32" || dtype === "int64" ? args : args.map((x) => e.cast(x, "int32")));

/** Bitwise operators came with opset 18. */
const bitwise = (op: string, forBool: string): Rule =>
  onBool(
    direct(forBool),
    ({ e, args }) => e.opset >= 18 ? e.node(`Bitwise${op}`, args) : e.refuse(`needs opset 18; pass { opset: 18 }`),
  );

const missing = (what: string): Rule => ({ e }) =>
  e.refuse(`ONNX has no operator for ${what}; compute it outside of the model`);

/** The quotient rounded down. */
const floorDivided: Rule = ({ e, args: [a, b], dtype }) =>
  isFloat(dtype)
    ? e.node("Floor", [e.node("Div", [a!, b!])])
    : e.node("Div", [e.node("Sub", [a!, e.node("Mod", [a!, b!])]), b!]);

/** The table. */
export const elementwiseRules: { readonly [P in Exclude<ElementwisePrim, "cast">]: Rule } = {
  neg: direct("Neg"),
  abs: ({ e, args, dtype }) => dtype === "uint8" ? args[0]! : e.node("Abs", args),
  sign: onBool(({ args }) => args[0]!, direct("Sign")),
  floor: onFloats(direct("Floor")),
  ceil: onFloats(direct("Ceil")),
  round: onFloats(direct("Round")),
  trunc: onFloats(({ e, args }) => e.node("Mul", [e.node("Sign", args), e.node("Floor", [e.node("Abs", args)])])),
  sqrt: direct("Sqrt"),
  relu: direct("Relu"),
  isnan: ({ e, args, dtype }) =>
    isFloat(dtype) ? e.node("IsNaN", args) : e.node("Not", [e.node("Equal", [args[0]!, args[0]!])]),
  logicalNot: direct("Not"),
  bitwiseNot: onBool(
    direct("Not"),
    (given) =>
      given.e.opset >= 18 ? given.e.node("BitwiseNot", given.args) : plus(given, given.e.node("Neg", given.args), -1),
  ),
  exp: direct("Exp"),
  expm1: (given) => plus(given, given.e.node("Exp", given.args), -1),
  log: direct("Log"),
  log2: (given) => times(given, given.e.node("Log", given.args), Math.LOG2E),
  log10: (given) => times(given, given.e.node("Log", given.args), Math.LOG10E),
  log1p: (given) => given.e.node("Log", [plus(given, given.args[0]!, 1)]),
  sin: direct("Sin"),
  cos: direct("Cos"),
  tan: direct("Tan"),
  asin: direct("Asin"),
  acos: direct("Acos"),
  atan: direct("Atan"),
  sinh: direct("Sinh"),
  cosh: direct("Cosh"),
  tanh: direct("Tanh"),
  asinh: direct("Asinh"),
  acosh: direct("Acosh"),
  atanh: direct("Atanh"),
  erf: direct("Erf"),
  erfc: ({ e, args, dtype }) => e.node("Sub", [e.numbers([1], dtype), e.node("Erf", args)]),
  erfinv: missing("the inverse error function"),
  sigmoid: direct("Sigmoid"),
  sinc: (given) => {
    const { e, args: [x], dtype } = given;
    const turned = times(given, x!, Math.PI);
    const [zero, one] = [e.numbers([0], dtype), e.numbers([1], dtype)];
    const nowhere = e.node("Equal", [x!, zero]);
    const safe = e.node("Where", [nowhere, one, turned]);
    return e.node("Where", [nowhere, one, e.node("Div", [e.node("Sin", [turned]), safe])]);
  },
  lgamma: missing("the logarithm of the gamma function"),
  digamma: missing("the digamma function"),
  i0: missing("Bessel functions"),
  i1: missing("Bessel functions"),
  add: onBool(direct("Or"), direct("Add")),
  sub: direct("Sub"),
  mul: onBool(direct("And"), direct("Mul")),
  div: direct("Div"),
  maximum: onBool(direct("Or"), direct("Max")),
  minimum: onBool(direct("And"), direct("Min")),
  eq: direct("Equal"),
  ne: ({ e, args }) => e.node("Not", [e.node("Equal", args)]),
  lt: compared("Less"),
  le: compared("LessOrEqual"),
  gt: compared("Greater"),
  ge: compared("GreaterOrEqual"),
  logicalAnd: direct("And"),
  logicalOr: direct("Or"),
  logicalXor: direct("Xor"),
  bitwiseAnd: bitwise("And", "And"),
  bitwiseOr: bitwise("Or", "Or"),
  bitwiseXor: bitwise("Xor", "Xor"),
  bitwiseLeftShift: missing("shifts of signed integers"),
  bitwiseRightShift: missing("shifts of signed integers"),
  gcd: missing("greatest common divisors"),
  nextafter: missing("the next number"),
  floorDivide: floorDivided,
  remainder: (given) => {
    const { e, args: [a, b], dtype } = given;
    if (!isFloat(dtype)) return e.node("Mod", [a!, b!]);
    return e.node("Sub", [a!, e.node("Mul", [floorDivided(given), b!])]);
  },
  fmod: ({ e, args }) => e.node("Mod", args, { fmod: int(1) }),
  pow: direct("Pow"),
  atan2: (given) => {
    const { e, args: [y, x], dtype } = given;
    const number = (value: number) => e.numbers([value], dtype);
    const angle = e.node("Atan", [e.node("Div", [y!, x!])]);
    const half = e.node("Where", [e.node("Less", [y!, number(0)]), number(-Math.PI), number(Math.PI)]);
    const turned = e.node("Where", [e.node("Less", [x!, number(0)]), e.node("Add", [angle, half]), angle]);
    // 0 / 0 is NaN where both are 0.
    const origin = e.node("And", [e.node("Equal", [x!, number(0)]), e.node("Equal", [y!, number(0)])]);
    return e.node("Where", [origin, number(0), turned]);
  },
  logaddexp: ({ e, args, dtype }) => {
    const far = e.node("Neg", [e.node("Abs", [e.node("Sub", args)])]);
    const sum = e.node("Log", [e.node("Add", [e.node("Exp", [far]), e.numbers([1], dtype)])]);
    // The difference of equal infinities is NaN.
    const more = e.node("Where", [e.node("Equal", args), e.numbers([Math.LN2], dtype), sum]);
    return e.node("Add", [e.node("Max", args), more]);
  },
  zeta: missing("the zeta function"),
  igamma: missing("incomplete gamma functions"),
  igammac: missing("incomplete gamma functions"),
  where: direct("Where"),
};

/** Operators that ONNX Runtime has for small integers too. The others compute in int32. */
const onSmallIntegers: ReadonlySet<string> = new Set(["eq", "ne", "lt", "le", "gt", "ge", "logicalNot"]);

const isSmall = (dtype: DType): boolean => dtype === "int8" || dtype === "int16" || dtype === "uint8";

/** Rules that are bitwise or choose between bools on bool; the others compute in int32 and become bool again. */
const onBools: ReadonlySet<string> = new Set(
  [
    "sign",
    "logicalNot",
    "bitwiseNot",
    "add",
    "mul",
    "maximum",
    "minimum",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "logicalAnd",
    "logicalOr",
  ]
    .concat([
      "logicalXor",
      "bitwiseAnd",
      "bitwiseOr",
      "bitwiseXor",
      "where",
      "floor",
      "ceil",
      "round",
      "trunc",
      "isnan",
    ]),
);

/** A primitive on operands of a dtype, with a result of another. */
export function operate(
  e: Emitter,
  prim: Exclude<ElementwisePrim, "cast">,
  args: readonly string[],
  dtype: DType,
  result: DType,
): string {
  const rule = elementwiseRules[prim];
  const widens = isSmall(dtype) ? !onSmallIntegers.has(prim) : dtype === "bool" && !onBools.has(prim);
  if (!widens) return rule({ e, dtype, args });
  // The condition of a choice stays.
  const first = prim === "where" ? 1 : 0;
  const wide = rule({ e, dtype: "int32", args: args.map((x, i) => i < first ? x : e.cast(x, "int32")) });
  return result === "bool" && dtype !== "bool" ? wide : e.cast(wide, result);
}

/** The operation in which float16 or bfloat16 computes in float32 and rounds once, in its own dtype; null for other expressions. */
function narrowed(expr: Expr): Expr | null {
  if (expr.op !== "cast" || (expr.dtype !== "float16" && expr.dtype !== "bfloat16")) return null;
  const [inner] = expr.args as readonly [Expr];
  if (!("args" in inner) || inner.op === "cast" || inner.dtype !== "float32") return null;
  const { dtype } = expr;
  const args = inner.args.map((arg): Expr | null => {
    if (arg.op === "scalar" && arg.dtype === "float32") return { ...arg, dtype };
    if (arg.dtype === "bool" && arg.op === "input") return arg;
    return arg.op === "cast" && arg.args[0]!.op === "input" && arg.args[0]!.dtype === dtype ? arg.args[0]! : null;
  });
  return args.includes(null) ? null : { op: inner.op, args: args as Expr[], dtype };
}

/** The nodes of an expression. Returns the name of the result, in the expression's dtype. */
export function expression(
  e: Emitter,
  given: Expr,
  inputs: readonly string[],
  scalars: readonly (Scalar | Size)[],
): string {
  const known: Map<Expr, string> = new Map();
  const visit = (expr: Expr): string => {
    let name = known.get(expr);
    if (name !== undefined) return name;
    if (expr.op === "input") name = inputs[expr.index]!;
    else if (expr.op === "scalar") name = e.scalar(scalars[expr.index]!, expr.dtype);
    else if (!("args" in expr)) throw new Error("unreachable");
    else if (expr.op === "cast") {
      const [from] = expr.args as readonly [Expr];
      name = from.dtype === expr.dtype ? visit(from) : e.cast(visit(from), expr.dtype);
    } else {
      const compute = expr.args.at(-1)!.dtype;
      name = operate(e, expr.op, expr.args.map(visit), compute, expr.dtype);
    }
    known.set(expr, name);
    return name;
  };
  return visit(narrowed(given) ?? given);
}

/** The indices of the inputs that an expression reads. */
export function readBy(expr: Expr, into: Set<number> = new Set()): Set<number> {
  if (expr.op === "input") into.add(expr.index);
  else if ("args" in expr) { for (const arg of expr.args) readBy(arg, into); }
  return into;
}

/** The shape to which shapes broadcast. */
export function broadcast(...shapes: readonly (readonly Size[])[]): readonly Size[] {
  const rank = Math.max(0, ...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, d): Size => {
    const sizes = shapes.map((shape): Size => shape[d - rank + shape.length] ?? 1);
    return sizes.find((size) => size instanceof Varying) ?? sizes.find((size) => size !== 1) ?? 1;
  });
}

/** Expands what broadcasts to a shape, where it has another. */
export function expanded(e: Emitter, name: string, shape: readonly Size[], wanted: readonly Size[]): string {
  if (shape.length === wanted.length && shape.every((size, d) => sameSize(size, wanted[d]!))) return name;
  return e.node("Expand", [name, e.sizes(wanted)]);
}

/** The rule of expressions. */
export function translateExpression(e: Emitter, step: TracedStepOf<"expression">): readonly string[] {
  const { attrs } = step;
  const expr = attrs.expr as Expr;
  const inputs = step.inputs as readonly TracedValue[];
  const [output] = step.outputs as readonly [TracedValue];
  const scalars = attrs.scalars as readonly (Scalar | Size)[];
  const names = inputs.map((input) => e.of(input));
  const read = [...readBy(expr)].map((i) => inputs[i]!.shape);
  const result = activationOf(e, step) ?? expression(e, expr, names, scalars);
  const whole = expanded(e, result, broadcast(...read), output.shape);
  return [whole];
}
