/**
 * Reductions: how the work is divided. A thread or a workgroup reduces the elements of one output. Where there are few
 * outputs with many elements each, these are split into parts, and a second kernel reduces the partial results. The
 * order is fixed, so that results are the same in every run.
 */
import type { DType } from "@heddle/tensor";
import { type Kernel, showExpr, sizeOf } from "@heddle/tensor/backend";
import { infinityBits } from "./buffer_access.ts";
import { isLong, scalarSlots } from "./expression.ts";
import { accumulator, groupSize, type InputAccess, isIndexed, type ReduceVariant } from "./reduce_variant.ts";
import { reductionSource } from "./reduce_wgsl.ts";
import type { AdapterTraits, RenderedKernel } from "./rendered_kernel.ts";
import { isPacked } from "./wgsl_types.ts";

/** Lavapipe silently ends every loop after 65,535 iterations, counting those of inner loops. */
const maxLoopIterations = 16384;

/** A rendered reduction. Its offsets are the output's, then those of the inputs. */
export interface RenderedReduction extends RenderedKernel {
  /** The partial results, for a second kernel; null if this one writes the output. */
  readonly parts: Parts | null;
}

/** Partial results in memory: `[outputs, parts]` values of four bytes, for argmax and argmin also their indices. */
export interface Parts {
  readonly count: number;
  readonly outputs: number;
  readonly dtype: DType;
  readonly indexed: boolean;
}

/** The number of parts for each output, and whether a workgroup reduces a part. */
function division(outputs: number, length: number, along: boolean, { software }: AdapterTraits): [number, boolean] {
  if (software) {
    // On software adapters threads are loops on a few cores, and workgroup barriers only cost time.
    const wanted = length >= 1024 ? Math.min(Math.floor(256 / outputs), Math.ceil(length / 256)) : 1;
    return [Math.max(wanted, Math.ceil(length / maxLoopIterations), 1), false];
  }
  // Adjacent threads should read adjacent elements: along the reduced dimension, unless it is the outputs that are
  // adjacent in memory.
  const together = length >= 128 && (along || outputs < 4096);
  const perPart = together ? groupSize * 32 : 64;
  const wanted = Math.ceil((together ? 1024 : 65536) / outputs);
  return [Math.max(1, Math.min(wanted, Math.floor(length / perPart), 4096)), together];
}

/** Whether an input can be read in vectors along dimension `dim`, starting at multiples of four. */
function isVector({ dtype, strides }: Kernel["inputs"][number], dim: number, aligned: boolean): boolean {
  return aligned && !isPacked(dtype) && strides[dim] === 1 &&
    strides.every((stride, d) => d === dim || stride % 4 === 0);
}

/**
 * Renders a reduction.
 *
 * @param aligned whether the offsets of all inputs are multiples of four.
 */
export function renderReduction(kernel: Kernel, aligned: boolean, machine: AdapterTraits): RenderedReduction {
  const { op, dims } = kernel.reduce!;
  return render(kernel, kernel.expr.dtype, dims, machine, {
    aligned,
    fromParts: false,
    parts: (along, outputs, length) => division(outputs, length, along, machine),
    indexed: isIndexed(op),
  });
}

/**
 * Renders the reduction of partial results to the output. The inputs are the values and, for argmax and argmin, the
 * indices.
 */
export function renderParts(kernel: Kernel, { count, dtype }: Parts, machine: AdapterTraits): RenderedReduction {
  const shape = [...kernel.shape.slice(0, kernel.shape.length - kernel.reduce!.dims), count];
  const strides = shape.map((_, d) => sizeOf(shape.slice(d + 1)));
  const total: Kernel = {
    ...kernel,
    shape,
    inputs: [{ dtype, strides }],
    expr: { op: "input", index: 0, dtype },
    reduce: { op: kernel.reduce!.op, dims: 1 },
  };
  return render(total, kernel.expr.dtype, 1, machine, {
    aligned: true,
    fromParts: true,
    parts: () => [1, !machine.software && count >= 128],
    indexed: isIndexed(kernel.reduce!.op),
  });
}

interface ReduceOptions {
  readonly aligned: boolean;
  readonly fromParts: boolean;
  readonly indexed: boolean;
  readonly parts: (along: boolean, outputs: number, length: number) => [number, boolean];
}

function render(
  { shape, inputs, output, expr, reduce }: Kernel,
  result: DType,
  inner: number,
  { software, subgroup }: AdapterTraits,
  { aligned, fromParts, indexed, parts }: ReduceOptions,
): RenderedReduction {
  const { op } = reduce!;
  const outer = shape.length - inner;
  const outputs = sizeOf(shape.slice(0, outer));
  const length = sizeOf(shape.slice(outer));
  const last = shape.length - 1;
  const along = inner > 0 && inputs.some(({ strides }) => strides[last] === 1);
  const [count, grouped] = parts(along, outputs, length);
  const long = isLong(expr);
  const across = !indexed && !long && !along && !grouped && outer > 0 && shape[outer - 1]! % 4 === 0 &&
    outputs >= (software ? 16 : 16384) &&
    inputs.every((input) => input.strides[outer - 1] === 0 || isVector(input, outer - 1, aligned)) &&
    inputs.some((input) => input.strides[outer - 1] === 1);
  const fours = !indexed && !long && !across && inner > 0 && (inner === 1 || shape[last]! % 4 === 0);
  const dim = across ? outer - 1 : last;
  const access = inputs.map((input): InputAccess => {
    if (!across && !fours) return "single";
    if (input.strides[dim] === 0) return "constant";
    return isVector(input, dim, aligned) ? "vector" : "single";
  });
  const scalars = scalarSlots([expr]);
  const toParts = count > 1;
  const variant: ReduceVariant = {
    op,
    expr,
    result,
    inputs,
    access,
    output: output.dtype,
    scalars,
    outer,
    inner,
    together: grouped ? groupSize : 1,
    subgroup,
    quads: across ? "across" : fours ? "along" : null,
    toParts,
    fromParts,
  };
  // Parts start at multiples of four, so that vectors are aligned.
  const fixed = [infinityBits, outputs, count, Math.ceil(length / count / 4) * 4, length];
  const offsetsAt = fixed.length;
  const words = [...fixed, 0, ...inputs.map(() => 0)];
  const scalarsAt = words.length;
  words.push(...scalars.map(() => 0), ...shape, ...output.strides);
  for (const { strides } of inputs) words.push(...strides);
  const items = (across ? outputs / 4 : outputs) * count;
  return {
    key: keyOf(variant),
    source: () => reductionSource(variant),
    words: Uint32Array.from(words),
    offsetsAt,
    scalarsAt,
    scalars,
    workgroups: grouped ? items : Math.ceil(items / groupSize),
    parts: toParts ? { count, outputs, dtype: accumulator(op, expr.dtype), indexed } : null,
  };
}

function keyOf(f: ReduceVariant): string {
  const inputs = f.inputs.map(({ dtype }, i) => `${dtype}/${f.access[i]}`);
  return `reduce ${f.op} ${f.outer}/${f.inner} by ${f.together} ${f.quads}${f.toParts ? " to parts" : ""}${
    f.fromParts ? " from parts" : ""
  } ${inputs} ${f.result} ${f.output} ${showExpr(f.expr)}`;
}
