/** Runs row primitives as row kernels. */
import { deviceOf } from "../checks.ts";
import type { Device } from "../../device.ts";
import { isHalfDType } from "../../dtype.ts";
import { collapse } from "../../ir/collapse.ts";
import { RowProgram } from "../row_program.ts";
import { compute, outputsOf, prepare } from "../launch.ts";
import { type Launch, programsOf } from "../program_cache.ts";
import { activeRecorder, recorded, type StepAttrs } from "../recorder.ts";
import type { Attrs, RowPrim } from "../../prims/attrs.ts";
import type { Meta } from "../../prims/meta.ts";
import { type RowRule, rowRules } from "../row_rules.ts";
import { broadcastStrides } from "../../shape.ts";
import type { TensorCore } from "../../tensor/core.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Whether a row primitive over `dims` of `x` runs as a row kernel rather than a composite: the backend has row kernels for the
 * dtype, the tensor is not empty, and the elements of each row are contiguous.
 */
export function hasRows(x: TensorCore, dims: readonly number[]): boolean {
  if (x.numel === 0 || dims.length === 0) return false;
  const last = Math.max(...dims);
  return (x.shape[last] === 1 || x.strides[last] === 1) && x.device.backend.rows?.(x.dtype) === true;
}

/** Runs a row primitive as a row kernel; {@link hasRows} says whether that is possible. */
export function rows<P extends RowPrim>(
  prim: P,
  inputs: readonly TensorCore[],
  attrs: Attrs[P],
  operation: string,
): readonly Tensor[] {
  if (activeRecorder() !== null) {
    return recorded(
      prim,
      inputs as readonly Tensor[],
      attrs as StepAttrs[P],
      () => rows(prim, inputs, attrs, operation),
    );
  }
  const device = deviceOf(operation, inputs);
  const programs = programsOf(device.backend);
  programs.begin("rows", inputs.length);
  programs.addText(prim);
  programs.addAttrs(attrs);
  for (let i = 0; i < inputs.length; i++) programs.addOperand(inputs[i]!);
  const launch = programs.find() ?? programs.keep(programs.takeKey(), prepared(prim, operation, device, inputs, attrs));
  return compute(operation, device, launch, inputs, launch.scalars);
}

function prepared<P extends RowPrim>(
  prim: P,
  operation: string,
  device: Device,
  inputs: readonly TensorCore[],
  attrs: Attrs[P],
): Launch {
  const rule: RowRule<P> = rowRules[prim];
  const { shape, dtype } = inputs[rule.space]!;
  const inner = [...rule.dims(attrs)].sort((a, b) => a - b);
  const kept = shape.map((_, d) => d).filter((d) => !inner.includes(d));
  const ordered = (values: readonly number[], dims = [...kept, ...inner]): number[] => dims.map((d) => values[d]!);
  const oneEach = shape.map((size, d) => inner.includes(d) ? 1 : size);
  const kinds = rule.outputs(attrs, inputs);
  const outputs = outputsOf(
    operation,
    kinds.map((kind) => ({
      dtype: kind === "statistic" && isHalfDType(dtype) ? "float32" : dtype,
      shape: kind === "row" ? shape : oneEach,
    })),
  );
  const program = programOf(prim, rule, inputs, attrs, inner.reduce((n, d) => n * shape[d]!, 1));
  const flat = collapse(ordered(shape), [
    ...inputs.map((input) => ordered(broadcastStrides(input.shape, input.strides, shape))),
    ...outputs.map(({ strides }, i) => kinds[i] === "row" ? ordered(strides) : ordered(strides, kept)),
  ], kept.length);
  if (flat.boundary === flat.shape.length) {
    flat.shape.push(1);
    flat.operands.forEach((strides) => strides.push(1));
  }
  const operand = ({ dtype }: Meta, i: number) => ({ dtype, strides: flat.operands[i]! });
  return prepare(
    operation,
    device,
    {
      kind: "rows",
      shape: flat.shape,
      inner: flat.shape.length - flat.boundary,
      inputs: inputs.map(operand),
      outputs: outputs.map((output, i) => operand(output, inputs.length + i)),
      sources: program.sources,
      steps: program.steps,
    },
    inputs,
    outputs,
    program.scalars,
  );
}

/** Row programs, by everything they depend on. They are cached because backends look up compiled kernels by object identity. */
const programs: Map<string, RowProgram> = new Map();

function programOf<P extends RowPrim>(
  prim: P,
  rule: RowRule<P>,
  inputs: readonly TensorCore[],
  attrs: Attrs[P],
  count: number,
): RowProgram {
  let key = `${prim} ${count}`;
  for (const { dtype } of inputs) key += ` ${dtype}`;
  for (const name in attrs) key += ` ${name} ${attrs[name]}`;
  let program = programs.get(key);
  if (program === undefined) {
    if (programs.size > 1000) programs.clear(); // for programs with many different row lengths
    program = new RowProgram();
    rule.write(program, inputs[0]!.dtype, inputs, attrs, count);
    programs.set(key, program);
  }
  return program;
}
