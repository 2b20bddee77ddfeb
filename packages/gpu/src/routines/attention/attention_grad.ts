/**
 * Gradients of fused attention. The weights are computed again, tile by tile, from the logarithms of the sums. One kernel
 * has a workgroup for some queries and walks over the keys, the other has one for some keys and walks over the queries, so
 * that no two workgroups add to the same gradient.
 */
import type { Attrs } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { functionsFor } from "../../render/math/functions.ts";
import { dispatch } from "../shared/dispatch.ts";
import { placeOf, seenKeys, widthKey } from "./attention.ts";
import { type Attention, attentionOf, bound, elementFunction, scoreFunctions, scoreOf } from "./operands.ts";
import { productOfSides, storeTile, sumsOf, tileDeclarations, widest } from "./tiles.ts";

const four = [0, 1, 2, 3];

/** A gradient of keys or values, and the matrix that its tiles of weights are multiplied with. */
type Gradient = "dk" | "dv";

/** The gradients of queries (0), keys (1) and values (2) that are wanted. */
export function attentionGrad(
  gpu: GpuContext,
  [g, out, sums, q, k, v, ...masks]: readonly GpuOperand[],
  outputs: readonly GpuOperand[],
  { wanted, ...attrs }: Attrs["attentionGrad"],
): void {
  const batchShape = g!.shape.slice(0, -2);
  const rows = g!.shape.slice(0, -1).reduce((a, b) => a * b, 1);
  // For each query the two sums, and the product of the result with its gradient: one buffer, as few can be bound.
  const shape = [...batchShape, g!.shape.at(-2)!, 3];
  const stats: GpuOperand = {
    buffer: gpu.scratch(12 * Math.max(rows, 1)),
    offset: 0,
    dtype: "float32",
    shape,
    strides: shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1)),
  };
  const named: Record<string, GpuOperand> = { g: g!, out: out!, sums: sums!, q: q!, k: k!, v: v!, stats };
  outputs.forEach((output, i) => named[["dq", "dk", "dv"][wanted[i]!]!] = output);
  const a = attentionOf(gpu, named, masks, attrs, batchShape);
  statistics(gpu, a);
  if (wanted.includes(0)) gradientOfQueries(gpu, a);
  const others = (["dk", "dv"] as const).filter((name) => name in named);
  const together = others.length === 2 && a.width <= widest && a.valueWidth <= widest &&
    7 + masks.length <= gpu.limits.maxStorageBuffersPerShaderStage;
  if (together) gradientsOfKeys(gpu, a, others);
  else for (const name of others) gradientsOfKeys(gpu, a, [name]);
  gpu.release(stats.buffer);
}

/** Writes each query's greatest score, the logarithm of its sum, and the product of its result with the gradient. */
function statistics(gpu: GpuContext, a: Attention): void {
  dispatch(gpu, {
    key: `attention statistics ${a.key}`,
    reads: bound({ ...a, masks: 0 }, ["g", "out", "sums"]),
    writes: bound({ ...a, masks: 0 }, ["stats"]),
    params: a.params,
    threads: a.batch * a.queries,
    body: () =>
      `let z = thread / p.queries;
let row = thread % p.queries;
${a.bases(["g", "out", "sums", "stats"])}
let g_row = g_base + row * p.gRow;
let out_row = out_base + row * p.outRow;
var total = 0f;
for (var k = 0u; k < p.valueWidth; k += 4u) {
  ${
        four.map((i) =>
          `if (k + ${i}u < p.valueWidth) { total = fma(g_get(g_row + (k + ${i}u) * p.gColumn), ` +
          `out_get(out_row + (k + ${i}u) * p.outColumn), total); }`
        ).join("\n  ")
      }
}
let place = stats_base + row * p.statsRow;
stats_set(place, sums_get(sums_base + row * p.sumsRow));
stats_set(place + 1u, sums_get(sums_base + row * p.sumsRow + p.sumsColumn));
stats_set(place + 2u, total);
`,
  });
}

function declarations(a: Attention): string {
  const code = elementFunction("q", "queries", "width") + elementFunction("k", "keys", "width") + scoreFunctions(a) +
    tileDeclarations(a.tiling) +
    // Rows beyond the last have sums of 0: their weights are 0, as their scores are −∞.
    `fn stats_at(base: u32, query: u32, which: u32) -> f32 {
  return select(0f, stats_get(base + query * p.statsRow + which), query < p.queries);
}
`;
  return functionsFor(code + "exp_f( infinity(") + code;
}

/** A statement that reads a statistic of a query as `NAMEi`. */
const statistic = (name: string, which: number, i: number, query: string): string =>
  `let ${name}${i} = stats_at(stats_base, ${query}, ${which}u);`;

const valueFunctions = elementFunction("g", "queries", "valueWidth") + elementFunction("v", "keys", "valueWidth");

/** Statements that turn products, named `s`, into weights. `cell(i, j)` is the query and the key, `number(i, j)` that of the query's `high` and `log`. */
function weights(
  a: Attention,
  cell: (i: number, j: number) => readonly [query: string, key: string],
  number: (i: number, j: number) => number,
): string {
  return four.map((i) =>
    `s${i} = vec4<f32>(${
      four.map((j) => `exp_f((${scoreOf(a, `s${i}[${j}]`, ...cell(i, j))} - high${number(i, j)}) - log${number(i, j)})`)
        .join(", ")
    });`
  ).join("\n");
}

function gradientOfQueries(gpu: GpuContext, a: Attention): void {
  const { tiling, dropped, operands } = a;
  const { rows, columns } = tiling;
  const names = ["g", "q", "k", "v", "stats"];
  const tiles = Math.ceil(a.queries / rows);
  const chunks = Math.max(1, Math.ceil(a.width / widest));
  dispatch(gpu, {
    key: `attention queries ${a.key} ${rows} ${widthKey(a.width)}`,
    reads: bound(a, names),
    writes: { dq: operands["dq"]! },
    params: { ...a.params, tiles, chunks },
    groups: a.batch * tiles * chunks,
    groupSize: tiling.threads,
    declarations: () => declarations(a) + valueFunctions,
    body: () => {
      const result = sumsOf(tiling, "sum", a.width, "from_column");
      const incoming = (i: number): string =>
        dropped
          ? `select(d${i} * bitcast<f32>(p.kept), vec4<f32>(), dropped(draw_row, row0 + ty * 4u + ${i}u, key0 + tx * 4u))`
          : `d${i}`;
      return `${placeOf(a, [...names, "dq"], a.causal ? "(p.tiles - 1u - group % p.tiles)" : "(group % p.tiles)")}
${result.declare}
${
        four.map((i) =>
          `${statistic("high", 0, i, `row0 + ty * 4u + ${i}u`)} ${statistic("log", 1, i, `row0 + ty * 4u + ${i}u`)} ` +
          statistic("mean", 2, i, `row0 + ty * 4u + ${i}u`)
        ).join("\n")
      }
let end = ${seenKeys(a)};
for (var key0 = 0u; key0 < end; key0 += ${columns}u) {
${productOfSides(tiling, "s", { matrix: "q", first: "row0" }, { matrix: "k", first: "key0" }, "p.width")}
${
        weights(
          a,
          (i, j) => [`row0 + ty * 4u + ${i}u`, `key0 + tx * 4u + ${j}u`],
          (i) => i,
        )
      }
${productOfSides(tiling, "d", { matrix: "g", first: "row0" }, { matrix: "v", first: "key0" }, "p.valueWidth")}
${storeTile(tiling, (i) => `s${i} * (${incoming(i)} - vec4<f32>(mean${i})) * bitcast<f32>(p.scale)`)}
workgroupBarrier();
${result.add({ matrix: "k", first: "key0" })}
}
${
        result.write((sum) => sum, (row, column, value) =>
          `{ let row = row0 + ${row}; let column = ${column}; if ((row < p.queries) & (column < p.width)) { ` +
          `dq_set(dq_base + row * p.dqRow + column * p.dqColumn, ${value}); } }`)
      }`;
    },
  });
}

function gradientsOfKeys(gpu: GpuContext, a: Attention, wanted: readonly Gradient[]): void {
  const { tiling, dropped, operands } = a;
  const { rows, columns } = tiling;
  const [forKeys, forValues] = [wanted.includes("dk"), wanted.includes("dv")];
  const names = forKeys ? ["g", "q", "k", "v", "stats"] : ["g", "q", "k", "stats"];
  const widths = { dk: a.width, dv: a.valueWidth };
  const tiles = Math.ceil(a.keys / rows);
  // Two gradients are computed together only if each fits one chunk.
  const chunks = Math.max(1, ...wanted.map((name) => Math.ceil(widths[name] / widest)));
  dispatch(gpu, {
    key: `attention ${wanted.join(" ")} ${a.key} ${rows} ${wanted.map((name) => widthKey(widths[name]))}`,
    reads: bound(a, names),
    writes: Object.fromEntries(wanted.map((name) => [name, operands[name]!])),
    params: { ...a.params, tiles, chunks },
    groups: a.batch * tiles * chunks,
    groupSize: tiling.threads,
    declarations: () => declarations(a) + (forKeys ? valueFunctions : elementFunction("g", "queries", "valueWidth")),
    body: () => {
      const sums = wanted.map((name) => [name, sumsOf(tiling, name, widths[name], "from_column")] as const);
      const of = (gradient: Gradient) => sums.find(([name]) => name === gradient)![1];
      // Rows are keys and columns are queries: the weights of four adjacent keys are the components of a column.
      const drops = four.map((j) => `let drop${j} = dropped(draw_row, query0 + tx * 4u + ${j}u, row0 + ty * 4u);`);
      const kept = (x: string, i: number): string =>
        dropped
          ? `select(${x} * bitcast<f32>(p.kept), vec4<f32>(), vec4<bool>(${
            four.map((j) => `drop${j}[${i}]`).join(", ")
          }))`
          : x;
      const first = a.causal ? `u32(max(i32(row0) - i32(p.causalOffset), 0)) / ${columns}u * ${columns}u` : "0u";
      return `${placeOf(a, [...names, ...wanted], "(group % p.tiles)")}
${sums.map(([, each]) => each.declare).join("\n")}
for (var query0 = ${first}; query0 < p.queries; query0 += ${columns}u) {
${productOfSides(tiling, "s", { matrix: "k", first: "row0" }, { matrix: "q", first: "query0" }, "p.width")}
${
        four.map((j) =>
          `${statistic("high", 0, j, `query0 + tx * 4u + ${j}u`)} ${statistic("log", 1, j, `query0 + tx * 4u + ${j}u`)}`
        ).join("\n")
      }
${
        weights(
          a,
          (i, j) => [`query0 + tx * 4u + ${j}u`, `row0 + ty * 4u + ${i}u`],
          (_, j) => j,
        )
      }
${dropped ? drops.join("\n") : ""}
${
        forValues
          ? `${storeTile(tiling, (i) => kept(`s${i}`, i))}
workgroupBarrier();
${of("dv").add({ matrix: "g", first: "query0" })}`
          : ""
      }
${
        forKeys
          ? `${
            productOfSides(
              tiling,
              "d",
              { matrix: "v", first: "row0" },
              { matrix: "g", first: "query0" },
              "p.valueWidth",
            )
          }
let means = vec4<f32>(${four.map((j) => `stats_at(stats_base, query0 + tx * 4u + ${j}u, 2u)`).join(", ")});
${storeTile(tiling, (i) => `s${i} * (${kept(`d${i}`, i)} - means) * bitcast<f32>(p.scale)`)}
workgroupBarrier();
${of("dk").add({ matrix: "q", first: "query0" })}`
          : ""
      }
}
${
        sums.map(([name, each]) =>
          each.write((sum) => sum, (row, column, value) =>
            `{ let row = row0 + ${row}; let column = ${column}; if ((row < p.keys) & (column < p.${
              name === "dk" ? "width" : "valueWidth"
            })) { ${name}_set(${name}_base + row * p.${name}Row + column * p.${name}Column, ${value}); } }`)
        ).join("\n")
      }`;
    },
  });
}
