/**
 * Products of tiles, of which fused attention consists. A workgroup owns some rows (queries, or keys) and walks over the
 * columns (keys, or queries) a tile at a time. Factors pass through panels in workgroup memory.
 */
import type { GpuContext } from "../../gpu_context.ts";

/** How a workgroup divides its work. */
export interface Tiling {
  readonly rows: number;
  readonly columns: number;
  /** Each thread has four rows and four columns of a tile of scores. */
  readonly threads: number;
}

/** Terms of a product that are in workgroup memory at a time. */
const depth = 16;

/** Columns of an output for which a workgroup has sums in registers. */
export const widest = 128;

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Distance of panel rows and tile rows in vectors of four, one more than necessary to use other banks. */
const pitch = (size: number): number => size / 4 + 1;

/** Vectors of four in the panels of both factors of the scores. */
const panelSize = ({ rows, columns }: Tiling): number => depth * (pitch(rows) + pitch(columns));

/** The tiling with the most reuse that fits the adapter's workgroup memory. Both fit the least limits of WebGPU. */
export function tilingFor({ limits }: GpuContext): Tiling {
  const large = { rows: 64, columns: 64, threads: 256 };
  return limits.maxComputeWorkgroupStorageSize >= bytesOf(large) && limits.maxComputeInvocationsPerWorkgroup >= 256
    ? large
    : { rows: 32, columns: 64, threads: 128 };
}

/** Bytes of workgroup memory. */
export function bytesOf(t: Tiling): number {
  return 16 * (t.rows * pitch(t.columns) + panelSize(t)) + 4 * t.rows;
}

/** Declares a panel for factors, and a tile of weights. `factor` has one number for each row. */
export function tileDeclarations(t: Tiling): string {
  return `var<workgroup> panel: array<vec4<f32>, ${panelSize(t)}>;
var<workgroup> tile: array<vec4<f32>, ${t.rows * pitch(t.columns)}>;
var<workgroup> factor: array<f32, ${t.rows}>;
`;
}

/** The sides of a tile: the name of the matrix `NAME_at(base, row, column)`, and its first row in the tile. */
export interface Side {
  readonly matrix: string;
  readonly first: string;
}

/** Statements that load `depth` columns, from `k0` on, of `size` rows of a matrix. */
function loadPanel({ threads }: Tiling, { matrix, first }: Side, size: number, at: number): string {
  const step = threads / depth;
  return count(Math.ceil(size / 4 / step)).map((round) => {
    const four = `(lane / ${depth}u + ${round * step}u)`;
    const code = `{ let k = lane % ${depth}u; let four = ${four}; let row = ${first} + four * 4u;
panel[${at}u + k * ${pitch(size)}u + four] = vec4<f32>(${
      count(4).map((i) => `${matrix}_at(${matrix}_base, row + ${i}u, k0 + k)`).join(", ")
    }); }`;
    return (round + 1) * step * 4 <= size ? code : `if (${four} < ${size / 4}u) ${code}`;
  }).join("\n");
}

/**
 * The product of a tile's rows with its columns over `width` terms: this thread's part is `NAME0` to `NAME3`, vectors of
 * four columns. The panel is free before and after.
 */
export function productOfSides(t: Tiling, name: string, rows: Side, columns: Side, width: string): string {
  const second = depth * pitch(t.rows);
  return `${count(4).map((i) => `var ${name}${i} = vec4<f32>();`).join(" ")}
for (var k0 = 0u; k0 < ${width}; k0 += ${depth}u) {
${loadPanel(t, rows, t.rows, 0)}
${loadPanel(t, columns, t.columns, second)}
workgroupBarrier();
for (var k = 0u; k < ${depth}u; k++) {
  let a = panel[k * ${pitch(t.rows)}u + ty];
  let b = panel[${second}u + k * ${pitch(t.columns)}u + tx];
  ${count(4).map((i) => `${name}${i} = fma(vec4<f32>(a[${i}]), b, ${name}${i});`).join("\n  ")}
}
workgroupBarrier();
}
`;
}

/** Statements that store this thread's part of a tile. */
export function storeTile(t: Tiling, values: (row: number) => string): string {
  return count(4).map((i) => `tile[(ty * 4u + ${i}u) * ${pitch(t.columns)}u + tx] = ${values(i)};`).join("\n");
}

/** An output: a tile of weights times a matrix. Each thread has sums for some rows and some vectors of four columns. */
export interface Sums {
  /** Statements before the walk over the tiles. */
  readonly declare: string;
  /** Multiplies the sums of each row by `factor[row]`. */
  readonly scale: string;
  /** Adds the product of the tile with rows of the matrix. The tile is complete, and the panel is free before and after. */
  readonly add: (matrix: Side) => string;
  /** Writes `value(sum, row in the tile)` with `store(row, column, value)`. */
  readonly write: (
    value: (sum: string, row: string) => string,
    store: (row: string, column: string, value: string) => string,
  ) => string;
}

/** {@link Sums} of up to {@link widest} columns from `from` on, under a name. */
export function sumsOf(t: Tiling, name: string, width: number, from: string): Sums {
  const fours = Math.ceil(Math.min(width, widest) / 4);
  // Threads side by side: a power of two from 4 to 16.
  const across = Math.min(16, Math.max(4, 2 ** Math.ceil(Math.log2(fours))));
  const each = Math.ceil(fours / across);
  const own = t.rows * across / t.threads;
  const padded = across * each;
  const terms = depth * padded <= panelSize(t) ? depth : depth / 2;
  const at = (i: number): string => `(lane / ${across}u * ${own}u + ${i}u)`;
  const sum = (i: number, f: number): string => `${name}${i}_${f}`;
  const pairs = count(own).flatMap((i) => count(each).map((f) => [i, f] as const));
  return {
    declare: pairs.map(([i, f]) => `var ${sum(i, f)} = vec4<f32>();`).join(" "),
    scale: pairs.map(([i, f]) => `${sum(i, f)} *= factor[${at(i)}];`).join(" "),
    add({ matrix, first }) {
      const vectors = terms * padded;
      const load = count(Math.ceil(vectors / t.threads)).map((round) => {
        const code = `{ let i = lane + ${round * t.threads}u; let row = ${first} + k0 + i / ${padded}u;
let column = ${from} + i % ${padded}u * 4u;
panel[i] = vec4<f32>(${count(4).map((j) => `${matrix}_at(${matrix}_base, row, column + ${j}u)`).join(", ")}); }`;
        return (round + 1) * t.threads <= vectors ? code : `if (lane + ${round * t.threads}u < ${vectors}u) ${code}`;
      });
      const multiply = count(4).map((k) =>
        `{ ${
          count(each).map((f) =>
            `let x${f} = panel[(quad * 4u + ${k}u) * ${padded}u + ${f * across}u + lane % ${across}u];`
          )
            .join(" ")
        } ${pairs.map(([i, f]) => `${sum(i, f)} = fma(vec4<f32>(w${i}[${k}]), x${f}, ${sum(i, f)});`).join(" ")} }`
      );
      return `for (var k0 = 0u; k0 < ${t.columns}u; k0 += ${terms}u) {
${load.join("\n")}
workgroupBarrier();
for (var quad = 0u; quad < ${terms / 4}u; quad++) {
  ${count(own).map((i) => `let w${i} = tile[${at(i)} * ${pitch(t.columns)}u + k0 / 4u + quad];`).join(" ")}
  ${multiply.join("\n  ")}
}
workgroupBarrier();
}
`;
    },
    write: (value, store) =>
      pairs.flatMap(([i, f]) =>
        count(4).map((j) =>
          store(
            at(i),
            `${from} + (lane % ${across}u + ${f * across}u) * 4u + ${j}u`,
            value(`${sum(i, f)}[${j}]`, at(i)),
          )
        )
      ).join("\n"),
  };
}
