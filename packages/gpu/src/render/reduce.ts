/**
 * Reductions. A thread, or a whole workgroup, makes one output of the elements of the reduced dimensions. Where outputs are few and
 * those elements many, they are split into parts, whose results a second kernel reduces: always in the same order, so that results do
 * not change from run to run.
 */
import { type DType, isFloat, type Kernel, type ReducePrim, showExpr } from "@heddle/tensor";
import { declareBuffer, declareInput, declareOutput, declareParams, infinityBits } from "./access.ts";
import { type Expr, scalarFields, type ScalarSlot, scalarSlots, Statements } from "./expression.ts";
import { functionsFor } from "./functions.ts";
import { coordinates, entryPoint, fields, position, sizeOf, threadIndex } from "./positions.ts";
import { castValue, enables, valueType } from "./values.ts";

/** Threads of a workgroup. */
const groupSize = 64;

/** Additions in a row before the sum is added to that of the row before: rounding errors grow with the longer of both. */
const block = 64;

/** Lavapipe leaves every loop after 65,535 rounds, those of loops within it included, and goes on as if nothing were missing. */
const longestLoop = 16384;

/** A reduction as it is rendered: its shader, the words of its params, and what fills them in. */
export interface RenderedReduction {
  readonly key: string;
  readonly source: () => string;
  readonly words: Uint32Array;
  readonly offsetsAt: number;
  readonly scalarsAt: number;
  readonly scalars: readonly ScalarSlot[];
  readonly workgroups: number;
  /** Results of parts, to be reduced in turn; null when the output itself is written. */
  readonly parts: Parts | null;
}

/** Results of parts in memory: `[outputs, parts]` values of four bytes, with their indices for argmax and argmin. */
export interface Parts {
  readonly count: number;
  readonly outputs: number;
  readonly dtype: DType;
  readonly indexed: boolean;
}

type Accumulator = "f32" | "i32";

/** How one kernel goes about it. */
interface Form {
  readonly op: ReducePrim;
  readonly expr: Expr;
  readonly inputs: Kernel["inputs"];
  readonly output: DType;
  readonly scalars: readonly ScalarSlot[];
  readonly outer: number;
  readonly inner: number;
  /** Threads that share one part: 1, or a workgroup. */
  readonly together: number;
  readonly toParts: boolean;
  /** Input 0 holds results of parts, input 1 their indices. */
  readonly fromParts: boolean;
}

/** What decides how many threads share an output. */
export interface Machine {
  readonly software: boolean;
}

/** Into how many parts each output's elements are split, and whether a workgroup works on each. */
function division(outputs: number, length: number, innerStride: number, { software }: Machine): [number, boolean] {
  if (software) {
    // Threads are loops on a few cores: workgroups that wait for each other only cost.
    const wanted = length >= 1024 ? Math.min(Math.floor(256 / outputs), Math.ceil(length / 256)) : 1;
    return [Math.max(wanted, Math.ceil(length / longestLoop), 1), false];
  }
  // Threads side by side should read side by side: along the reduced dimension, unless the outputs are what lies side by side.
  const together = length >= 128 && (innerStride === 1 || outputs < 4096);
  const perPart = together ? groupSize * 32 : 64;
  const wanted = Math.ceil((together ? 1024 : 65536) / outputs);
  return [Math.max(1, Math.min(wanted, Math.floor(length / perPart), 4096)), together];
}

/** Renders a reduction. */
export function renderReduction(kernel: Kernel, machine: Machine): RenderedReduction {
  const { shape, inputs, output, expr } = kernel;
  const { op, dims } = kernel.reduce!;
  const outer = shape.length - dims;
  const outputs = sizeOf(shape.slice(0, outer));
  const length = sizeOf(shape.slice(outer));
  const scalars = scalarSlots([expr]);
  const innerStride = inputs.some(({ strides }) => strides.at(-1) === 1) ? 1 : 0;
  const [count, together] = division(outputs, length, innerStride, machine);
  const toParts = count > 1;
  const form: Form = {
    op,
    expr,
    inputs,
    output: output.dtype,
    scalars,
    outer,
    inner: dims,
    together: together ? groupSize : 1,
    toParts,
    fromParts: false,
  };
  const fixed = [infinityBits, outputs, count, Math.ceil(length / count), length];
  const offsetsAt = fixed.length;
  const words = [...fixed, 0, ...inputs.map(() => 0)];
  const scalarsAt = words.length;
  words.push(...scalars.map(() => 0), ...shape, ...output.strides);
  for (const { strides } of inputs) words.push(...strides);
  return {
    key: keyOf(form),
    source: () => source(form),
    words: Uint32Array.from(words),
    offsetsAt,
    scalarsAt,
    scalars,
    workgroups: together ? outputs * count : Math.ceil(outputs * count / groupSize),
    parts: toParts ? { count, outputs, dtype: accumulator(form), indexed: isIndexed(op) } : null,
  };
}

/** Renders the reduction of a reduction's parts into its output: inputs are the values and, for argmax and argmin, the indices. */
export function renderParts(kernel: Kernel, { count, outputs }: Parts, { software }: Machine): RenderedReduction {
  const { shape, output, expr } = kernel;
  const { op, dims } = kernel.reduce!;
  const outer = shape.length - dims;
  const together = !software && count >= 128;
  const form: Form = {
    op,
    expr,
    inputs: [],
    output: output.dtype,
    scalars: [],
    outer,
    inner: 1,
    together: together ? groupSize : 1,
    toParts: false,
    fromParts: true,
  };
  const fixed = [infinityBits, outputs, 1, count, count];
  return {
    key: keyOf(form),
    source: () => source(form),
    words: Uint32Array.from([...fixed, 0, ...shape.slice(0, outer), count, ...output.strides]),
    offsetsAt: fixed.length,
    scalarsAt: 0,
    scalars: [],
    workgroups: together ? outputs : Math.ceil(outputs / groupSize),
    parts: null,
  };
}

const isIndexed = (op: ReducePrim): boolean => op === "argmax" || op === "argmin";

function keyOf(f: Form): string {
  return `reduce ${f.op} ${f.outer}/${f.inner} by ${f.together}${f.toParts ? " to parts" : ""}${
    f.fromParts ? " from parts" : ""
  } ${f.inputs.map(({ dtype }) => dtype)} ${f.output} ${f.fromParts ? f.expr.dtype : showExpr(f.expr)}`;
}

/** dtype of sums, maxima, and (whole numbers in the order of the floats) of what argmax and argmin compare. */
function accumulator({ op, expr }: Form): DType {
  return !isIndexed(op) && isFloat(expr.dtype) ? "float32" : "int32";
}

/** What the reduction of nothing is. */
function identity(op: ReducePrim, type: Accumulator, dtype: DType): string {
  const float = type === "f32";
  switch (op) {
    case "sum":
      return float ? "0f" : "0";
    case "prod":
      return float ? "1f" : "1";
    case "amax":
      return float ? "-infinity()" : dtype === "bool" ? "0" : "i32(-2147483647 - 1)";
    case "amin":
      return float ? "infinity()" : dtype === "bool" ? "1" : "2147483647";
    case "argmax":
    case "argmin":
      return "i32(-2147483647 - 1)";
  }
}

/** The two values made one. */
function combine(op: ReducePrim, type: Accumulator, a: string, b: string): string {
  switch (op) {
    case "sum":
      return `${a} + ${b}`;
    case "prod":
      return `${a} * ${b}`;
    case "amax":
      return type === "f32" ? `maximum_f(${a}, ${b})` : `max(${a}, ${b})`;
    case "amin":
      return type === "f32" ? `minimum_f(${a}, ${b})` : `min(${a}, ${b})`;
    default:
      throw new Error(`${op} compares`);
  }
}

/** A value as a whole number that is the larger the better, NaN being best. */
function rank(op: ReducePrim, value: string, dtype: DType): string {
  const whole = valueType(dtype) === "bool" ? `i32(${value})` : value;
  if (isFloat(dtype)) return `rank_${op}(${value})`;
  return op === "argmax" ? whole : `~(${whole})`;
}

const ranks = `fn order(x: f32) -> i32 {
  let bits = bitcast<i32>(x);
  return select(bits ^ ((bits >> 31u) & 0x7fffffff), 0, x == 0f);
}
fn rank_argmax(x: f32) -> i32 { return select(order(x), 0x7fffffff, is_nan(x)); }
fn rank_argmin(x: f32) -> i32 { return select(~order(x), 0x7fffffff, is_nan(x)); }
`;

function source(form: Form): string {
  const { op, expr, inputs, output, scalars, outer, inner, together, toParts, fromParts } = form;
  const indexed = isIndexed(op);
  const partType = accumulator(form);
  const type: Accumulator = partType === "float32" ? "f32" : "i32";
  let declarations = "";
  let binding = 0;
  if (fromParts) {
    declarations += declareInput(binding++, "x0", partType);
    if (indexed) declarations += declareInput(binding++, "x1", "int32");
  } else inputs.forEach(({ dtype }, i) => declarations += declareInput(binding++, `x${i}`, dtype));
  if (toParts) {
    declarations += declareBuffer(binding++, "out", type, true);
    if (indexed) declarations += declareBuffer(binding++, "out_index", "i32", true);
  } else declarations += declareOutput(binding++, "out", output);
  declarations += declareParams(binding, [
    ...["outputs: u32", "parts: u32", "part_length: u32", "length: u32"],
    ...fields("o", inputs.length + 1),
    ...scalarFields(scalars),
    ...fields("d", outer),
    ...fields("e", inner),
    ...fields("q", outer),
    ...inputs.flatMap((_, i) => fields(`t${i}_`, outer + inner)),
  ]);

  const statements = new Statements((index) => `x${index}_at(a${index})`, "v");
  const value = fromParts ? "x0_at(at)" : statements.value(expr);
  const taken = indexed
    ? fromParts ? value : rank(op, value, expr.dtype)
    : !fromParts && valueType(expr.dtype) === "bool"
    ? `i32(${value})`
    : value;
  const load = fromParts ? ["let at = output * p.length + k;"] : [
    coordinates("j", "k", "p.e", inner),
    ...inputs.map((_, i) => `let a${i} = ${innerPosition(`b${i}`, i, outer, inner)};`),
    ...statements.lines,
  ];
  const start = identity(op, type, expr.dtype);
  const step = `let got = ${taken};`;
  const walk = indexed
    ? `var best = ${start}; var best_at = 0;
  for (var k = from_k; k < to_k; k += ${together}u) {
    ${[...load, step].join("\n    ")}
    let got_at = ${fromParts ? "x1_at(at)" : "i32(k)"};
    if (got > best || (got == best && got_at < best_at)) { best = got; best_at = got_at; }
  }`
    : `var total = ${start};
  var k = from_k;
  while (k < to_k) {
    let stop = min(to_k, k + ${block * together}u);
    var some = ${start};
    for (; k < stop; k += ${together}u) {
      ${[...load, step].join("\n      ")}
      some = ${combine(op, type, "some", "got")};
    }
    total = ${combine(op, type, "total", "some")};
  }`;
  const result = indexed ? "best_at" : "total";
  // The value in the expression's dtype, then in the output's.
  const whole = indexed
    ? result
    : castValue(valueType(expr.dtype) === "bool" ? `(${result} != 0)` : result, expr.dtype, output);
  const target = position("p.o0", "c", "p.q", 0, outer);
  const store = toParts
    ? `out[item] = ${indexed ? "best" : "total"};${indexed ? " out_index[item] = best_at;" : ""}`
    : `out_put(${target}, ${whole});`;
  const item = together === 1 ? "thread" : "group";
  const code = `${entryPoint(groupSize)}${threadIndex(groupSize)}
  let item = ${item};
  if (item >= p.outputs * p.parts) { return; }
  let output = item / p.parts;
  let part = item % p.parts;
  ${coordinates("c", "output", "p.d", outer)}
  ${inputs.map((_, i) => `let b${i} = ${position(`p.o${i + 1}`, "c", `p.t${i}_`, 0, outer)};`).join("\n  ")}
  let from_k = part * p.part_length${together === 1 ? "" : " + lane"};
  let to_k = min(p.length, (part + 1u) * p.part_length);
  ${walk}
  ${together === 1 ? store : shared(form, type, store)}
}
`;
  const memory = together === 1 ? "" : `var<workgroup> pool: array<${type}, ${groupSize}>;\n` +
    (indexed ? `var<workgroup> pool_at: array<i32, ${groupSize}>;\n` : "");
  const extra = code.includes("rank_arg") ? ranks : "";
  const dtypes = [...inputs.map(({ dtype }) => dtype), output, expr.dtype];
  return enables(dtypes) + declarations + memory + extra + functionsFor(extra + code) + code;
}

/** The threads' results made one, in pairs. */
function shared({ op }: Form, type: Accumulator, store: string): string {
  const indexed = isIndexed(op);
  const merge = indexed
    ? `let got = pool[lane + half]; let got_at = pool_at[lane + half];
      if (got > best || (got == best && got_at < best_at)) { best = got; best_at = got_at; pool[lane] = best; pool_at[lane] = best_at; }`
    : `total = ${combine(op, type, "total", "pool[lane + half]")}; pool[lane] = total;`;
  return `${indexed ? "pool[lane] = best; pool_at[lane] = best_at;" : "pool[lane] = total;"}
  workgroupBarrier();
  for (var half = ${groupSize / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) {
      ${merge}
    }
    workgroupBarrier();
  }
  if (lane == 0u) { ${store} }`;
}

function innerPosition(base: string, input: number, outer: number, inner: number): string {
  let code = base;
  for (let d = 0; d < inner; d++) code += ` + j${d} * p.t${input}_${outer + d}`;
  return code;
}
