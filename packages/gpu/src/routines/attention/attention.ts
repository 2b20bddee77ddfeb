/**
 * Fused attention: scores exist only as tiles in workgroup memory. A workgroup has some queries and walks over the keys with
 * a running maximum and a running sum (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
 * "FlashAttention", 2022).
 */
import type { Attrs } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { functionsFor } from "../../render/math/functions.ts";
import { type Combine, exchanged, pairwise } from "../../render/workgroup_total.ts";
import { dispatch } from "../shared/dispatch.ts";
import { type Attention, attentionOf, basesOf, bound, elementFunction, scoreFunctions, scoreOf } from "./operands.ts";
import { productOfSides, storeTile, sumsOf, tileDeclarations, widest } from "./tiles.ts";

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const four = count(4);

/** Functions of four rows at once. */
const vectors = `fn maximum4(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(${four.map((i) => `maximum_f(a[${i}], b[${i}])`).join(", ")});
}
fn sum4(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return a + b; }
// What scores are subtracted from. Relative to 0, all exponentials are 0 if no key has been seen. Infinite scores have no weights.
fn base4(greatest: vec4<f32>) -> vec4<f32> {
  let bits = bitcast<vec4<u32>>(greatest);
  let seen = select(greatest, vec4<f32>(), bits == vec4<u32>(0xff800000u));
  return select(seen, vec4<f32>(not_a_number()), bits == vec4<u32>(0x7f800000u));
}
`;

/**
 * Attention, and for each query its greatest score and the logarithm of the sum of the exponentials relative to it: 0 and +∞
 * for a query that attends to no key.
 */
export function attention(
  gpu: GpuContext,
  [q, k, v, ...masks]: readonly GpuOperand[],
  [out, sums]: readonly GpuOperand[],
  attrs: Attrs["attention"],
): void {
  const a = attentionOf(
    gpu,
    { q: q!, k: k!, v: v!, out: out!, sums: sums! },
    masks,
    attrs,
    out!.shape.slice(0, -2),
  );
  const { tiling, operands } = a;
  const tiles = Math.ceil(a.queries / tiling.rows);
  const chunks = Math.max(1, Math.ceil(a.valueWidth / widest));
  dispatch(gpu, {
    key: `attention ${a.key} ${tiling.rows} ${widthKey(a.valueWidth)} ${a.subgroup}`,
    reads: bound(a, ["q", "k", "v"]),
    writes: { out: operands["out"]!, sums: operands["sums"]! },
    params: { ...a.params, tiles, chunks },
    groups: a.batch * tiles * chunks,
    groupSize: tiling.threads,
    declarations: () => {
      const code = elementFunction("q", "queries", "width") + elementFunction("k", "keys", "width") +
        elementFunction("v", "keys", "valueWidth") + scoreFunctions(a) + tileDeclarations(tiling);
      return functionsFor(code + vectors + "exp_f( log_f(") + code + vectors;
    },
    body: () => forwardBody(a),
  });
}

/** Sums in registers depend on the width of an output. */
export const widthKey = (width: number): number => Math.ceil(Math.min(width, widest) / 4);

/** Statements that find a workgroup's batch, its tile of rows, and its part of the columns of the output. */
export function placeOf(a: Attention, names: readonly string[], tile: string): string {
  return `let z = group / (p.tiles * p.chunks);
let from_column = group / p.tiles % p.chunks * ${widest}u;
let row0 = ${tile} * ${a.tiling.rows}u;
let tx = lane % ${a.tiling.columns / 4}u;
let ty = lane / ${a.tiling.columns / 4}u;
${basesOf(a, names)}`;
}

/** The end of the keys that queries before \`row0 + rows\` see. */
export function seenKeys({ causal, tiling: { rows } }: Attention): string {
  return causal ? `u32(clamp(i32(row0 + ${rows}u) + i32(p.causalOffset), 0, i32(p.keys)))` : "p.keys";
}

/** Statements after which a vector of each thread has the totals of its four rows, over the threads side by side. */
function rowTotals(a: Attention, name: string, combine: string, turn: 0 | 1): { store: string; take: string } {
  const { tiling: { rows, columns }, subgroup } = a;
  const lanes = columns / 4;
  const across = Math.min(subgroup, lanes);
  const both: Combine = (x, y) => `${combine}(${x}, ${y})`;
  const exchange = exchanged(name, across, both);
  const parts = lanes / across;
  if (parts === 1) return { store: exchange, take: "" };
  const place = (part: string): string => `panel[(${turn * parts}u + ${part}) * ${rows / 4}u + ty]`;
  return {
    store: `${exchange}
if (tx % ${across}u == 0u) { ${place(`tx / ${across}u`)} = ${name}; }`,
    take: `${name} = ${pairwise(count(parts).map((i) => place(`${i}u`)), both)};`,
  };
}

function forwardBody(a: Attention): string {
  const { tiling, dropped } = a;
  const { columns } = tiling;
  const result = sumsOf(tiling, "sum", a.valueWidth, "from_column");
  const eachRow = (code: (i: number) => string): string => `vec4<f32>(${four.map(code).join(", ")})`;
  const greatest = rowTotals(a, "rows_high", "maximum4", 0);
  const total = rowTotals(a, "rows_total", "sum4", 1);
  const weight = (i: number): string =>
    dropped
      ? `select(s${i} * bitcast<f32>(p.kept), vec4<f32>(), dropped(draw_row, row0 + ty * 4u + ${i}u, key0 + tx * 4u))`
      : `s${i}`;
  // The panel, through which totals pass, is free again after a barrier.
  const passed = total.take === "" ? "" : "workgroupBarrier();";
  // Heavier tiles first.
  return `${
    placeOf(a, ["q", "k", "v", "out", "sums"], a.causal ? "(p.tiles - 1u - group % p.tiles)" : "(group % p.tiles)")
  }
${result.declare}
var top = vec4<f32>(-infinity());
var whole = vec4<f32>();
let end = ${seenKeys(a)};
for (var key0 = 0u; key0 < end; key0 += ${columns}u) {
${productOfSides(tiling, "s", { matrix: "q", first: "row0" }, { matrix: "k", first: "key0" }, "p.width")}
${
    four.map((i) =>
      `s${i} = vec4<f32>(${
        four.map((j) => scoreOf(a, `s${i}[${j}]`, `row0 + ty * 4u + ${i}u`, `key0 + tx * 4u + ${j}u`)).join(", ")
      });`
    ).join("\n")
  }
var rows_high = ${eachRow((i) => `maximum_f(maximum_f(s${i}.x, s${i}.y), maximum_f(s${i}.z, s${i}.w))`)};
${greatest.store}
${greatest.take && `workgroupBarrier();\n${greatest.take}`}
let before = top;
top = maximum4(before, rows_high);
let base = base4(top);
let scale = ${eachRow((i) => `exp_f(before[${i}] - base[${i}])`)};
${four.map((i) => `s${i} = vec4<f32>(${four.map((j) => `exp_f(s${i}[${j}] - base[${i}])`).join(", ")});`).join("\n")}
var rows_total = ${eachRow((i) => `(s${i}.x + s${i}.y) + (s${i}.z + s${i}.w)`)};
${total.store}
${storeTile(tiling, weight)}
if (tx == 0u) { ${four.map((i) => `factor[ty * 4u + ${i}u] = scale[${i}];`).join(" ")} }
workgroupBarrier();
${total.take}
whole = fma(whole, scale, rows_total);
${result.scale}
${passed}
${result.add({ matrix: "v", first: "key0" })}
}
if (tx == 0u) {
  let base = base4(top);
  for (var i = 0u; i < 4u; i++) {
    let none = (bitcast<u32>(whole[i]) & 0x7fffffffu) == 0u;
    let row = row0 + ty * 4u + i;
    factor[ty * 4u + i] = select(1f / whole[i], 0f, none);
    if ((row < p.queries) & (from_column == 0u)) {
      sums_set(sums_base + row * p.sumsRow, base[i]);
      sums_set(sums_base + row * p.sumsRow + p.sumsColumn, select(log_f(whole[i]), infinity(), none));
    }
  }
}
workgroupBarrier();
${
    result.write(
      (sum, row) => `${sum} * factor[${row}]`,
      (row, column, value) =>
        `{ let row = row0 + ${row}; let column = ${column}; if ((row < p.queries) & (column < p.valueWidth)) { ` +
        `out_set(out_base + row * p.outRow + column * p.outColumn, ${value}); } }`,
    )
  }`;
}
