/** The kernel for contractions without workgroup memory: an invocation keeps its tile of outputs in registers. */
import { computeType } from "../../render/wgsl_types.ts";
import { type Contraction, outerDigits, withEpilogue } from "./contraction.ts";
import { elementAt, laneCode, outerCode } from "./factor.ts";
import type { KernelVariant } from "./kernel_configs.ts";

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Whether parts of `per` terms end where the last digit does, so that loops over it are the same everywhere. */
export function wholeDigits({ inner }: Contraction, per: number): boolean {
  return per % Math.max(inner, 1) === 0;
}

/** The statements of the entry point. With `partial` they write contiguous partial sums instead of outputs. */
export function registerBody(c: Contraction, { rows, columns }: KernelVariant, per: number, partial: boolean): string {
  const type = computeType(c.dtype);
  const wide = columns % 4 === 0 ? 4 : 1;
  const accumulator = wide === 4 ? `vec4<${type}>` : type;
  const [is, js] = [count(rows), count(columns)];
  const quads = count(columns / wide);
  const right = (q: number): string => {
    const elements = count(wide).map((e) => elementAt(c.columns, "right", c.right, `b${q * wide + e}`, "t"));
    return wide === 4 ? `${accumulator}(${elements.join(", ")})` : elements[0]!;
  };
  const sum = (i: number, q: number): string => {
    const left = wide === 4 ? `${accumulator}(x${i})` : `x${i}`;
    return type === "f32" ? `s${i}_${q} = fma(${left}, y${q}, s${i}_${q});` : `s${i}_${q} += ${left} * y${q};`;
  };
  const step = `${quads.map((q) => `let y${q} = ${right(q)};`).join("\n")}
${is.map((i) => `let x${i} = ${elementAt(c.rows, "left", c.left, `a${i}`, "t")};`).join("\n")}
${is.map((i) => quads.map((q) => sum(i, q)).join(" ")).join("\n")}`;
  const enter = [...is.map((i) => outerCode(c.rows, `a${i}`)), ...js.map((j) => outerCode(c.columns, `b${j}`))].join(
    "",
  );
  const inner = `for (var t = first; t < last; t++) {
${step}
}`;
  const bounds = `let begin = split * p.per;
let end = min(begin + p.per, p.outer * p.inner);
`;
  const loop = c.digits.length > 1
    ? `${bounds}${wholeDigits(c, per) ? "let first = 0u; let last = p.inner;" : ""}
let stop = (end + p.inner - 1u) / p.inner;
for (var r = begin / p.inner; r < stop; r++) {
${
      wholeDigits(c, per) ? "" : `let before = r * p.inner;
let first = select(0u, begin - before, begin > before);
let last = min(p.inner, end - before);
`
    }${outerDigits(c)}${enter}
${inner}
}`
    : `${bounds}let first = begin;
let last = end;
${inner}`;
  const component = (j: number): string => wide === 4 ? `.${"xyzw"[j % 4]}` : "";
  const value = (i: number, j: number): string => `s${i}_${Math.floor(j / wide)}${component(j)}`;
  const at = partial ? "part + row_I * p.n + column_J" : "o_I + q_J";
  const store = is.map((i) =>
    `if (row_${i} < p.m) {
${partial ? "" : c.outRow(`o_${i}`, `row_${i}`)}
${
      js.map((j) =>
        `if (column_${j} < p.n) { out_set(${at.replace("I", `${i}`).replace("J", `${j}`)}, ${
          partial ? value(i, j) : withEpilogue(c, value(i, j), `row_${i}`, `column_${j}`)
        }); }`
      ).join("\n")
    }
}`
  );
  return `
let tile_column = thread % p.tilesN;
let tile_row = (thread / p.tilesN) % p.tilesM;
let batch_split = thread / (p.tilesN * p.tilesM);
let z = batch_split % p.batch;
let split = batch_split / p.batch;
${c.batchCode}
${is.map((i) => `let row_${i} = tile_row * ${rows}u + ${i}u;`).join("\n")}
${js.map((j) => `let column_${j} = tile_column * ${columns}u + ${j}u;`).join("\n")}
${is.map((i) => `let m_${i} = min(row_${i}, p.m - 1u);\n${laneCode(c.rows, `a${i}`, `m_${i}`)}`).join("")}
${js.map((j) => `let n_${j} = min(column_${j}, p.n - 1u);\n${laneCode(c.columns, `b${j}`, `n_${j}`)}`).join("")}
${is.map((i) => quads.map((q) => `var s${i}_${q}: ${accumulator};`).join(" ")).join("\n")}
${loop}
${partial ? "let part = batch_split * p.m * p.n;" : js.map((j) => c.outColumn(`q_${j}`, `n_${j}`)).join("")}
${store.join("\n")}
`;
}
