/** Renders kernels to JavaScript: plain loops, with float32 rounded at every operation. */
import { type DType, type HalfDType, isFloat, isHalfDType, type TypedArray } from "../../dtype.ts";
import type { Expr, Kernel } from "../../ir/kernel.ts";
import type { ReducePrim } from "../../prims/attrs.ts";
import { type FunctionPrim, isFunction, type OperationPrim } from "../../prims/elementwise.ts";
import type { Special } from "./special.ts";

/** The function that rendered code compiles to; see {@link renderKernel}. */
export type RenderedKernel = (
  m: Special,
  shape: readonly number[],
  o: TypedArray,
  q: number,
  os: readonly number[],
  x: readonly TypedArray[],
  p: readonly number[],
  xs: readonly (readonly number[])[],
  s: readonly (number | bigint)[],
) => void;

/** Renders one operation on operands `a`, `b`, `c` of the dtype it computes in. */
type Render = (a: string, b: string, c: string, dtype: DType) => string;

const big = (dtype: DType): boolean => dtype === "int64";
const int = (dtype: DType): boolean => !isFloat(dtype);
const call = (name: string): Render => (a, b) => b === "" ? `${name}(${a})` : `${name}(${a}, ${b})`;
const truth = (test: string): string => `((${test}) ? 1 : 0)`;
const compare = (operator: string): Render => (a, b) => truth(`${a} ${operator} ${b}`);
const rounding = (name: string): Render => (a, _, __, dtype) => int(dtype) ? a : `${name}(${a})`;

const operations: { readonly [P in Exclude<OperationPrim, FunctionPrim>]: Render } = {
  neg: (a) => `-(${a})`,
  abs: (a, _, __, dtype) => big(dtype) ? `(${a} < 0n ? -${a} : ${a})` : `Math.abs(${a})`,
  sign: (a, _, __, dtype) =>
    big(dtype) ? `(${a} > 0n ? 1n : ${a} < 0n ? -1n : 0n)` : `(${a} > 0 ? 1 : ${a} < 0 ? -1 : 0)`,
  floor: rounding("Math.floor"),
  ceil: rounding("Math.ceil"),
  round: rounding("m.round"),
  trunc: rounding("Math.trunc"),
  sqrt: call("Math.sqrt"),
  relu: (a, _, __, dtype) => `(${a} < 0 ? ${big(dtype) ? "0n" : "0"} : ${a})`,
  isnan: (a) => truth(`${a} !== ${a}`),
  logicalNot: (a) => `(${a} ^ 1)`,
  bitwiseNot: (a, _, __, dtype) => dtype === "bool" ? `(${a} ^ 1)` : `~${a}`,
  add: (a, b, _, dtype) => dtype === "bool" ? `(${a} | ${b})` : `${a} + ${b}`,
  sub: (a, b) => `${a} - ${b}`,
  mul: (a, b, _, dtype) => dtype === "int32" ? `Math.imul(${a}, ${b})` : `${a} * ${b}`,
  div: (a, b) => `${a} / ${b}`,
  maximum: call("m.maximum"),
  minimum: call("m.minimum"),
  eq: compare("==="),
  ne: compare("!=="),
  lt: compare("<"),
  le: compare("<="),
  gt: compare(">"),
  ge: compare(">="),
  logicalAnd: (a, b) => `(${a} & ${b})`,
  logicalOr: (a, b) => `(${a} | ${b})`,
  logicalXor: (a, b) => `(${a} ^ ${b})`,
  bitwiseAnd: (a, b) => `${a} & ${b}`,
  bitwiseOr: (a, b) => `${a} | ${b}`,
  bitwiseXor: (a, b) => `${a} ^ ${b}`,
  bitwiseLeftShift: (a, b) => `${a} << ${b}`,
  bitwiseRightShift: (a, b) => `${a} >> ${b}`,
  gcd: (a, b, _, dtype) => `m.${big(dtype) ? "bigGcd" : "gcd"}(${a}, ${b})`,
  nextafter: (a, b, _, dtype) => `m.nextafter(${a}, ${b}, ${dtype === "float64"})`,
  where: (a, b, c) => `(${a} ? ${b} : ${c})`,
};

const identities: { readonly [P in ReducePrim]: (dtype: DType) => string } = {
  sum: (dtype) => big(dtype) ? "0n" : "0",
  prod: (dtype) => big(dtype) ? "1n" : "1",
  amax: (dtype) => dtype === "bool" ? "0" : big(dtype) ? "-(2n ** 63n)" : "-Infinity",
  amin: (dtype) => dtype === "bool" ? "1" : big(dtype) ? "2n ** 63n - 1n" : "Infinity",
  argmax: () => "0",
  argmin: () => "0",
};

const arg = (operator: string): string =>
  `if (at < 0 || v ${operator} best || (v !== v && best === best)) { best = v; at = k; } k++;`;

/** One step of a reduction of value `v` into `acc`. NaN stays. */
const steps: { readonly [P in ReducePrim]: (dtype: DType) => string } = {
  sum: (dtype) => `acc = ${int(dtype) ? wrap(dtype, "acc + v") : "acc + v"};`,
  prod: (dtype) => `acc = ${int(dtype) ? wrap(dtype, operations.mul("acc", "v", "", dtype)) : "acc * v"};`,
  amax: () => `if (v > acc || v !== v) acc = v;`,
  amin: () => `if (v < acc || v !== v) acc = v;`,
  argmax: () => arg(">"),
  argmin: () => arg("<"),
};

/** The value of a half format's bits, and the bits of a value. */
const fromBits = (dtype: HalfDType, bits: string): string => `m.${dtype}.values[${bits}]`;
const toBits = (dtype: HalfDType, value: string): string => `m.${dtype}.toBits(${value})`;

/** Wraps or rounds a computed value to its dtype. */
function wrap(dtype: DType, code: string): string {
  switch (dtype) {
    case "float64":
      return `(${code})`;
    case "float32":
      return `Math.fround(${code})`;
    case "float16":
    case "bfloat16":
      return fromBits(dtype, toBits(dtype, code));
    case "int8":
      return `((${code}) << 24 >> 24)`;
    case "int16":
      return `((${code}) << 16 >> 16)`;
    case "int32":
      return `((${code}) | 0)`;
    case "int64":
      return `BigInt.asIntN(64, ${code})`;
    case "uint8":
      return `((${code}) & 255)`;
    case "bool":
      return `((${code}) ? 1 : 0)`;
  }
}

function castCode(value: string, from: DType, to: DType): string {
  if (to === "bool") return truth(`${value} != 0`);
  if (big(from)) {
    return big(to) ? value : int(to) ? wrap(to, `Number(BigInt.asIntN(32, ${value}))`) : wrap(to, `Number(${value})`);
  }
  if (big(to)) return int(from) ? `BigInt(${value})` : `m.toBig(${value})`;
  return wrap(to, int(to) && !int(from) ? `Math.trunc(${value})` : value);
}

/** The call of a function, in its form for integers if the dtype is one. */
function functionCode(prim: FunctionPrim, args: readonly string[], dtype: DType): string {
  const capitalised = `${prim[0]!.toUpperCase()}${prim.slice(1)}`;
  return `m.${big(dtype) ? `big${capitalised}` : int(dtype) ? `int${capitalised}` : prim}(${args.join(", ")})`;
}

function expression(expr: Expr): string {
  if (expr.op === "input") {
    const stored = `x${expr.index}[p${expr.index}]`;
    return isHalfDType(expr.dtype) ? fromBits(expr.dtype, stored) : stored;
  }
  if (expr.op === "scalar") return `s${expr.index}`;
  const args = expr.args.map(expression);
  const from = expr.args[0]!.dtype;
  if (expr.op === "cast") return castCode(args[0]!, from, expr.dtype);
  const compute = expr.args.at(-1)!.dtype;
  const code = isFunction(expr.op)
    ? functionCode(expr.op, args, compute)
    : operations[expr.op](args[0]!, args[1] ?? "", args[2] ?? "", compute);
  return expr.dtype === "bool" && compute !== "bool" ? code : wrap(expr.dtype, code);
}

const store = (dtype: DType, value: string): string => `o[q] = ${isHalfDType(dtype) ? toBits(dtype, value) : value};`;

/**
 * Renders a kernel as the body of a function of `(m, shape, o, q, os, x, p, xs, s)`: the special functions, the sizes, the output
 * array with its offset and strides, the input arrays with theirs, and the scalars.
 */
export function renderKernel(kernel: Kernel): string {
  const rank = kernel.shape.length;
  const inner = kernel.reduce?.dims ?? 0;
  const outer = rank - inner;
  const lines: string[] = [];
  for (let d = 0; d < rank; d++) lines.push(`const n${d} = shape[${d}];`);
  for (let d = 0; d < outer; d++) lines.push(`const os${d} = os[${d}];`);
  kernel.inputs.forEach((_, i) => {
    lines.push(`const x${i} = x[${i}]; let p${i} = p[${i}];`);
    for (let d = 0; d < rank; d++) lines.push(`const x${i}s${d} = xs[${i}][${d}];`);
  });
  new Set(scalarIndexes(kernel.expr)).forEach((i) => lines.push(`const s${i} = s[${i}];`));
  const open = (d: number) => `for (let i${d} = 0; i${d} < n${d}; i${d}++) {`;
  const close = (d: number) => {
    // Advance every position; after the loop, subtract what it added.
    const steps = kernel.inputs.map((_, i) => `p${i} += x${i}s${d};`);
    if (d < outer) steps.push(`q += os${d};`);
    const rewind = kernel.inputs.map((_, i) => `p${i} -= n${d} * x${i}s${d};`);
    if (d < outer) rewind.push(`q -= n${d} * os${d};`);
    return `${steps.join(" ")} } ${rewind.join(" ")}`;
  };
  for (let d = 0; d < outer; d++) lines.push(open(d));
  if (kernel.reduce === null) {
    lines.push(store(kernel.output.dtype, expression(kernel.expr)));
  } else {
    const { op } = kernel.reduce;
    const dtype = kernel.expr.dtype;
    const indexed = op === "argmax" || op === "argmin";
    lines.push(indexed ? "let best, at = -1, k = 0;" : `let acc = ${identities[op](dtype)};`);
    for (let d = outer; d < rank; d++) lines.push(open(d));
    lines.push(`const v = ${expression(kernel.expr)}; ${steps[op](dtype)}`);
    for (let d = rank - 1; d >= outer; d--) lines.push(close(d));
    const result = indexed ? "(at < 0 ? 0 : at)" : int(dtype) ? "acc" : wrap(dtype, "acc");
    lines.push(store(kernel.output.dtype, indexed ? result : castCode(result, dtype, kernel.output.dtype)));
  }
  for (let d = outer - 1; d >= 0; d--) lines.push(close(d));
  return lines.join("\n");
}

function scalarIndexes(expr: Expr): number[] {
  if (expr.op === "input") return [];
  return expr.op === "scalar" ? [expr.index] : expr.args.flatMap(scalarIndexes);
}

/** The dtype of each scalar. */
export function scalarDTypes(expr: Expr): DType[] {
  const result: DType[] = [];
  const visit = (node: Expr): void => {
    if (node.op === "scalar") result[node.index] = node.dtype;
    else if (node.op !== "input") node.args.forEach(visit);
  };
  visit(expr);
  return result;
}
