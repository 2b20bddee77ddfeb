/**
 * Row kernels: a thread, or a whole workgroup, walks over one row as often as the steps ask. Sums are made in the same order always.
 */
import { type RowKernel, type RowStep, showRows, stepExpressions } from "@heddle/tensor";
import { declareInput, declareOutput, declareParams, infinityBits } from "./access.ts";
import { type Expr, scalarFields, type ScalarSlot, scalarSlots, Statements } from "./expression.ts";
import { functionsFor } from "./functions.ts";
import { coordinates, entryPoint, fields, position, sizeOf, threadIndex } from "./positions.ts";

/** Threads of a workgroup. */
const groupSize = 64;

/** Terms in a row before the sum is added to that of the row before: rounding errors grow with the longer of both. */
const block = 64;

/** Rows longer than this are too much for one thread: Lavapipe leaves every loop after 65,535 rounds. */
const longest = 4096;

/** A row kernel as it is rendered: its shader, the words of its params, and what fills them in. */
export interface RenderedRows {
  readonly key: string;
  readonly source: () => string;
  readonly words: Uint32Array;
  /** Where the offsets of the inputs and then the outputs go. */
  readonly offsetsAt: number;
  readonly scalarsAt: number;
  readonly scalars: readonly ScalarSlot[];
  readonly workgroups: number;
}

/** Renders a row kernel of float32 values. */
export function renderRows(kernel: RowKernel, { software }: { readonly software: boolean }): RenderedRows {
  const { shape, inner, inputs, outputs, steps } = kernel;
  const outer = shape.length - inner;
  const rows = sizeOf(shape.slice(0, outer));
  const length = sizeOf(shape.slice(outer));
  // On processors threads are loops: workgroups that wait for each other only cost.
  const together = length > (software ? longest : 32) ? groupSize : 1;
  const scalars = scalarSlots(steps.flatMap(stepExpressions));
  const operands = [...inputs, ...outputs];
  const words = [infinityBits, rows, length];
  const offsetsAt = words.length;
  words.push(...operands.map(() => 0));
  const scalarsAt = words.length;
  words.push(...scalars.map(() => 0), ...shape);
  // Outputs of one element a row do not move along it.
  for (const { strides } of operands) words.push(...shape.map((_, d) => strides[d] ?? 0));
  return {
    key: `rows by ${together} ${shape.length}/${inner} ${showRows(kernel)}`,
    source: () => source(kernel, together, scalars),
    words: Uint32Array.from(words),
    offsetsAt,
    scalarsAt,
    scalars,
    workgroups: together > 1 ? rows : Math.ceil(rows / groupSize),
  };
}

const start = { sum: "0f", amax: "-infinity()", amin: "infinity()" };
const combine = {
  sum: (a: string, b: string) => `${a} + ${b}`,
  amax: (a: string, b: string) => `maximum_f(${a}, ${b})`,
  amin: (a: string, b: string) => `minimum_f(${a}, ${b})`,
};

type Walk = Extract<RowStep, { kind: "walk" }>;

function source(kernel: RowKernel, together: number, scalars: readonly ScalarSlot[]): string {
  const { shape, inner, inputs, outputs, sources, steps } = kernel;
  const outer = shape.length - inner;
  const rank = shape.length;
  let declarations = "";
  inputs.forEach(({ dtype }, i) => declarations += declareInput(i, `x${i}`, dtype));
  outputs.forEach(({ dtype }, i) => declarations += declareOutput(inputs.length + i, `y${i}`, dtype));
  const count = inputs.length + outputs.length;
  declarations += declareParams(count, [
    ...["rows: u32", "length: u32"],
    ...fields("o", count),
    ...scalarFields(scalars),
    ...fields("d", outer),
    ...fields("e", inner),
    ...Array.from({ length: count }, (_, i) => fields(`t${i}_`, rank)).flat(),
  ]);

  /** Code of a source; `at` says where an operand's element is. */
  const read = (at: (operand: number) => string) => (index: number): string => {
    const from = sources[index]!;
    switch (from.from) {
      case "input":
        return `x${from.operand}_at(${at(from.operand)})`;
      case "output":
        return `y${from.operand}_at(${at(inputs.length + from.operand)})`;
      case "row":
        return `r${from.value}`;
      case "column":
        return "i32(k)";
    }
  };
  const atRow = read((operand) => `b${operand}`);
  const inRow = (operand: number): string => {
    let code = `b${operand}`;
    for (let d = 0; d < inner; d++) code += ` + j${d} * p.t${operand}_${outer + d}`;
    return `(${code})`;
  };

  let values = 0;
  const walk = ({ reduce, write }: Walk): string => {
    const statements = new Statements(read(inRow));
    const writes = write.map(({ output, expr }) =>
      `y${output}_put(${inRow(inputs.length + output)}, ${statements.value(expr)});`
    );
    const terms = reduce.map(({ expr }) => statements.value(expr));
    const names = reduce.map(() => values++);
    const each = (code: (n: number, i: number) => string): string => names.map(code).join(" ");
    const result = (n: number, i: number): string => {
      const { op } = reduce[i]!;
      if (together === 1) return `let r${n} = total${n};`;
      // The threads' results made one, in pairs.
      return `pool[lane] = total${n};
  workgroupBarrier();
  for (var half = ${groupSize / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { pool[lane] = ${combine[op]("pool[lane]", "pool[lane + half]")}; }
    workgroupBarrier();
  }
  let r${n} = pool[0];
  workgroupBarrier();`;
    };
    return `${each((n, i) => `var total${n} = ${start[reduce[i]!.op]};`)}
  for (var begin = ${together === 1 ? "0u" : "lane"}; begin < p.length; begin += ${block * together}u) {
    let stop = min(p.length, begin + ${block * together}u);
    ${each((n, i) => `var some${n} = ${start[reduce[i]!.op]};`)}
    for (var k = begin; k < stop; k += ${together}u) {
      ${coordinates("j", "k", "p.e", inner)}
      ${[...statements.lines, ...writes].join("\n      ")}
      ${each((n, i) => `some${n} = ${combine[reduce[i]!.op](`some${n}`, terms[i]!)};`)}
    }
    ${each((n, i) => `total${n} = ${combine[reduce[i]!.op](`total${n}`, `some${n}`)};`)}
  }
  ${names.map(result).join("\n  ")}`;
  };
  const once = (expr: Expr, step: number): { lines: string; value: string } => {
    const statements = new Statements(atRow, `w${step}_`);
    const value = statements.value(expr);
    return { lines: statements.lines.join(" "), value };
  };
  const body = steps.map((step, i) => {
    if (step.kind === "walk") return walk(step);
    const { lines, value } = once(step.expr, i);
    if (step.kind === "value") return `${lines} let r${values++} = ${value};`;
    const put = `y${step.output}_put(b${inputs.length + step.output}, ${value});`;
    return together === 1 ? `${lines} ${put}` : `if (lane == 0u) { ${lines} ${put} }`;
  });
  const code = `${entryPoint(groupSize)}${threadIndex(groupSize)}
  let item = ${together === 1 ? "thread" : "group"};
  if (item >= p.rows) { return; }
  ${coordinates("c", "item", "p.d", outer)}
  ${
    Array.from({ length: count }, (_, i) => `let b${i} = ${position(`p.o${i}`, "c", `p.t${i}_`, 0, outer)};`).join(
      "\n  ",
    )
  }
  ${body.join("\n  ")}
}
`;
  const memory = together === 1 ? "" : `var<workgroup> pool: array<f32, ${groupSize}>;\n`;
  return declarations + memory + functionsFor(code) + code;
}
