/** The WGSL of reductions. */
import { type DType, isFloat } from "@heddle/tensor";
import type { ReducePrim } from "@heddle/tensor/backend";
import { declareBuffer, declareInput, declareOutput, declareParams, quadType, quadValues } from "./buffer_access.ts";
import { scalarFields, StatementBuilder } from "./expression.ts";
import { coordinates, entryPoint, fields, paramNames, position, threadIndex } from "./index_math.ts";
import { functionsFor } from "./math/functions.ts";
import { accumulator, groupSize, isIndexed, type ReduceVariant } from "./reduce_variant.ts";
import { castValue, moduleHeader, valueType } from "./wgsl_types.ts";
import { declareTotals, workgroupBest, workgroupTotal } from "./workgroup_total.ts";

/**
 * Number of terms that are summed before the sum is added to a larger one, and number of such sums before these are
 * added to the total. The rounding error grows with the longest of the three loops.
 */
const block = 32;

type Accumulator = "f32" | "i32";

/** The result for no elements. */
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

/** Code that combines two values. */
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
    case "argmax":
    case "argmin":
      throw new Error(`combine: ${op} compares values with their indices`);
  }
}

/** A value as an integer that orders as the reduction does: the largest wins, and NaN is the largest. */
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

/** `element(x0, …)`: the value to reduce, computed from the inputs. */
function elementFunction({ op, expr, inputs, fromParts }: ReduceVariant, type: Accumulator): string {
  const statements = new StatementBuilder((index) => `x${index}`);
  const value = statements.value(expr);
  // Partial results have been converted already.
  const taken = fromParts
    ? value
    : isIndexed(op)
    ? rank(op, value, expr.dtype)
    : valueType(expr.dtype) === "bool"
    ? `i32(${value})`
    : value;
  return `fn element(${inputs.map(({ dtype }, i) => `x${i}: ${valueType(dtype)}`).join(", ")}) -> ${type} {
  ${statements.lines.join("\n  ")}
  return ${taken};
}
`;
}

/** Declares all bindings. */
function declare(variant: ReduceVariant, type: Accumulator): string {
  const { op, inputs, access, output, scalars, outer, inner, toParts, fromParts } = variant;
  let code = "";
  let binding = 0;
  inputs.forEach(({ dtype }, i) => {
    // Single elements of an input that is bound as vectors.
    code += access[i] === "vector"
      ? `${declareBuffer(binding, `x${i}`, quadType(dtype), false)}fn x${i}_get(i: u32) -> ${
        valueType(dtype)
      } { let quad = x${i}[i >> 2u]; let lane = i & 3u; return ${
        [1, 2, 3].reduce(
          (rest, n) => `select(${rest}, ${quadValues(dtype, "quad")[n]}, lane == ${n}u)`,
          quadValues(dtype, "quad")[0]!,
        )
      }; }\n`
      : declareInput(binding, `x${i}`, dtype);
    binding++;
  });
  if (fromParts && isIndexed(op)) code += declareInput(binding++, "found", "int32");
  if (toParts) {
    code += declareBuffer(binding++, "out", type, true);
    if (isIndexed(op)) code += declareBuffer(binding++, "out_index", "i32", true);
  } else code += declareOutput(binding++, "out", output);
  return code + declareParams(binding, [
    "inf: u32",
    ...["outputs: u32", "parts: u32", "part_length: u32", "length: u32"],
    ...fields("o", inputs.length + 1),
    ...scalarFields(scalars),
    ...fields("d", outer),
    ...fields("e", inner),
    ...fields("q", outer),
    ...inputs.flatMap((_, i) => fields(`t${i}_`, outer + inner)),
  ]);
}

/** Statements that compute the positions `a0`, `a1`, … of the inputs' elements `k`. */
function find({ inputs, outer, inner }: ReduceVariant, k: string): string {
  const places = inputs.map((_, i) => {
    let code = `b${i}`;
    for (let d = 0; d < inner; d++) code += ` + j${d} * p.t${i}_${outer + d}`;
    return `let a${i} = ${code};`;
  });
  return [coordinates("j", k, paramNames("e", inner)), ...places].join(" ");
}

/**
 * Statements that read four values of each input, from position `a0`, … on along dimension `dim`, and the code of the
 * values.
 */
function four({ inputs, access }: ReduceVariant, dim: number): { lines: string[]; values: string[][] } {
  const lines: string[] = [];
  const values = inputs.map(({ dtype }, i): string[] => {
    switch (access[i]!) {
      case "vector":
        lines.push(`let w${i} = x${i}[a${i} >> 2u];`);
        return quadValues(dtype, `w${i}`);
      case "constant":
        lines.push(`let w${i} = x${i}_get(a${i});`);
        return [0, 1, 2, 3].map(() => `w${i}`);
      case "single":
        return [0, 1, 2, 3].map((n) => `x${i}_get(a${i} + ${n}u * p.t${i}_${dim})`);
    }
  });
  return { lines, values };
}

const lanes = [0, 1, 2, 3];

/** The WGSL of a variant. */
export function reductionSource(variant: ReduceVariant): string {
  const { op, expr, result, inputs, output, outer, inner, together, subgroup, quads, toParts, fromParts } = variant;
  const indexed = isIndexed(op);
  const type: Accumulator = accumulator(op, expr.dtype) === "float32" ? "f32" : "i32";
  const start = identity(op, type, result);
  const fold = (a: string, b: string): string => combine(op, type, a, b);
  const one = `element(${inputs.map((_, i) => `x${i}_get(a${i})`).join(", ")})`;
  const each = (code: (n: number) => string): string => lanes.map(code).join(" ");
  const withEpilogue = (value: string): string =>
    castValue(valueType(result) === "bool" ? `(${value} != 0)` : value, result, output);
  const target = position("p.o0", "c", "p.q", 0, outer);

  const totals = (quads === "across" ? lanes : [""]).map((n) => ({ total: `total${n}`, whole: `whole${n}` }));
  const summing = op === "sum";
  const empty = totals.map(({ total }) => `var ${total} = ${start};`).join(" ") +
    (summing ? ` var sums = 0u; ${totals.map(({ whole }) => `var ${whole} = ${start};`).join(" ")}` : "");
  const carried = summing
    ? `sums++; if (sums % ${block}u == 0u) { ${
      totals.map(({ total, whole }) => `${whole} += ${total}; ${total} = ${start};`).join(" ")
    } }`
    : "";
  const complete = summing ? totals.map(({ total, whole }) => `${total} += ${whole};`).join(" ") : "";

  let walk: string;
  let store: string;
  if (indexed) {
    walk = `var best = ${start}; var best_at = 0;
  for (var k = from_k${together === 1 ? "" : " + lane"}; k < to_k; k += ${together}u) {
    ${find(variant, "k")}
    let got = ${one};
    let got_at = ${fromParts ? "found_get(a0)" : "i32(k)"};
    if (got > best || (got == best && got_at < best_at)) { best = got; best_at = got_at; }
  }`;
    store = toParts ? "out[item] = best; out_index[item] = best_at;" : `out_set(${target}, best_at);`;
  } else if (quads === "across") {
    const { lines, values } = four(variant, outer - 1);
    walk = `${empty}
  var k = from_k;
  while (k < to_k) {
    let stop = min(to_k, k + ${block}u);
    ${each((n) => `var some${n} = ${start};`)}
    for (; k < stop; k++) {
      ${[find(variant, "k"), ...lines].join("\n      ")}
      ${each((n) => `some${n} = ${fold(`some${n}`, `element(${values.map((value) => value[n]).join(", ")})`)};`)}
    }
    ${each((n) => `total${n} = ${fold(`total${n}`, `some${n}`)};`)}
    ${carried}
  }
  ${complete}`;
    store = each((n) =>
      toParts
        ? `out[(output + ${n}u) * p.parts + part] = total${n};`
        : `out_set(${target} + ${n}u * p.q${outer - 1}, ${withEpilogue(`total${n}`)});`
    );
  } else {
    const { lines, values } = quads === "along" ? four(variant, outer + inner - 1) : { lines: [], values: [] };
    const rest = `for (var k = next; k < to_k; k++) { ${find(variant, "k")} total = ${fold("total", one)}; }`;
    walk = quads === "along"
      ? `${empty}
  var next = from_k${together === 1 ? "" : " + lane * 4u"};
  while (next < to_k) {
    let stop = min(to_k, next + ${4 * block * together}u);
    ${each((n) => `var some${n} = ${start};`)}
    for (; next + 4u <= stop; next += ${4 * together}u) {
      ${[find(variant, "next"), ...lines].join("\n      ")}
      ${each((n) => `some${n} = ${fold(`some${n}`, `element(${values.map((value) => value[n]).join(", ")})`)};`)}
    }
    total = ${lanes.reduce((sum, n) => fold(sum, `some${n}`), "total")};
    ${carried}
    if (next < to_k && next + 4u > to_k) { ${rest} break; }
  }
  ${complete}`
      : `${empty}
  var k = from_k${together === 1 ? "" : " + lane"};
  while (k < to_k) {
    let stop = min(to_k, k + ${block * together}u);
    var some = ${start};
    for (; k < stop; k += ${together}u) { ${find(variant, "k")} some = ${fold("some", one)}; }
    total = ${fold("total", "some")};
    ${carried}
  }
  ${complete}`;
    store = toParts ? "out[item] = total;" : `out_set(${target}, ${withEpilogue("total")});`;
  }

  const code = `${elementFunction(variant, type)}${entryPoint(groupSize)}${threadIndex(groupSize)}
  let item = ${together === 1 ? "thread" : "group"};
  if (item >= p.outputs${quads === "across" ? " / 4u" : ""} * p.parts) { return; }
  let output = item / p.parts${quads === "across" ? " * 4u" : ""};
  let part = item % p.parts;
  ${coordinates("c", "output", paramNames("d", outer))}
  ${inputs.map((_, i) => `let b${i} = ${position(`p.o${i + 1}`, "c", `p.t${i}_`, 0, outer)};`).join("\n  ")}
  let from_k = part * p.part_length;
  let to_k = min(p.length, from_k + p.part_length);
  ${walk}
  ${together === 1 ? store : shared(variant, type, store)}
}
`;
  const memory = together === 1
    ? ""
    : indexed
    ? declareTotals("best", type, groupSize, subgroup) + declareTotals("index", "i32", groupSize, subgroup)
    : declareTotals("total", type, groupSize, subgroup);
  const extra = code.includes("rank_arg") ? ranks : "";
  const dtypes = [...inputs.map(({ dtype }) => dtype), output, expr.dtype];
  return moduleHeader(dtypes) + declare(variant, type) + memory + extra + functionsFor(extra + code) + code;
}

/** Combines the results of the threads, then stores the total. */
function shared({ op, subgroup }: ReduceVariant, type: Accumulator, store: string): string {
  if (isIndexed(op)) return `${workgroupBest(groupSize, subgroup)}\n  if (lane == 0u) { ${store} }`;
  const { lines, total } = workgroupTotal("total", groupSize, subgroup, (a, b) => `(${combine(op, type, a, b)})`);
  return `${lines}\n  if (lane == 0u) { total = ${total}; ${store} }`;
}
