/**
 * Element-wise kernels. Where the output is contiguous, a thread computes four consecutive elements (a quad), so that
 * memory is accessed in vectors, and narrow dtypes in whole words. Otherwise a thread computes one element.
 */
import type { DType } from "@heddle/tensor";
import { isContiguous, type Kernel, showExpr, sizeOf } from "@heddle/tensor/backend";
import {
  declareBuffer,
  declareInput,
  declareOutput,
  declareParams,
  infinityBits,
  quadOf,
  quadType,
  quadValues,
  writePartOfQuad,
} from "./buffer_access.ts";
import { isLong, scalarFields, type ScalarSlot, scalarSlots, StatementBuilder } from "./expression.ts";
import { coordinates, entryPoint, fields, paramNames, position, threadIndex } from "./index_math.ts";
import { functionsFor } from "./math/functions.ts";
import type { RenderedKernel } from "./rendered_kernel.ts";
import { isPacked, moduleHeader, valueType } from "./wgsl_types.ts";

/**
 * Threads of a workgroup. On lavapipe each workgroup costs some 0.2 µs (1M additions: 2.6 ms with 64 threads, 1.7 with
 * 256).
 */
const groupSize = 256;

/**
 * How an input's elements are read.
 * - whole: four in one vector, at the same position as the output's
 * - along: one by one, at the same position as the output's, since they are not aligned to fours
 * - same: one element for all
 * - row, rowConstant, rowStrided: the last dimension has stride 1 (a vector), stride 0 (one element), or any stride
 * - strided: the position of every element is computed from its index
 */
type InputAccess = "whole" | "along" | "same" | "row" | "rowConstant" | "rowStrided" | "strided";

/** Facts about the operands that are known only at the launch. */
export interface Placement {
  /** Offsets of the output and of the inputs, in elements. */
  readonly offsets: readonly number[];
  /** Whether each input is the output itself, element by element. */
  readonly inPlace: readonly boolean[];
}

interface ElementwiseVariant {
  readonly kernel: Kernel;
  readonly quads: boolean;
  readonly access: readonly InputAccess[];
  readonly inPlace: readonly boolean[];
  readonly tail: boolean;
  readonly rank: number;
  readonly scalars: readonly ScalarSlot[];
}

/** Renders an element-wise kernel. */
export function renderElementwise(kernel: Kernel, { offsets, inPlace }: Placement): RenderedKernel {
  const { shape, inputs, output } = kernel;
  const rank = shape.length;
  const n = sizeOf(shape);
  const last = rank > 0 ? shape[rank - 1]! : 1;
  const linear = inputs.map(({ strides }) => isContiguous(shape, strides));
  const same = inputs.map(({ strides }) => strides.every((stride) => stride === 0));
  const indexed = inputs.some((_, i) => !linear[i] && !same[i]);
  const aligned = (offset: number): boolean => offset % 4 === 0;
  const quads = isContiguous(shape, output.strides) && aligned(offsets[0]!) && n > 1 &&
    (!indexed || last % 4 === 0 || isPacked(output.dtype));
  const access = inputs.map(({ strides }, i): InputAccess => {
    const offset = offsets[i + 1]!;
    if (same[i] && n > 1) return "same";
    if (!quads) return linear[i] && isContiguous(shape, output.strides) && !indexed ? "along" : "strided";
    if (linear[i]) return aligned(offset) ? "whole" : "along";
    if (last % 4 !== 0) return "strided";
    const step = strides[rank - 1]!;
    if (step === 0) return "rowConstant";
    const vectors = step === 1 && aligned(offset) && strides.every((stride, d) => d === rank - 1 || aligned(stride));
    return vectors ? "row" : "rowStrided";
  });
  const needsIndex = (!quads && !isContiguous(shape, output.strides)) ||
    access.some((kind) => kind.startsWith("row") || kind === "strided");
  const scalars = scalarSlots([kernel.expr]);
  const variant: ElementwiseVariant = {
    kernel,
    quads,
    access,
    inPlace,
    tail: quads && n % 4 !== 0,
    rank: needsIndex ? rank : 0,
    scalars,
  };
  const threads = quads ? Math.ceil(n / 4) : n;
  const words = [infinityBits, threads, n];
  const offsetsAt = words.length;
  words.push(...offsets);
  const scalarsAt = words.length;
  words.push(...scalars.map(() => 0));
  if (needsIndex) {
    words.push(...shape);
    if (!quads) words.push(...output.strides);
    inputs.forEach(({ strides }, i) => isIndexed(access[i]!) && words.push(...strides));
  }
  return {
    key: `map ${keyOf(variant)}`,
    source: () => source(variant),
    words: Uint32Array.from(words),
    offsetsAt,
    scalarsAt,
    scalars,
    workgroups: Math.ceil(threads / groupSize),
  };
}

const isIndexed = (kind: InputAccess): boolean => kind.startsWith("row") || kind === "strided";

function keyOf({ kernel, quads, access, inPlace, tail, rank }: ElementwiseVariant): string {
  const inputs = kernel.inputs.map(({ dtype }, i) => `${dtype}/${access[i]}${inPlace[i] ? "!" : ""}`);
  return `${quads ? "quads" : "single"}${tail ? " tail" : ""} ${rank} ${inputs} ${kernel.output.dtype} ` +
    showExpr(kernel.expr);
}

function source(variant: ElementwiseVariant): string {
  const { kernel, quads, access, inPlace, tail, rank, scalars } = variant;
  const { inputs, output } = kernel;
  const dtypes = [...inputs.map(({ dtype }) => dtype), output.dtype];
  const isWhole = (kind: InputAccess): boolean => kind === "whole" || kind === "row";
  let declarations = "";
  let binding = 0;
  inputs.forEach(({ dtype }, i) => {
    if (inPlace[i]) return;
    declarations += isWhole(access[i]!)
      ? declareBuffer(binding, `x${i}`, quadType(dtype), false)
      : declareInput(binding, `x${i}`, dtype);
    binding++;
  });
  declarations += quads
    ? declareBuffer(binding, "out", quadType(output.dtype), true)
    : declareOutput(binding, "out", output.dtype);
  declarations += declareParams(binding + 1, [
    "inf: u32",
    "threads: u32",
    "count: u32",
    ...fields("o", inputs.length + 1),
    ...scalarFields(scalars),
    ...rank > 0 ? fields("d", rank) : [],
    ...rank > 0 && !quads ? fields("q", rank) : [],
    ...inputs.flatMap((_, i) => rank > 0 && isIndexed(access[i]!) ? fields(`t${i}_`, rank) : []),
  ]);

  const statements = new StatementBuilder((index) => `x${index}`);
  const result = statements.value(kernel.expr);
  const element = `fn element(${inputs.map(({ dtype }, i) => `x${i}: ${valueType(dtype)}`).join(", ")}) -> ${
    valueType(kernel.expr.dtype)
  } {
  ${statements.lines.join("\n  ")}
  return ${result};
}
`;
  const body = quads ? quadBody(variant, tail) : singleBody(variant);
  const code = `${element}${entryPoint(groupSize)}${threadIndex(groupSize)}
  if (thread >= p.threads) { return; }
  ${body}
}
`;
  return moduleHeader(dtypes) + declarations + functionsFor(code) + code;
}

function singleBody({ kernel, access, inPlace, rank }: ElementwiseVariant): string {
  const lines = rank > 0 ? [coordinates("c", "thread", paramNames("d", rank))] : [];
  lines.push(`let at = ${rank > 0 ? position("p.o0", "c", "p.q", 0, rank) : "p.o0 + thread"};`);
  const values = kernel.inputs.map((_, i) => {
    if (inPlace[i]) return "out_get(at)";
    const base = `p.o${i + 1}`;
    switch (access[i]!) {
      case "same":
        return `x${i}_get(${base})`;
      case "along":
        return `x${i}_get(${base} + thread)`;
      default:
        return `x${i}_get(${position(base, "c", `p.t${i}_`, 0, rank)})`;
    }
  });
  lines.push(`out_set(at, element(${values.join(", ")}));`);
  return lines.join("\n  ");
}

function quadBody({ kernel, access, inPlace, rank }: ElementwiseVariant, tail: boolean): string {
  const lines = ["let first = thread * 4u;"];
  const byRows = access.some((kind) => kind.startsWith("row"));
  if (byRows) lines.push(coordinates("c", "first", paramNames("d", rank)));
  const each = access.includes("strided");
  if (each) {
    for (let j = 0; j < 4; j++) {
      // Lanes beyond the last element read some element that exists.
      lines.push(
        `let e${j} = min(first + ${j}u, p.count - 1u);`,
        coordinates(`c${j}_`, `e${j}`, paramNames("d", rank)),
      );
    }
  }
  const values: string[][] = kernel.inputs.map(({ dtype }, i) => {
    const base = `p.o${i + 1}`;
    const four = (code: (j: number) => string): string[] => [0, 1, 2, 3].map(code);
    if (inPlace[i]) {
      lines.push(`let w${i} = out[(p.o0 >> 2u) + thread];`);
      return quadValues(dtype, `w${i}`);
    }
    switch (access[i]!) {
      case "whole":
        lines.push(`let w${i} = x${i}[(${base} >> 2u) + thread];`);
        return quadValues(dtype, `w${i}`);
      case "row":
        lines.push(`let w${i} = x${i}[(${position(base, "c", `p.t${i}_`, 0, rank)}) >> 2u];`);
        return quadValues(dtype, `w${i}`);
      case "same":
        lines.push(`let w${i} = x${i}_get(${base});`);
        return four(() => `w${i}`);
      case "rowConstant":
        lines.push(`let w${i} = x${i}_get(${position(base, "c", `p.t${i}_`, 0, rank)});`);
        return four(() => `w${i}`);
      case "rowStrided":
        lines.push(`let w${i} = ${position(base, "c", `p.t${i}_`, 0, rank)};`);
        return four((j) => `x${i}_get(w${i} + ${j}u * p.t${i}_${rank - 1})`);
      case "along":
        return four((j) => `x${i}_get(${base} + first + ${j}u)`);
      case "strided":
        return four((j) => `x${i}_get(${position(base, `c${j}_`, `p.t${i}_`, 0, rank)})`);
    }
  });
  const results = [0, 1, 2, 3].map((j) => `r${j}`);
  if (isLong(kernel.expr)) {
    values.forEach((value, i) => {
      const type = valueType(kernel.inputs[i]!.dtype);
      lines.push(`var a${i} = array<${type}, 4>(${value.join(", ")});`);
    });
    lines.push(
      `var r = array<${valueType(kernel.expr.dtype)}, 4>();`,
      `for (var j = 0u; j < 4u; j++) { r[j] = element(${values.map((_, i) => `a${i}[j]`).join(", ")}); }`,
      ...results.map((name, j) => `let ${name} = r[${j}];`),
    );
  } else {
    results.forEach((name, j) => lines.push(`let ${name} = element(${values.map((value) => value[j]).join(", ")});`));
  }
  const { dtype }: { dtype: DType } = kernel.output;
  const target = "out[(p.o0 >> 2u) + thread]";
  lines.push(`let quad = ${quadOf(dtype, results)};`);
  lines.push(
    tail
      ? `if (first + 4u > p.count) { ${
        writePartOfQuad(dtype, target, "quad", "(p.count - first)")
      } } else { ${target} = quad; }`
      : `${target} = quad;`,
  );
  return lines.join("\n  ");
}
