/**
 * Row kernels: a thread or a workgroup walks over one row as often as the steps require. Sums are made in a fixed
 * order. Where rows are aligned to quads, memory is accessed in vectors. Values are float32, whatever their dtype in
 * memory.
 */
import { type RowKernel, type RowStep, showRows, sizeOf, stepExpressions } from "@heddle/tensor/backend";
import {
  declareBuffer,
  declareInput,
  declareOutput,
  declareParams,
  infinityBits,
  quadOf,
  quadType,
  quadValues,
} from "./buffer_access.ts";
import { type Expr, scalarFields, type ScalarSlot, scalarSlots, StatementBuilder } from "./expression.ts";
import { coordinates, entryPoint, fields, paramNames, position, threadIndex } from "./index_math.ts";
import { functionsFor } from "./math/functions.ts";
import type { AdapterTraits, RenderedKernel } from "./rendered_kernel.ts";
import { mergeContiguousRows, vectorOperands, widenHalf } from "./row_layout.ts";
import { moduleHeader } from "./wgsl_types.ts";
import { declareTotals, workgroupTotal } from "./workgroup_total.ts";

/** Threads of a workgroup: for most rows, and for rows of which each thread would otherwise have many elements. */
const [groupSize, largeGroup] = [64, 256];

/**
 * Number of terms that are summed before the sum is added to the total. The rounding error grows with the longer of
 * both loops.
 */
const block = 64;

/** Rows longer than this need a workgroup, as lavapipe ends every loop after 65,535 iterations. */
const longest = 4096;

/** A rendered row kernel. Its offsets are those of the inputs, then those of the outputs. */
export interface RenderedRows extends RenderedKernel {
  /** Number of bits by which each offset is shifted to the right. */
  readonly offsetShifts: readonly number[];
  /** The operands whose buffers are bound, read-only ones first, and the number of read-only ones. */
  readonly bound: readonly number[];
  readonly reads: number;
}

/**
 * Renders a row kernel.
 *
 * @param aligned whether all offsets are multiples of four.
 * @param memories for each operand (inputs, then outputs) the first operand in the same buffer, as a buffer that is
 * written may be bound only once.
 */
export function renderRows(
  work: RowKernel,
  aligned: boolean,
  memories: readonly number[],
  { software, subgroup }: AdapterTraits,
): RenderedRows {
  const kernel = mergeContiguousRows({ ...work, steps: work.steps.map(widenHalf) });
  const { shape, inner, inputs, outputs, steps } = kernel;
  const outer = shape.length - inner;
  const rows = sizeOf(shape.slice(0, outer));
  const length = sizeOf(shape.slice(outer));
  const operands = [...inputs, ...outputs];
  const inFours = aligned ? vectorOperands(kernel) : null;
  // All operands in a buffer have to use the same element type.
  const mixed = inFours?.some((quad, i) => quad !== inFours[memories[i]!]) ?? false;
  const quads = mixed ? null : inFours;
  const holders = memories.map((holder, i) => operands[holder]!.dtype === operands[i]!.dtype ? holder : i);
  const written = new Set(holders.slice(inputs.length));
  const bound = holders.flatMap((holder, i) => holder === i ? [i] : []).sort((a, b) =>
    Number(written.has(a)) - Number(written.has(b))
  );
  const walked = quads === null ? length : length / 4;
  // On software adapters threads are loops, and workgroup barriers only cost time.
  const together = software
    ? length > longest ? groupSize : 1
    : length > 32
    ? walked > 8 * largeGroup ? largeGroup : groupSize
    : 1;
  const scalars = scalarSlots(steps.flatMap(stepExpressions));
  const words = [infinityBits, rows, walked];
  const offsetsAt = words.length;
  words.push(...operands.map(() => 0));
  const scalarsAt = words.length;
  const last = shape.length - 1;
  words.push(...scalars.map(() => 0), ...shape.map((size, d) => quads !== null && d === last ? size / 4 : size));
  operands.forEach(({ strides }, i) => {
    // Outputs with one element per row have no stride along it.
    const own = shape.map((_, d) => strides[d] ?? 0);
    words.push(...quads?.[i] ? own.map((stride, d) => d === last ? 1 : stride / 4) : own);
  });
  const shown = quads === null ? "" : ` in quads ${quads.map(Number).join("")}`;
  const sharing = bound.length === operands.length ? "" : ` sharing ${holders}`;
  return {
    key: `rows by ${together} ${shape.length}/${inner}${shown}${sharing} ${showRows(kernel)}`,
    source: () => source(kernel, { together, subgroup }, quads, scalars, { holders, bound, written }),
    words: Uint32Array.from(words),
    offsetsAt,
    offsetShifts: operands.map((_, i) => quads?.[i] ? 2 : 0),
    scalarsAt,
    scalars,
    workgroups: together > 1 ? rows : Math.ceil(rows / groupSize),
    bound,
    reads: bound.filter((i) => !written.has(i)).length,
  };
}

/** Which operands share a buffer. */
interface Sharing {
  /** For each operand, the operand under whose name its buffer is declared. */
  readonly holders: readonly number[];
  /** The operands that declare a buffer, in the order of the bindings. */
  readonly bound: readonly number[];
  readonly written: ReadonlySet<number>;
}

const start = { sum: "0f", amax: "-infinity()", amin: "infinity()" };
const combine = {
  sum: (a: string, b: string) => `(${a} + ${b})`,
  amax: (a: string, b: string) => `maximum_f(${a}, ${b})`,
  amin: (a: string, b: string) => `minimum_f(${a}, ${b})`,
};

type Walk = Extract<RowStep, { kind: "walk" }>;

function source(
  kernel: RowKernel,
  { together, subgroup }: { readonly together: number; readonly subgroup: number },
  quads: readonly boolean[] | null,
  scalars: readonly ScalarSlot[],
  { holders, bound, written }: Sharing,
): string {
  const { shape, inner, inputs, outputs, sources, steps } = kernel;
  const outer = shape.length - inner;
  const rank = shape.length;
  const threads = together === 1 ? groupSize : together;
  const operands = [...inputs, ...outputs];
  const count = operands.length;
  const name = (operand: number): string => {
    const holder = holders[operand]!;
    return holder < inputs.length ? `x${holder}` : `y${holder - inputs.length}`;
  };
  let declarations = "";
  bound.forEach((i, binding) => {
    const { dtype } = operands[i]!;
    const writable = written.has(i);
    declarations += quads?.[i]
      ? declareBuffer(binding, name(i), quadType(dtype), writable)
      : writable
      ? declareOutput(binding, name(i), dtype)
      : declareInput(binding, name(i), dtype);
  });
  declarations += declareParams(bound.length, [
    "inf: u32",
    ...["rows: u32", "steps: u32"],
    ...fields("o", count),
    ...scalarFields(scalars),
    ...fields("d", outer),
    ...fields("e", inner),
    ...Array.from({ length: count }, (_, i) => fields(`t${i}_`, rank)).flat(),
  ]);

  /** The position of an operand's element at this step of the walk. */
  const inRow = (operand: number): string =>
    `b${operand}` + Array.from({ length: inner }, (_, d) => ` + j${d} * p.t${operand}_${outer + d}`).join("");
  /** Code that reads a source, where `element` reads an operand. */
  const read = (element: (operand: number) => string, column: string) => (index: number): string => {
    const from = sources[index]!;
    switch (from.from) {
      case "input":
        return element(from.operand);
      case "output":
        return element(inputs.length + from.operand);
      case "row":
        return `r${from.value}`;
      case "column":
        return column;
    }
  };
  const atRow = read((operand) => `${name(operand)}_get(b${operand})`, "0");

  let values = 0;
  let totals = 0;
  const walk = ({ reduce, write }: Walk): string => {
    const loads = new Map<number, string>();
    const lines: string[] = [];
    const lanes = (quads === null ? [0] : [0, 1, 2, 3]).map((lane) => {
      const column = quads === null ? "i32(k)" : `i32(4u * k + ${lane}u)`;
      const statements = new StatementBuilder(
        read((operand) => {
          if (!quads?.[operand]) return `${name(operand)}_get(${inRow(operand)})`;
          if (!loads.has(operand)) {
            loads.set(operand, `let q${operand} = ${name(operand)}[${inRow(operand)}];`);
          }
          return quadValues(operands[operand]!.dtype, `q${operand}`)[lane]!;
        }, column),
        quads === null ? "v" : `v${lane}_`,
      );
      const written = write.map(({ expr }) => statements.value(expr));
      const terms = reduce.map(({ expr }) => statements.value(expr));
      return { written, terms, own: statements.lines };
    });
    // The statements of the lanes alternate: lavapipe (22.3) loses a value of the first lane when three or more
    // functions are written out lane by lane.
    lanes[0]!.own.forEach((_, i) => lines.push(...lanes.map(({ own }) => own[i]!)));
    lines.unshift(...loads.values());
    write.forEach(({ output }, w) => {
      const operand = inputs.length + output;
      const results = lanes.map(({ written }) => written[w]!);
      lines.push(
        quads === null
          ? `${name(operand)}_set(${inRow(operand)}, ${results[0]});`
          : `${name(operand)}[${inRow(operand)}] = ${quadOf(operands[operand]!.dtype, results)};`,
      );
    });
    const term = (i: number): string => {
      const { op } = reduce[i]!;
      const [a, b, c, d] = lanes.map(({ terms }) => terms[i]!);
      return b === undefined ? a! : combine[op](combine[op](a!, b), combine[op](c!, d!));
    };
    const names = reduce.map(() => values++);
    const each = (code: (n: number, i: number) => string): string => names.map(code).join(" ");
    const result = (n: number, i: number): string => {
      const { op } = reduce[i]!;
      if (together === 1) return `let r${n} = total${n};`;
      const { lines, total } = workgroupTotal(`total${n}`, together, subgroup, combine[op], totals++);
      return `${lines}\n  let r${n} = ${total};`;
    };
    return `${each((n, i) => `var total${n} = ${start[reduce[i]!.op]};`)}
  for (var begin = ${together === 1 ? "0u" : "lane"}; begin < p.steps; begin += ${block * together}u) {
    let stop = min(p.steps, begin + ${block * together}u);
    ${each((n, i) => `var some${n} = ${start[reduce[i]!.op]};`)}
    for (var k = begin; k < stop; k += ${together}u) {
      ${coordinates("j", "k", paramNames("e", inner))}
      ${lines.join("\n      ")}
      ${each((n, i) => `some${n} = ${combine[reduce[i]!.op](`some${n}`, term(i))};`)}
    }
    ${each((n, i) => `total${n} = ${combine[reduce[i]!.op](`total${n}`, `some${n}`)};`)}
  }
  ${names.map(result).join("\n  ")}`;
  };
  const once = (expr: Expr, step: number): { lines: string; value: string } => {
    const statements = new StatementBuilder(atRow, `w${step}_`);
    const value = statements.value(expr);
    return { lines: statements.lines.join(" "), value };
  };
  const body = steps.map((step, i) => {
    if (step.kind === "walk") return walk(step);
    const { lines, value } = once(step.expr, i);
    if (step.kind === "value") return `${lines} let r${values++} = ${value};`;
    const operand = inputs.length + step.output;
    const put = `${name(operand)}_set(b${operand}, ${value});`;
    return together === 1 ? `${lines} ${put}` : `if (lane == 0u) { ${lines} ${put} }`;
  });
  const code = `${entryPoint(threads)}${threadIndex(threads)}
  let item = ${together === 1 ? "thread" : "group"};
  if (item >= p.rows) { return; }
  ${coordinates("c", "item", paramNames("d", outer))}
  ${
    Array.from({ length: count }, (_, i) => `let b${i} = ${position(`p.o${i}`, "c", `p.t${i}_`, 0, outer)};`).join(
      "\n  ",
    )
  }
  ${body.join("\n  ")}
}
`;
  const memory = together === 1 ? "" : declareTotals("total", "f32", together, subgroup);
  return moduleHeader(operands.map(({ dtype }) => dtype)) + declarations + memory + functionsFor(code) + code;
}
