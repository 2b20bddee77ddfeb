/** The choke point: every operation on tensors passes here, as a primitive with its inputs and attributes. */
import type { Binding } from "./backend.ts";
import { debug, logDispatch } from "./debug.ts";
import type { Device } from "./device.ts";
import { type DType, dtypeIndex, isFloat, itemSize, resultType, type Scalar } from "./dtype.ts";
import { collapse } from "./ir/collapse.ts";
import type { Expr, Kernel, Routine } from "./ir/kernel.ts";
import { type RowKernel, RowProgram, type Work } from "./ir/rows.ts";
import type {
  AssemblePrim,
  Attrs,
  ElementwisePrim,
  Prim,
  ReducePrim,
  RoutinePrim,
  RowPrim,
  ViewStep,
} from "./prims/attrs.ts";
import { type Meta, type OpTypes, table, type TypeRule } from "./prims/table.ts";
import { type RowRule, rowRules } from "./row_programs.ts";
import {
  broadcastShapes,
  broadcastStrides,
  contiguousStrides,
  type Geometry,
  type Shape,
  showShape,
  sizeOf,
} from "./shape.ts";
import { Storage } from "./storage.ts";
import { activeTape } from "./tape.ts";
import type { Operand } from "./tensor/core.ts";
import { Tensor } from "./tensor/tensor.ts";

/**
 * Runs a primitive and, when the tape is on, records it.
 *
 * @throws TypeError or RangeError naming the operation when dtypes, shapes or devices do not fit, and when an input was freed.
 */
export function apply<P extends Prim>(prim: P, inputs: readonly Operand[], attrs: Attrs[P]): Tensor {
  return applyAll(prim, inputs, attrs)[0]!;
}

/** {@link apply} for primitives with several outputs. */
export function applyAll<P extends Prim>(prim: P, inputs: readonly Operand[], attrs: Attrs[P]): readonly Tensor[] {
  const outputs = execute(prim, inputs, attrs, null);
  const tape = activeTape();
  if (tape !== null && tape.enabled) {
    for (const input of inputs) {
      if (input instanceof Tensor && (input.slot !== null || input.source !== null)) {
        tape.record(prim, inputs, attrs, outputs);
        break;
      }
    }
  }
  return outputs;
}

/**
 * Runs a primitive with `target` as its destination and, when the tape is on, makes that part of the history.
 *
 * @param operation what errors are to call it.
 * @throws TypeError or RangeError when the result has another shape or a dtype that the target cannot take.
 */
export function applyInPlace<P extends Prim>(
  target: Tensor,
  prim: P,
  inputs: readonly Operand[],
  attrs: Attrs[P],
  operation = `${prim}_`,
): Tensor {
  checkWritable(operation, target);
  checkOperands(operation, inputs);
  const tape = activeTape();
  const records = tape !== null && tape.recordsWrite(operation, target, inputs);
  const direct = table[prim].kind === "elementwise" &&
    inputs.every((input) => !(input instanceof Tensor) || writesInStep(target, input));
  if (direct && !records) {
    execute(prim, inputs, attrs, target, operation);
  } else {
    // Gradients may need what the target held.
    const value = apply(
      prim,
      records ? inputs.map((input) => input === target ? target.clone() : input) : inputs,
      attrs,
    );
    checkDestination(operation, target, value);
    execute("cast", [value], { dtype: target.dtype }, target);
    if (records) {
      target.storage.version++;
      tape.wrote(target, value);
      return target;
    }
    value.dispose();
  }
  target.storage.version++;
  return target;
}

/**
 * Writes a value that was computed out of place: the end of in-place operations made of several primitives.
 *
 * @throws as {@link applyInPlace}.
 */
export function overwrite(operation: string, target: Tensor, value: Tensor): Tensor {
  checkDestination(operation, target, value);
  return applyInPlace(target, "cast", [value], { dtype: target.dtype }, operation);
}

/** An input may be read while the target is written when it is other memory, or the same element at every step. */
function writesInStep(target: Tensor, input: Tensor): boolean {
  return input.storage !== target.storage ||
    (input.offset === target.offset && sameGeometry(input, target));
}

function sameGeometry(a: Geometry, b: Geometry): boolean {
  return a.shape.length === b.shape.length &&
    a.shape.every((size, d) => size === b.shape[d] && (size === 1 || a.strides[d] === b.strides[d]));
}

/** @throws Error for a tensor that was freed, TypeError for what no operation takes. */
function checkOperands(operation: string, inputs: readonly Operand[]): void {
  for (const input of inputs) {
    if (input instanceof Tensor) {
      if (input.isDisposed) throw input.freedError(operation);
    } else if (typeof input !== "number" && typeof input !== "boolean" && typeof input !== "bigint") {
      const shown = typeof input === "string" ? JSON.stringify(input) : String(input);
      throw new TypeError(`${operation}: expected a tensor, a number, a boolean or a bigint, got ${shown}`);
    }
  }
}

/** @throws Error when the tensor was freed, or several of its elements lie in one place. */
export function checkWritable(operation: string, target: Tensor): void {
  if (target.isDisposed) throw target.freedError(operation);
  if (target.shape.some((size, d) => size > 1 && target.strides[d] === 0)) {
    throw new Error(
      `${operation}: several elements of this tensor of shape ${
        showShape(target.shape)
      } share one memory cell (it was expanded); ` +
        `write to a clone()`,
    );
  }
}

function checkDestination(operation: string, target: Tensor, value: Meta): void {
  if (value.shape.length !== target.shape.length || value.shape.some((size, d) => size !== target.shape[d])) {
    throw new RangeError(
      `${operation}: the result has shape ${showShape(value.shape)}, which does not fit the tensor's ${
        showShape(target.shape)
      }; ` +
        `an in-place operation cannot grow its tensor`,
    );
  }
  const kind = (dtype: DType) => dtype === "bool" ? 0 : isFloat(dtype) ? 2 : 1;
  if (kind(value.dtype) > kind(target.dtype)) {
    throw new TypeError(
      `${operation}: the result is ${value.dtype}, which a ${target.dtype} tensor cannot hold; use the form without _, or cast first`,
    );
  }
}

/** Runs a primitive below the tape. `out` is written instead of a new tensor (element-wise primitives only). */
export function execute<P extends Prim>(
  prim: P,
  inputs: readonly Operand[],
  attrs: Attrs[P],
  out: Tensor | null,
  operation: string = prim,
): readonly Tensor[] {
  checkOperands(operation, inputs);
  const row = table[prim];
  switch (row.kind) {
    case "elementwise":
      return [elementwise(prim as ElementwisePrim, inputs, attrs as { dtype?: DType }, out, operation)];
    case "reduce":
      return [reduce(prim as ReducePrim, inputs[0] as Tensor, attrs as Attrs[ReducePrim], row.types)];
    case "rows":
      return rows(prim as RowPrim, inputs as readonly Tensor[], attrs as Attrs[RowPrim]);
    case "view":
      return [view({ prim, attrs } as unknown as ViewStep, inputs[0] as Tensor)];
    case "assemble":
      return [assemble(prim as AssemblePrim, inputs as readonly Tensor[], attrs as Attrs[AssemblePrim])];
    case "routine": {
      const rule = row.outputs as (inputs: readonly Meta[], attrs: Attrs[P]) => readonly Meta[];
      return routine(
        prim as RoutinePrim,
        inputs as readonly Tensor[],
        attrs as Attrs[RoutinePrim],
        rule(inputs as readonly Meta[], attrs),
      );
    }
  }
}

/** New memory for a tensor. */
export function allocate(operation: string, device: Device, dtype: DType, shape: Shape): Tensor {
  const bytes = sizeOf(shape) * itemSize(dtype);
  const storage = new Storage(device, device.backend.alloc(bytes), operation);
  return new Tensor(storage, dtype, { shape, strides: contiguousStrides(shape), offset: 0 });
}

function deviceOf(operation: string, inputs: readonly Operand[], fallback: Device | null = null): Device {
  let device = fallback;
  for (const input of inputs) {
    if (!(input instanceof Tensor)) continue;
    if (device === null) device = input.device;
    else if (device !== input.device) {
      throw new Error(
        `${operation}: tensors live on "${device.name}" and "${input.device.name}"; move one with .to("${device.name}")`,
      );
    }
  }
  return device!;
}

function checkSupported(operation: string, device: Device, dtype: DType): void {
  if (!device.backend.supports(dtype)) {
    throw new TypeError(
      `${operation}: the device "${device.name}" does not compute in ${dtype}; cast before the tensor goes there, with ` +
        `.to("${isFloat(dtype) ? "float32" : "int32"}").to("${device.name}"), or stay on the CPU`,
    );
  }
}

const cast = (expr: Expr, dtype: DType): Expr => expr.dtype === dtype ? expr : { op: "cast", args: [expr], dtype };

function elementwise(
  prim: ElementwisePrim,
  inputs: readonly Operand[],
  attrs: { dtype?: DType },
  out: Tensor | null,
  operation: string,
): Tensor {
  const row = table[prim];
  const operands = row.condition ? inputs.slice(1) : inputs;
  const promoted = prim === "cast" ? (inputs[0] as Tensor).dtype : resultType(operands);
  const types: OpTypes = prim === "cast" ? { compute: promoted, result: attrs.dtype! } : row.types(operation, promoted);
  const device = deviceOf(operation, inputs, out?.device ?? null);
  checkSupported(operation, device, types.compute);

  const tensors: Tensor[] = [];
  const scalars: Scalar[] = [];
  for (const input of inputs) {
    if (input instanceof Tensor) tensors.push(input);
    else scalars.push(input);
  }
  const shape = tensors.length === 1 && out === null
    ? tensors[0]!.shape
    : broadcastShapes(operation, ...tensors.map((t) => t.shape), ...(out === null ? [] : [out.shape]));
  if (out !== null) checkDestination(operation, out, { dtype: types.result, shape });
  const output = out ?? allocate(prim, device, types.result, shape);
  launch(prim, device, shape, tensors, scalars, expressionOf(prim, inputs, types, output.dtype), null, output);
  return output;
}

/** Expressions of one operation, by the operation and its dtypes: backends know by the object what they have seen. */
const expressions: Map<ElementwisePrim, Map<number, Expr>> = new Map();

function expressionOf(prim: ElementwisePrim, inputs: readonly Operand[], types: OpTypes, result: DType): Expr {
  let key = dtypeIndex[types.compute] * 16 + dtypeIndex[result];
  for (const input of inputs) key = key * 16 + (input instanceof Tensor ? dtypeIndex[input.dtype] : 15);
  let ofPrim = expressions.get(prim);
  if (ofPrim === undefined) expressions.set(prim, ofPrim = new Map());
  let expr = ofPrim.get(key);
  if (expr !== undefined) return expr;
  let [tensors, scalars] = [0, 0];
  const args = inputs.map((input, i): Expr => {
    const compute = table[prim].condition && i === 0 ? "bool" : types.compute;
    return input instanceof Tensor
      ? cast({ op: "input", index: tensors++, dtype: input.dtype }, compute)
      : { op: "scalar", index: scalars++, dtype: compute };
  });
  const whole: Expr = prim === "cast" ? cast(args[0]!, types.result) : { op: prim, args, dtype: types.result };
  ofPrim.set(key, expr = cast(whole, result));
  return expr;
}

/** Runs an expression that {@link fuse} wrote down, below the tape. `into` is written where it is given. */
export function runExpression(
  operation: string,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  expr: Expr,
  into: Tensor | null,
): Tensor {
  const device = deviceOf(operation, tensors, into?.device ?? null);
  checkSupported(operation, device, expr.dtype);
  const shape = broadcastShapes(operation, ...tensors.map((t) => t.shape), ...(into === null ? [] : [into.shape]));
  if (into === null) {
    const output = allocate(operation, device, expr.dtype, shape);
    launch(operation, device, shape, tensors, scalars, expr, null, output);
    return output;
  }
  checkWritable(operation, into);
  checkDestination(operation, into, { dtype: expr.dtype, shape });
  if (tensors.every((input) => writesInStep(into, input))) {
    launch(operation, device, shape, tensors, scalars, cast(expr, into.dtype), null, into);
  } else {
    const value = runExpression(operation, tensors, scalars, expr, null);
    execute("cast", [value], { dtype: into.dtype }, into);
    value.dispose();
  }
  into.storage.version++;
  return into;
}

/** The sum over `dims` of an expression that {@link fuseSum} wrote down, below the tape. */
export function sumExpression(
  operation: string,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  expr: Expr,
  dims: readonly number[],
): Tensor {
  checkSupported(operation, deviceOf(operation, tensors), expr.dtype);
  const shape = broadcastShapes(operation, ...tensors.map((t) => t.shape));
  return reduceOver("sum", operation, tensors, scalars, expr, expr.dtype, shape, { dims, keepdim: true });
}

function reduce(prim: ReducePrim, input: Tensor, attrs: Attrs[ReducePrim], types: TypeRule): Tensor {
  const { compute, result } = types(prim, input.dtype);
  checkSupported(prim, input.device, compute);
  const expr = expressionOf("cast", [input], { compute, result: compute }, compute);
  return reduceOver(prim, prim, [input], [], expr, result, input.shape, attrs);
}

function reduceOver(
  prim: ReducePrim,
  operation: string,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  expr: Expr,
  dtype: DType,
  shape: Shape,
  { dims, keepdim }: Attrs[ReducePrim],
): Tensor {
  const device = deviceOf(operation, tensors);
  const kept = shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...kept, ...[...dims].sort((a, b) => a - b)];
  const left = kept.map((d) => shape[d]!);
  const output = allocate(
    operation,
    device,
    dtype,
    keepdim ? shape.map((size, d) => dims.includes(d) ? 1 : size) : left,
  );
  const inputs = tensors.map((tensor) => {
    const strides = broadcastStrides(tensor.shape, tensor.strides, shape);
    return { tensor, strides: order.map((d) => strides[d]!) };
  });
  const reduction = { op: prim, dims: dims.length };
  const target = { tensor: output, strides: contiguousStrides(left) };
  launchOver(operation, device, order.map((d) => shape[d]!), inputs, scalars, expr, reduction, target);
  return output;
}

/** A row primitive, on a backend that has row kernels for the dtype: see {@link hasRows}. */
function rows<P extends RowPrim>(prim: P, inputs: readonly Tensor[], attrs: Attrs[P]): readonly Tensor[] {
  const rule: RowRule<P> = rowRules[prim];
  const device = deviceOf(prim, inputs);
  const { shape, dtype } = inputs[rule.space]!;
  const inner = [...rule.dims(attrs)].sort((a, b) => a - b);
  const kept = shape.map((_, d) => d).filter((d) => !inner.includes(d));
  const ordered = (values: readonly number[], dims = [...kept, ...inner]): number[] => dims.map((d) => values[d]!);
  const oneEach = shape.map((size, d) => inner.includes(d) ? 1 : size);
  const kinds = rule.outputs(attrs, inputs);
  const outputs = kinds.map((kind) =>
    allocate(
      prim,
      device,
      kind === "statistic" && dtype === "float16" ? "float32" : dtype,
      kind === "row" ? shape : oneEach,
    )
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
  const operand = (tensor: Tensor, i: number) => ({ dtype: tensor.dtype, strides: flat.operands[i]! });
  const work: RowKernel = {
    kind: "rows",
    shape: flat.shape,
    inner: flat.shape.length - flat.boundary,
    inputs: inputs.map(operand),
    outputs: outputs.map((output, i) => operand(output, inputs.length + i)),
    sources: program.sources,
    steps: program.steps,
  };
  dispatch(prim, device, work, inputs, outputs, program.scalars);
  return outputs;
}

/** Row programs by all that they are written from: backends know by the object what they have seen. */
const programs: Map<string, RowProgram> = new Map();

function programOf<P extends RowPrim>(
  prim: P,
  rule: RowRule<P>,
  inputs: readonly Tensor[],
  attrs: Attrs[P],
  count: number,
): RowProgram {
  let key = `${prim} ${count}`;
  for (const { dtype } of inputs) key += ` ${dtype}`;
  for (const name in attrs) key += ` ${name} ${attrs[name]}`;
  let program = programs.get(key);
  if (program === undefined) {
    if (programs.size > 1000) programs.clear(); // rows of ever new lengths
    program = new RowProgram();
    rule.write(program, inputs[0]!.dtype, inputs, attrs, count);
    programs.set(key, program);
  }
  return program;
}

/**
 * Whether a row primitive over `dims` of `x` is to be used, rather than a composite: the backend has row kernels for the dtype, there
 * is something to compute, and the elements of a row are neighbours.
 */
export function hasRows(x: Tensor, dims: readonly number[]): boolean {
  if (x.numel === 0 || dims.length === 0) return false;
  const last = Math.max(...dims);
  return (x.shape[last] === 1 || x.strides[last] === 1) && x.device.backend.rows?.(x.dtype) === true;
}

/** The view of a tensor: no work, the same storage. */
function view(step: ViewStep, input: Tensor): Tensor {
  const rule = table[step.prim].geometry as (input: Geometry, attrs: ViewStep["attrs"]) => Geometry;
  const geometry = rule(input, step.attrs);
  // A view without elements stays where it is: its own place may lie beyond the memory.
  const result = new Tensor(
    input.storage,
    input.dtype,
    sizeOf(geometry.shape) > 0 ? geometry : { ...geometry, offset: input.offset },
  );
  result.source = { tensor: input, prim: step.prim, attrs: step.attrs };
  result.historyEpoch = input.historyEpoch;
  return result;
}

/** Where a view of a fresh tensor of some shape lies. */
function viewOf(shape: Shape, { prim, attrs }: ViewStep): Geometry {
  const rule = table[prim].geometry as (input: Geometry, attrs: ViewStep["attrs"]) => Geometry;
  return rule({ shape, strides: contiguousStrides(shape), offset: 0 }, attrs);
}

function assemble(prim: AssemblePrim, inputs: readonly Tensor[], attrs: Attrs[AssemblePrim]): Tensor {
  const device = deviceOf(prim, inputs);
  const write = (output: Tensor, part: Geometry, input: Tensor): void => {
    const expr = cast({ op: "input", index: 0, dtype: input.dtype }, output.dtype);
    launch(
      prim,
      device,
      input.shape,
      [input],
      [],
      expr,
      null,
      new Tensor(output.storage, output.dtype, part, false),
      true,
    );
  };
  if ("view" in attrs) {
    const input = inputs[0]!;
    const output = allocate(prim, device, input.dtype, attrs.shape);
    fill(prim, output, attrs.value);
    write(output, viewOf(attrs.shape, attrs.view), input);
    return output;
  }
  const { dim } = attrs;
  const length = inputs.reduce((n, input) => n + input.shape[dim]!, 0);
  const shape = inputs[0]!.shape.map((size, d) => d === dim ? length : size);
  const output = allocate(prim, device, resultType(inputs), shape);
  let start = 0;
  for (const input of inputs) {
    const part = input.shape[dim]!;
    write(output, viewOf(shape, { prim: "slice", attrs: { dim, start, length: part, step: 1 } }), input);
    start += part;
  }
  return output;
}

/** Writes one value everywhere, below the tape. */
export function fill(operation: string, output: Tensor, value: Scalar): void {
  launch(
    operation,
    output.device,
    output.shape,
    [],
    [value],
    { op: "scalar", index: 0, dtype: output.dtype },
    null,
    output,
  );
}

function routine(
  prim: RoutinePrim,
  inputs: readonly Tensor[],
  attrs: Attrs[RoutinePrim],
  metas: readonly Meta[],
): readonly Tensor[] {
  const device = deviceOf(prim, inputs);
  for (const input of inputs) checkSupported(prim, device, input.dtype);
  const outputs = metas.map(({ dtype, shape }) => allocate(prim, device, dtype, shape));
  runRoutine(prim, device, inputs, outputs, attrs);
  return outputs;
}

/** Dispatches a routine onto outputs that exist. */
export function runRoutine<P extends RoutinePrim>(
  prim: P,
  device: Device,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attrs: Attrs[P],
): void {
  const operand = ({ dtype, shape, strides }: Tensor) => ({ dtype, shape, strides });
  const work: Routine<P> = {
    kind: "routine",
    name: prim,
    inputs: inputs.map(operand),
    outputs: outputs.map(operand),
    attrs,
  };
  dispatch(prim, device, work as unknown as Routine, inputs, outputs, []);
}

interface Strided {
  readonly tensor: Tensor;
  readonly strides: readonly number[];
}

function launch(
  operation: string,
  device: Device,
  shape: Shape,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  expr: Expr,
  reduction: Kernel["reduce"],
  output: Tensor,
  transient = false,
): void {
  const inputs = tensors.map((tensor) => ({ tensor, strides: broadcastStrides(tensor.shape, tensor.strides, shape) }));
  launchOver(operation, device, shape, inputs, scalars, expr, reduction, { tensor: output, strides: output.strides });
  if (transient) output.dispose();
}

function launchOver(
  operation: string,
  device: Device,
  shape: Shape,
  inputs: readonly Strided[],
  scalars: readonly Scalar[],
  expr: Expr,
  reduction: Kernel["reduce"],
  output: Strided,
): void {
  if (output.tensor.numel === 0) return;
  const boundary = shape.length - (reduction?.dims ?? 0);
  const flat = collapse(shape, [...inputs.map((input) => input.strides), output.strides], boundary);
  const kernel: Kernel = {
    kind: "kernel",
    shape: flat.shape,
    inputs: inputs.map(({ tensor }, i) => ({ dtype: tensor.dtype, strides: flat.operands[i]! })),
    expr,
    reduce: reduction === null ? null : { op: reduction.op, dims: flat.shape.length - flat.boundary },
    output: { dtype: output.tensor.dtype, strides: flat.operands[inputs.length]! },
  };
  dispatch(operation, device, kernel, inputs.map(({ tensor }) => tensor), [output.tensor], scalars);
}

const binding = (tensor: Tensor): Binding => ({ buffer: tensor.storage.buffer, offset: tensor.offset });

function dispatch(
  operation: string,
  device: Device,
  work: Work,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  scalars: readonly Scalar[],
): void {
  const { backend } = device;
  const run = () => backend.dispatch(backend.prepare(work), inputs.map(binding), outputs.map(binding), scalars);
  if (debug() === 0) run();
  else logDispatch(operation, device.name, work, run);
}
