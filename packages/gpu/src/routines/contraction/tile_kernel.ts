/**
 * The kernel for contractions that uses workgroup memory: a workgroup loads panels of both factors, and each invocation
 * reads a row of one and a column of the other.
 */
import type { DType } from "@heddle/tensor";
import { computeType } from "../../render/wgsl_types.ts";
import { type Contraction, type Factor, withEpilogue } from "./contraction.ts";
import type { KernelVariant } from "./kernel_configs.ts";

type Tile = Extract<KernelVariant, { kind: "tile" }>;

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * Distance between consecutive terms of a panel, in vectors of four. It is one more than necessary, so that stores
 * along a column use different banks.
 */
const pitch = (size: number): number => size / 4 + 1;

/** Declares the panels. */
export function tileDeclarations(dtype: DType, { rows, columns, depth }: Tile): string {
  const type = `vec4<${computeType(dtype)}>`;
  return `var<workgroup> left_panel: array<${type}, ${depth * pitch(rows)}>;
var<workgroup> right_panel: array<${type}, ${depth * pitch(columns)}>;
`;
}

/** Code that fills a panel with vectors of four rows (columns) at one term. */
interface Loader {
  /** Statements before the loop. */
  readonly before: string;
  /** Statements that load the terms from `k0` on into registers. */
  readonly load: string;
  /** Statements that store the registers in the panel. */
  readonly store: string;
}

function loader(
  c: Contraction,
  factor: Factor,
  name: "left" | "right",
  size: number,
  alongSum: boolean,
  { depth, group }: Tile,
): Loader {
  const type = `vec4<${computeType(c.dtype)}>`;
  const fours = size / 4;
  const rounds = fours * depth / group;
  const limit = name === "left" ? "p.m" : "p.n";
  const first = name === "left" ? "row0" : "column0";
  const v = name === "left" ? "a" : "b";
  // Adjacent invocations read adjacent elements: along the summed index, or across it.
  const four = (u: number): string => alongSum ? `(lane / ${depth}u + ${u * group / depth}u)` : `(lane % ${fours}u)`;
  const term = (u: number): string => alongSum ? `(lane % ${depth}u)` : `(lane / ${fours}u + ${u * group / fours}u)`;
  const lanes = (u: number): string =>
    count(4).map((e) =>
      `let ${v}i${u}_${e} = min(${first} + ${four(u)} * 4u + ${e}u, ${limit} - 1u);\n` +
      factor.lane(`${v}${u}_${e}`, `${v}i${u}_${e}`)
    ).join("");
  // Across the summed index, all rounds load the same rows.
  const own = (u: number): number => alongSum ? u : 0;
  const load = count(rounds).map((u) => {
    const split = c.nested ? `let r = k / p.inner;\nlet t = k % p.inner;\n${c.rowCode}` : `let t = k;\n`;
    const names = count(4).map((e) => `${v}${own(u)}_${e}`);
    return `{
let wanted = k0 + ${term(u)};
let k = min(wanted, end - 1u);
${split}${names.map((lane) => factor.enter(lane)).join("")}
let loaded = ${type}(${names.map((lane) => factor.element(lane, "t")).join(", ")});
${name}_${u} = select(${type}(), loaded, wanted < end);
}`;
  });
  return {
    before: `${count(alongSum ? rounds : 1).map(lanes).join("")}${
      count(rounds).map((u) => `var ${name}_${u}: ${type};`).join("\n")
    }\n`,
    load: load.join("\n"),
    store: count(rounds).map((u) => `${name}_panel[${term(u)} * ${pitch(size)}u + ${four(u)}] = ${name}_${u};`).join(
      "\n",
    ),
  };
}

/** The statements of the entry point. With `partial` they write contiguous partial sums instead of outputs. */
export function tileBody(c: Contraction, variant: Tile, partial: boolean): string {
  const { rows, columns, own, depth } = variant;
  const type = computeType(c.dtype);
  const [across, down] = [columns / own, rows / own];
  const left = loader(c, c.rows, "left", rows, c.leftAlongSum, variant);
  const right = loader(c, c.columns, "right", columns, c.rightAlongSum, variant);
  const fours = count(own / 4);
  // The rows of an invocation are groups of four, spread so that a quarter of a warp reads adjacent words.
  const compute = count(depth).map((k) =>
    `{
${fours.map((q) => `let x${q} = left_panel[${k * pitch(rows) + q * down}u + ty];`).join(" ")}
${fours.map((q) => `let y${q} = right_panel[${k * pitch(columns) + q * across}u + tx];`).join(" ")}
${
      count(own).map((i) =>
        fours.map((q) => {
          const x = `vec4<${type}>(x${i >> 2}.${"xyzw"[i % 4]})`;
          return type === "f32" ? `s${i}_${q} = fma(${x}, y${q}, s${i}_${q});` : `s${i}_${q} += ${x} * y${q};`;
        }).join(" ")
      ).join("\n")
    }
}`
  );
  const store = count(own).map((i) => {
    const row = `row0 + ${(i >> 2) * down * 4 + i % 4}u + ty * 4u`;
    const value = (j: number): string => `s${i}_${j >> 2}.${"xyzw"[j % 4]}`;
    const columnsOf = count(own).map((j) => {
      const at = partial ? `part + row * p.n + column` : "o + q";
      return `{ let column = column0 + ${(j >> 2) * across * 4 + j % 4}u + tx * 4u;
if (column < p.n) { ${partial ? "" : c.outColumn("q", "column")} out_set(${at}, ${
        partial ? value(j) : withEpilogue(c, value(j), "row", "column")
      }); } }`;
    });
    return `{ let row = ${row};
if (row < p.m) { ${partial ? "" : c.outRow("o", "row")}
${columnsOf.join("\n")}
} }`;
  });
  return `
let tile_column = group % p.tilesN;
let tile_row = (group / p.tilesN) % p.tilesM;
let batch_split = group / (p.tilesN * p.tilesM);
let z = batch_split % p.batch;
let split = batch_split / p.batch;
let tx = lane % ${across}u;
let ty = lane / ${across}u;
let row0 = tile_row * ${rows}u;
let column0 = tile_column * ${columns}u;
${c.batchCode}${left.before}${right.before}
${count(own).map((i) => fours.map((q) => `var s${i}_${q}: vec4<${type}>;`).join(" ")).join("\n")}
let begin = split * p.per;
let end = min(begin + p.per, p.outer * p.inner);
var k0 = begin;
loop {
let more = k0 < end;
if (more) {
${left.load}
${right.load}
}
if (k0 > begin) {
${compute.join("\n")}
}
workgroupBarrier();
if (!more) { break; }
${left.store}
${right.store}
workgroupBarrier();
k0 += ${depth}u;
}
${partial ? "let part = batch_split * p.m * p.n;" : ""}
${store.join("\n")}
`;
}
