/**
 * The kernel for contractions that uses workgroup memory: a workgroup loads panels of both factors, and each invocation
 * reads a row of one and a column of the other. While it computes with one panel, the loads of the next are under way.
 */
import { computeType } from "../../render/wgsl_types.ts";
import { coordinates } from "../../render/index_math.ts";
import { type Contraction, withEpilogue } from "./contraction.ts";
import { type Factor, laneCode, positionCode } from "./factor.ts";
import type { TileVariant } from "./kernel_configs.ts";

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * Distance between consecutive terms of a panel, in vectors of four. It is one more than necessary, so that stores
 * along a column use different banks.
 */
const pitch = (size: number): number => size / 4 + 1;

/** Bytes of workgroup memory that a tile takes at most. */
export function workgroupBytes({ rows, columns, depth }: TileVariant): number {
  return 16 * depth * (pitch(rows) + pitch(columns) + 2);
}

/** A factor with what the kernel knows of its side. */
interface Side {
  readonly factor: Factor;
  readonly name: "left" | "right";
  /** Prefix of its variables. */
  readonly v: "a" | "b";
  /** Rows (columns) of the tile, the first of them, and their number in the matrix. */
  readonly size: number;
  readonly first: string;
  readonly limit: string;
  readonly quads: Factor["quads"];
}

/** The directions in which the kernel loads four elements at once, for parts of `per` terms. */
export function quadsOfSides({ rows, columns }: Contraction, per: number): [Factor["quads"], Factor["quads"]] {
  // Along the sum, parts have to start at multiples of four.
  const of = ({ quads }: Factor): Factor["quads"] => quads === "sum" && per % 4 !== 0 ? null : quads;
  return [of(rows), of(columns)];
}

function sidesOf(c: Contraction, { rows, columns }: TileVariant, per: number): [Side, Side] {
  const [left, right] = quadsOfSides(c, per);
  return [
    { factor: c.rows, name: "left", v: "a", size: rows, first: "row0", limit: "p.m", quads: left },
    { factor: c.columns, name: "right", v: "b", size: columns, first: "column0", limit: "p.n", quads: right },
  ];
}

/** Identifies the code that depends on the operands' strides and on constant digits. */
export function tileKey(c: Contraction, per: number): string {
  const linear = (factor: Factor): string =>
    hasTable(factor) ? `table${factor.taps === null ? "" : " of taps"}` : "linear";
  return `${quadsOfSides(c, per)} ${linear(c.rows)} ${linear(c.columns)} ${Object.values(c.constants)}`;
}

/** Whether positions and coordinates of terms come from a table in workgroup memory. */
function hasTable({ linear, bounds }: Factor): boolean {
  return !linear || bounds.some(({ digit }) => digit !== null);
}

/**
 * The type of an entry: the position, and where elements are checked, the bit of the tap in `Factor.taps` or the
 * coordinates.
 */
function entryType({ bounds, taps }: Factor): string {
  return bounds.length === 0 ? "u32" : taps === null ? "vec4<u32>" : "vec2<u32>";
}

/** The number of the tap whose digits have the given names. */
function tapNumber({ bounds }: Factor, sizes: readonly string[], name: (d: number) => string): string {
  return bounds.reduce((number, { digit }, d) => {
    if (digit === null) return number;
    return number === "" ? name(d) : `(${number}) * ${sizes[digit]} + ${name(d)}`;
  }, "");
}

/** Statements declaring `Vtaps`, the bits of the taps that are inside for the row (column) of `V`. */
function tapBits(factor: Factor, sizes: readonly string[], v: string): string {
  const bit = `${v}taps |= 1u << (${tapNumber(factor, sizes, (d) => `i${d}`)});`;
  return `var ${v}taps = 0u;\n` +
    factor.bounds.reduceRight(
      (code, { digit, step, size }, d) =>
        digit === null ? code : `for (var i${d} = 0u; i${d} < ${sizes[digit]}; i${d}++) {
if (${v}h${d} + i${d} * ${step} < ${size}) { ${code} }
}`,
      bit,
    ) + "\n";
}

/** The sizes of the digits, as constants where they are. */
function digitSizes({ digits, constants }: Contraction): string[] {
  return digits.map((size, d) => constants[d] === undefined ? size : `${constants[d]}u`);
}

/** The type of a panel's elements. float16 is exact there, and takes half the memory; sums are float32. */
export function panelType(c: Contraction): string {
  return c.left.dtype === "float16" && c.right.dtype === "float16" ? "f16" : computeType(c.dtype);
}

/** Declares the panels and the tables. */
export function tileDeclarations(c: Contraction, variant: TileVariant, per: number): string {
  return sidesOf(c, variant, per).map(({ factor, name, size }) =>
    `var<workgroup> ${name}_panel: array<vec4<${panelType(c)}>, ${variant.depth * pitch(size)}>;\n` +
    (hasTable(factor) ? `var<workgroup> ${name}_terms: array<${entryType(factor)}, ${variant.depth}>;\n` : "")
  ).join("");
}

/**
 * Code that keeps, for this invocation's term of the table, its digits. They advance by `depth` terms with carries, so
 * that nothing is divided in the loop.
 */
function tableCode(c: Contraction, { depth }: TileVariant): { before: string; fill: string; advance: string } {
  const tables = ([["left", c.rows], ["right", c.columns]] as const).filter(([, factor]) => hasTable(factor));
  if (tables.length === 0) return { before: "", fill: "", advance: "" };
  const sizes = digitSizes(c);
  const digits = count(sizes.length);
  const entry = (factor: Factor): string => {
    const { strides, bounds, taps } = factor;
    const position = strides.map((stride, d) => `digit${d} * ${stride}`).join(" + ");
    if (bounds.length === 0) return position;
    if (taps !== null) {
      const tap = tapNumber(factor, sizes, (d) => `digit${bounds[d]!.digit}`);
      return `vec2<u32>(${position}, 1u << (${tap}))`;
    }
    const steps = count(3).map((d) => {
      const bound = bounds[d];
      return bound === undefined || bound.digit === null ? "0u" : `digit${bound.digit} * ${bound.step}`;
    });
    return `vec4<u32>(${position}, ${steps.join(", ")})`;
  };
  const fill = `if (lane < ${depth}u) {
${tables.map(([name, factor]) => `${name}_terms[lane] = ${entry(factor)};`).join("\n")}
}`;
  const carries = digits.toReversed().map((d) =>
    d === 0
      ? `digit0 += by0${digits.length > 1 ? " + carry1" : ""};`
      : `digit${d} += by${d}${d < digits.length - 1 ? ` + carry${d + 1}` : ""};
let carry${d} = select(0u, 1u, digit${d} >= ${sizes[d]});
digit${d} -= carry${d} * ${sizes[d]};`
  );
  return {
    before: `${coordinates("from", `(begin + lane)`, sizes)}${coordinates("by", `${depth}u`, sizes)}${
      digits.map((d) => `var digit${d} = from${d};`).join(" ")
    }\n`,
    fill,
    advance: `${carries.join("\n")}\n${fill}`,
  };
}

/** Code that fills a panel. */
interface Loader {
  /** Statements before the loop. */
  readonly before: string;
  /** Statements that load the terms from `k0` on into registers. */
  readonly load: string;
  /** Statements that store the registers in the panel. */
  readonly store: string;
}

/** The number, within the tile, of element `e` of the vector of four rows (columns) `four`. */
function laneIn({ quads, size }: Side, four: string, e: number): string {
  if (quads === "lanes") return `(${four}) * 4u + ${e}u`;
  // Adjacent vectors hold adjacent rows, so that adjacent invocations load and store adjacent elements.
  return `${four} + ${e * size / 4}u`;
}

function loader(c: Contraction, side: Side, variant: TileVariant): Loader {
  const { factor, name, v, size, first, limit, quads } = side;
  const { depth, group } = variant;
  const panel = `vec4<${panelType(c)}>`;
  const fours = size / 4;
  // An invocation loads four rows at one term, or at four terms in a vector each.
  const together = quads === "sum" ? 4 : 1;
  const steps = depth / together;
  const units = fours * steps;
  const rounds = Math.ceil(units / group);
  const along = quads === "sum" || (quads === null && factor.alongSum);
  const unit = (u: number): string => u === 0 ? "lane" : `(lane + ${u * group}u)`;
  // Adjacent invocations read adjacent elements: along the summed index, or across it.
  const same = !along && group % fours === 0;
  const four = (u: number): string =>
    along ? `(${unit(u)} / ${steps}u)` : same ? `(lane % ${fours}u)` : `(${unit(u)} % ${fours}u)`;
  const step = (u: number): string => along ? `(${unit(u)} % ${steps}u)` : `(${unit(u)} / ${fours}u)`;
  const own = (u: number): number => same ? 0 : u;
  const guard = (u: number, code: string): string =>
    (u + 1) * group > units ? `if (${unit(u)} < ${units}u) {\n${code}\n}` : code;

  // What is constant in the loop: the vectors' first row, their first term, and their place in the panel.
  const places = (u: number): string =>
    `${own(u) === u ? `let ${name}_four${u} = ${four(u)};\n` : ""}let ${name}_term${u} = ${step(u)}${
      together === 1 ? "" : ` * ${together}u`
    };
let ${name}_at${u} = ${name}_term${u} * ${pitch(size)}u + ${name}_four${own(u)};\n`;
  const lanes = (u: number): string =>
    count(quads === "lanes" ? 1 : 4).map((e) =>
      `let ${v}i${u}_${e} = min(${first} + ${laneIn(side, `${name}_four${u}`, e)}, ${limit} - ${
        quads === "lanes" ? 4 : 1
      }u);\n${laneCode(factor, `${v}${u}_${e}`, `${v}i${u}_${e}`)}` +
      `let ${v}p${u}_${e} = ${positionCode(factor, `${v}${u}_${e}`)};\n` +
      (factor.taps === null ? "" : tapBits(factor, digitSizes(c), `${v}${u}_${e}`))
    ).join("");

  const table = hasTable(factor);
  const { bounds, taps } = factor;
  const checked = bounds.length > 0;
  // Loaded values are used only when they are stored, so that nothing waits for them before.
  const inside = (lane: string): string =>
    [
      ...(bounds.some(({ digit }) => digit === null) ? [`${lane}in`] : []),
      ...(taps !== null
        ? [`((${lane}taps & term.y) != 0u)`]
        : bounds.flatMap(({ digit, size }, d) =>
          digit === null ? [] : [`((${lane}h${d} + term.${"yzw"[d]}) < ${size})`]
        )),
    ].join(" & ");
  const away = table ? (checked ? "term.x" : "term") : "away";
  const load = count(rounds).map((u) => {
    const named = (e: number): string => `${v}${own(u)}_${e}`;
    const quad = (e: number): string => `${name}_quad((${v}p${own(u)}_${e} + ${away}) / 4u)`;
    const found = quads === "sum" ? count(4).map(quad) : quads === "lanes" ? [quad(0)] : [
      `${panel}(${count(4).map((e) => `${name}_get(${v}p${own(u)}_${e} + ${away})`).join(", ")})`,
    ];
    return guard(
      u,
      `{
${
        table
          ? `let term = ${name}_terms[${name}_term${u}];`
          : `let away = (k0 + ${name}_term${u}) * ${factor.strides.at(-1)};`
      }
${found.map((value, i) => `${name}_${u}_${i} = ${value};`).join("\n")}
${checked ? `${name}_in${u} = vec4<bool>(${count(4).map((e) => inside(named(e))).join(", ")});` : ""}
}`,
    );
  });
  const put = (u: number): string =>
    count(together).map((i) => {
      // Four rows at four terms are transposed.
      const value = together === 1
        ? `${name}_${u}_0`
        : `${panel}(${count(4).map((e) => `${name}_${u}_${e}.${"xyzw"[i]}`).join(", ")})`;
      const within = `k0 + ${name}_term${u} < end`;
      const wanted = checked ? `${name}_in${u} & vec4<bool>(${within})` : within;
      return `${name}_panel[${name}_at${u}${
        i === 0 ? "" : ` + ${i * pitch(size)}u`
      }] = select(${panel}(), ${value}, ${wanted});`;
    }).join("\n");
  const variables = count(rounds).map((u) =>
    count(together).map((i) => `var ${name}_${u}_${i}: ${panel};`).join(" ") +
    (checked ? ` var ${name}_in${u}: vec4<bool>;` : "")
  );
  return {
    before: [
      ...count(rounds).map(places),
      ...count(same ? 1 : rounds).map(lanes),
      `${variables.join("\n")}\n`,
    ].join(""),
    load: load.join("\n"),
    store: count(rounds).map((u) => guard(u, put(u))).join("\n"),
  };
}

/** The statements of the entry point. With `partial` they write contiguous partial sums instead of outputs. */
export function tileBody(c: Contraction, variant: TileVariant, per: number, partial: boolean): string {
  const { rows, columns, ownRows, ownColumns, depth } = variant;
  const type = computeType(c.dtype);
  const [across, down] = [columns / ownColumns, rows / ownRows];
  const [leftSide, rightSide] = sidesOf(c, variant, per);
  const [left, right] = [loader(c, leftSide, variant), loader(c, rightSide, variant)];
  const table = tableCode(c, variant);
  const [is, js] = [count(ownRows), count(ownColumns)];
  const [rowFours, columnFours] = [count(ownRows / 4), count(ownColumns / 4)];
  const read = panelType(c) === type
    ? (code: string): string => code
    : (code: string): string => `vec4<${type}>(${code})`;
  // The rows of an invocation are vectors of four, spread so that a quarter of a warp reads adjacent words.
  const compute = count(depth).map((k) =>
    `{
${rowFours.map((q) => `let x${q} = ${read(`left_panel[${k * pitch(rows) + q * down}u + ty]`)};`).join(" ")}
${columnFours.map((q) => `let y${q} = ${read(`right_panel[${k * pitch(columns) + q * across}u + tx]`)};`).join(" ")}
${
      is.map((i) =>
        columnFours.map((q) => {
          const x = `vec4<${type}>(x${i >> 2}.${"xyzw"[i % 4]})`;
          return type === "f32" ? `s${i}_${q} = fma(${x}, y${q}, s${i}_${q});` : `s${i}_${q} += ${x} * y${q};`;
        }).join(" ")
      ).join("\n")
    }
}`
  );
  const place = (side: Side, own: string, spread: number, i: number): string =>
    `${side.first} + ${laneIn(side, `${(i >> 2) * spread}u + ${own}`, i % 4)}`;
  const outColumns = js.map((j) =>
    `let column_${j} = ${place(rightSide, "tx", across, j)};
${partial ? "" : c.outColumn(`q_${j}`, `min(column_${j}, p.n - 1u)`)}`
  );
  const store = is.map((i) => {
    const outputs = js.map((j) => {
      const value = `s${i}_${j >> 2}.${"xyzw"[j % 4]}`;
      const at = partial ? `part + row * p.n + column_${j}` : `o + q_${j}`;
      return `if (column_${j} < p.n) { out_set(${at}, ${
        partial ? value : withEpilogue(c, value, "row", `column_${j}`)
      }); }`;
    });
    return `{ let row = ${place(leftSide, "ty", down, i)};
if (row < p.m) { ${partial ? "" : c.outRow("o", "row")}
${outputs.join("\n")}
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
let begin = split * p.per;
let end = min(begin + p.per, p.outer * p.inner);
${c.batchCode}${left.before}${right.before}${table.before}
${is.map((i) => columnFours.map((q) => `var s${i}_${q}: vec4<${type}>;`).join(" ")).join("\n")}
${table.fill === "" ? "" : `${table.fill}\nworkgroupBarrier();`}
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
${table.advance}
workgroupBarrier();
k0 += ${depth}u;
}
${partial ? "let part = batch_split * p.m * p.n;" : ""}
${outColumns.join("\n")}
${store.join("\n")}
`;
}
