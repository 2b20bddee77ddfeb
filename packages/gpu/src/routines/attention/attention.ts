/**
 * Fused attention: scores exist only as tiles in workgroup memory. A workgroup has some queries and walks over the keys with
 * a running maximum and a running sum (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
 * "FlashAttention", 2022).
 */
import type { Attrs } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { functionsFor } from "../../render/math/functions.ts";
import { dispatch } from "../shared/dispatch.ts";
import { type Attention, attentionOf, basesOf, bound, elementFunction, scoreFunctions, scoreOf } from "./operands.ts";
import { productOfSides, storeTile, sumsOf, tileDeclarations, widest } from "./tiles.ts";

const four = [0, 1, 2, 3];

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
    key: `attention ${a.key} ${tiling.rows} ${widthKey(a.valueWidth)}`,
    reads: bound(a, ["q", "k", "v"]),
    writes: { out: operands["out"]!, sums: operands["sums"]! },
    params: { ...a.params, tiles, chunks },
    groups: a.batch * tiles * chunks,
    groupSize: tiling.threads,
    declarations: () => {
      const code = elementFunction("q", "queries", "width") + elementFunction("k", "keys", "width") +
        elementFunction("v", "keys", "valueWidth") + scoreFunctions(a) + tileDeclarations(tiling);
      return functionsFor(code + "exp_f( log_f( maximum_f( infinity( not_a_number(") + code;
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

function forwardBody(a: Attention): string {
  const { tiling, dropped } = a;
  const { rows, columns } = tiling;
  const lanes = columns / 4;
  const result = sumsOf(tiling, "sum", a.valueWidth, "from_column");
  /** Combines the numbers of each row that the threads have stored in the panel. */
  const overRow = (combine: (a: string, b: string) => string, start: string): string =>
    `var total = ${start};
  for (var t = 0u; t < ${lanes}u; t++) {
    let found = panel[t * ${rows / 4}u + lane / 4u][lane % 4u];
    total = ${combine("total", "found")};
  }`;
  const perRow = (code: (i: number) => string): string =>
    `panel[tx * ${rows / 4}u + ty] = vec4<f32>(${four.map(code).join(", ")});`;
  const greatest = (i: number): string => `maximum_f(maximum_f(s${i}.x, s${i}.y), maximum_f(s${i}.z, s${i}.w))`;
  const weight = (i: number): string =>
    dropped
      ? `select(s${i} * bitcast<f32>(p.kept), vec4<f32>(), dropped(draw_row, row0 + ty * 4u + ${i}u, key0 + tx * 4u))`
      : `s${i}`;
  // Heavier tiles first.
  return `${
    placeOf(a, ["q", "k", "v", "out", "sums"], a.causal ? "(p.tiles - 1u - group % p.tiles)" : "(group % p.tiles)")
  }
${result.declare}
var top = -infinity();
var whole = 0f;
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
${perRow(greatest)}
workgroupBarrier();
if (lane < ${rows}u) {
  ${overRow((x, y) => `maximum_f(${x}, ${y})`, "top")}
  // Relative to 0, all exponentials are 0 if no key has been seen. Infinite scores have no weights.
  var high = total;
  if (bitcast<u32>(total) == 0xff800000u) { high = 0f; }
  if (bitcast<u32>(total) == 0x7f800000u) { high = not_a_number(); }
  factor[lane] = exp_f(top - high);
  greatest[lane] = high;
  top = total;
}
workgroupBarrier();
${
    four.map((i) =>
      `{ let high = greatest[ty * 4u + ${i}u]; s${i} = vec4<f32>(${
        four.map((j) => `exp_f(s${i}[${j}] - high)`).join(", ")
      }); }`
    ).join("\n")
  }
${perRow((i) => `(s${i}.x + s${i}.y) + (s${i}.z + s${i}.w)`)}
${storeTile(tiling, weight)}
workgroupBarrier();
if (lane < ${rows}u) {
  ${overRow((x, y) => `${x} + ${y}`, "0f")}
  whole = fma(whole, factor[lane], total);
}
${result.scale}
workgroupBarrier();
${result.add({ matrix: "v", first: "key0" })}
}
if (lane < ${rows}u) {
  let none = (bitcast<u32>(whole) & 0x7fffffffu) == 0u;
  factor[lane] = select(1f / whole, 0f, none);
  let row = row0 + lane;
  if (row < p.queries && from_column == 0u) {
    sums_set(sums_base + row * p.sumsRow, greatest[lane]);
    sums_set(sums_base + row * p.sumsRow + p.sumsColumn, select(log_f(whole), infinity(), none));
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
