/** The kernel for contractions with few outputs: a workgroup computes one output. */
import type { DType } from "@heddle/tensor";
import { declareTotals, workgroupTotal } from "../../render/workgroup_total.ts";
import { computeType } from "../../render/wgsl_types.ts";
import { type Contraction, outerDigits, withEpilogue } from "./contraction.ts";
import { elementAt, laneCode, outerCode } from "./factor.ts";
import type { KernelVariant } from "./kernel_configs.ts";

/** Declares the workgroup memory for partial sums. */
export function dotDeclarations(dtype: DType, { group }: KernelVariant, subgroup: number): string {
  return declareTotals("total", computeType(dtype), group, subgroup);
}

/** The entry point's statements. */
export function dotBody(c: Contraction, { group }: KernelVariant, subgroup: number): string {
  const { lines, total } = workgroupTotal("sum", group, subgroup, (a, b) => `(${a} + ${b})`);
  const type = computeType(c.dtype);
  const split = c.digits.length > 1 ? `let r = k / p.inner;\nlet t = k % p.inner;\n${outerDigits(c)}` : `let t = k;\n`;
  return `
let column = group % p.n;
let row = (group / p.n) % p.m;
let z = group / (p.n * p.m);
${c.batchCode}${laneCode(c.rows, "a", "row")}${laneCode(c.columns, "b", "column")}
let terms = p.outer * p.inner;
var sum: ${type};
for (var k = lane; k < terms; k += ${group}u) {
${split}${outerCode(c.rows, "a")}${outerCode(c.columns, "b")}
sum += ${elementAt(c.rows, "left", c.left, "a", "t")} * ${elementAt(c.columns, "right", c.right, "b", "t")};
}
${lines}
if (lane == 0u) {
${c.outRow("o", "row")}${c.outColumn("q", "column")}
out_set(o + q, ${withEpilogue(c, total, "row", "column")});
}
`;
}
