/** Writes several tensors in one element-wise kernel, as a step of an optimiser does. */
import { checkSynchronous } from "../check_synchronous.ts";
import { activeCapture } from "./capture/hooks.ts";
import { checkScalar, checkWritable } from "./checks.ts";
import { isHalfDType, type Scalar } from "../dtype.ts";
import { elementwise, runExpression } from "./execute/elementwise.ts";
import { collapse } from "../ir/collapse.ts";
import { cast, type Expr, widen } from "../ir/kernel.ts";
import { type RowSource, type RowStep, showRows } from "../ir/rows.ts";
import { nothing, prepare, run } from "./launch.ts";
import { areDisjoint } from "./overlap.ts";
import { type Launch, programsOf } from "./program_cache.ts";
import { activeRecorder } from "./recorder.ts";
import { checkValue } from "../scalar.ts";
import { broadcastStrides, sameShape, type Shape } from "../shape.ts";
import { type Draft, Symbolic } from "./symbolic.ts";
import { freedError, isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A function that {@link fusedUpdate} returned. */
export type UpdateFunction = (targets: readonly Tensor[], inputs: readonly Operand[]) => void;

/** A traced update, for operands of certain dtypes. Its sources are the targets, then the tensors among the inputs. */
interface Traced {
  readonly exprs: readonly Expr[];
  readonly constants: readonly Scalar[];
  readonly sources: readonly RowSource[];
  readonly steps: readonly RowStep[];
}

/**
 * A function that updates several tensors of one shape: the new values are expressions of the old values and of inputs. It runs as
 * one kernel, which reads and writes memory once, if the device has row kernels for the dtype, all operands have that dtype, and no
 * target shares an element with another operand. The tape does not record it.
 *
 * @param name the name of the operation in errors, `memory()` and `HEDDLE_DEBUG`.
 * @param write returns an expression for each target. Its arguments are the targets, then the inputs; numbers among the inputs take
 * the first target's dtype. On float16 and bfloat16 it computes in float32.
 *
 * @example
 * ```ts
 * import { ones, zeros } from "@heddle/tensor";
 * import { fusedUpdate } from "@heddle/tensor/engine";
 * const descend = fusedUpdate("descend", (p, speed, g, lr) => {
 *   const faster = speed.mul(0.9).add(g);
 *   return [p.sub(faster.mul(lr)), faster];
 * });
 * const [p, speed] = [ones([2]), zeros([2])];
 * descend([p, speed], [ones([2]), 0.5]);
 * p.toArray(); // [0.5, 0.5]
 * ```
 */
export function fusedUpdate(name: string, write: (...operands: Symbolic[]) => readonly Symbolic[]): UpdateFunction {
  const known: Map<string, Traced> = new Map();
  return (targets, inputs) => {
    if (activeCapture()?.fused(known, inputs) === true) return;
    let signature = "";
    for (const { dtype } of targets) signature += `${dtype} `;
    for (const input of inputs) signature += isTensor(input) ? `${input.dtype} ` : "scalar ";
    let traced = known.get(signature);
    if (traced === undefined) known.set(signature, traced = trace(name, targets, inputs, write));
    for (const target of targets) checkWritable(name, target);
    const tensors: Tensor[] = [];
    const scalars: Scalar[] = [];
    for (const input of inputs) {
      if (!isTensor(input)) {
        checkScalar(name, input);
        checkValue(name, input, targets[0]!.dtype);
        scalars.push(input);
      } else if (input.isDisposed) throw freedError(input, name);
      else tensors.push(input);
    }
    scalars.push(...traced.constants);
    // A recording has an expression for each target.
    const whole = activeRecorder() === null && inOneKernel(name, targets, tensors, scalars, traced);
    if (!whole) oneByOne(name, targets, tensors, scalars, traced);
    for (const { storage } of targets) storage.version++;
  };
}

function trace(
  name: string,
  targets: readonly Tensor[],
  inputs: readonly Operand[],
  write: (...operands: Symbolic[]) => readonly Symbolic[],
): Traced {
  const draft: Draft = { scalars: [] };
  const sources: RowSource[] = [];
  const source = ({ dtype, ndim }: Tensor, from: RowSource): Symbolic =>
    new Symbolic(widen({ op: "input", index: sources.push(from) - 1, dtype }), ndim, draft);
  const olds = targets.map((target, operand) => source(target, { from: "output", operand }));
  let tensors = 0;
  const symbols = inputs.map((input) => {
    if (isTensor(input)) return source(input, { from: "input", operand: tensors++ });
    draft.scalars.push(input);
    return new Symbolic({ op: "scalar", index: draft.scalars.length - 1, dtype: olds[0]!.dtype }, 0, draft);
  });
  const given = draft.scalars.length;
  const traced = write(...olds, ...symbols);
  checkSynchronous(name, traced, "the function must return expressions");
  const exprs = traced.map(({ expr }, i) => {
    const { dtype } = targets[i]!;
    return isHalfDType(dtype) ? cast(expr, dtype) : expr;
  });
  return {
    exprs,
    constants: draft.scalars.slice(given),
    sources,
    steps: [{ kind: "walk", reduce: [], write: exprs.map((expr, output) => ({ output, expr })) }],
  };
}

/** Whether an update of operands of this geometry runs as one kernel, if no target shares an element with another operand. */
function isOneKernel(targets: readonly Tensor[], inputs: readonly Tensor[]): boolean {
  const { dtype, shape, device, numel } = targets[0]!;
  if (device.backend.rows?.(dtype) !== true || numel === 0) return false;
  return targets.every((target) => target.dtype === dtype && sameShape(target.shape, shape)) &&
    inputs.every((input) => input.dtype === dtype && broadcastsTo(input.shape, shape));
}

/** Whether all operands are on one device, and no target shares an element with another. */
function areApart(targets: readonly Tensor[], inputs: readonly Tensor[]): boolean {
  const { device } = targets[0]!;
  for (let i = 0; i < inputs.length; i++) if (inputs[i]!.device !== device) return false;
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i]!;
    if (target.device !== device) return false;
    for (let j = 0; j < i; j++) if (overlap(target, targets[j]!)) return false;
    for (let j = 0; j < inputs.length; j++) if (overlap(target, inputs[j]!)) return false;
  }
  return true;
}

function overlap(a: Tensor, b: Tensor): boolean {
  return a.storage === b.storage && !areDisjoint(a, b);
}

function broadcastsTo(shape: Shape, target: Shape): boolean {
  const missing = target.length - shape.length;
  return missing >= 0 && shape.every((size, d) => size === 1 || size === target[missing + d]);
}

const showTraced = ({ sources, steps }: Traced): string => showRows({ inputs: [], outputs: [], sources, steps });

/** Runs the update as a row kernel. Returns false if that is not possible. */
function inOneKernel(
  name: string,
  targets: readonly Tensor[],
  inputs: readonly Tensor[],
  scalars: readonly Scalar[],
  traced: Traced,
): boolean {
  if (!areApart(targets, inputs)) return false;
  const { device } = targets[0]!;
  const programs = programsOf(device.backend);
  programs.begin("update", inputs.length);
  programs.addObject(traced, showTraced);
  for (let i = 0; i < targets.length; i++) programs.addOperand(targets[i]!);
  for (let i = 0; i < inputs.length; i++) programs.addOperand(inputs[i]!);
  const launch = programs.find() ?? programs.keep(programs.takeKey(), prepared(name, targets, inputs, traced));
  if (launch.program === null) return false;
  run(name, device, launch, inputs, targets, scalars);
  return true;
}

/** If all operands are contiguous, rows are pieces of a suitable length, else the last dimension. */
function prepared(
  name: string,
  targets: readonly Tensor[],
  inputs: readonly Tensor[],
  { sources, steps }: Traced,
): Launch {
  if (!isOneKernel(targets, inputs)) return nothing([]);
  const { dtype, numel, device, shape } = targets[0]!;
  const whole = [...targets, ...inputs].every((x) => x.numel === numel && x.isContiguous());
  const length = whole ? rowLength(numel) : 0;
  const rows = whole ? { shape: [numel / length, length], operands: [], boundary: 1 } : asRows(shape, [
    ...inputs.map((x) => broadcastStrides(x.shape, x.strides, shape)),
    ...targets.map(({ strides }) => strides),
  ]);
  const operand = (i: number) => ({ dtype, strides: whole ? [length, 1] : rows.operands[i]! });
  return prepare(
    name,
    device,
    {
      kind: "rows",
      shape: rows.shape,
      inner: rows.shape.length - rows.boundary,
      inputs: inputs.map((_, i) => operand(i)),
      outputs: targets.map((_, i) => operand(inputs.length + i)),
      sources,
      steps,
    },
    [...inputs, ...targets],
    [],
  );
}

/** Merges dimensions as far as possible. The last remaining one is the row. */
function asRows(shape: Shape, operands: readonly (readonly number[])[]): ReturnType<typeof collapse> {
  const flat = collapse(shape, operands, shape.length - 1);
  if (flat.boundary < flat.shape.length) return flat;
  // The last dimension had size 1, and was dropped.
  flat.shape.push(1);
  flat.operands.forEach((strides) => strides.push(1));
  return flat;
}

/** The longest and shortest pieces into which the elements are cut, so that threads can share them. */
const [longest, shortest] = [8192, 512];

/** A row length between these limits that divides the number of elements; if there is none, all elements are one row. */
function rowLength(count: number): number {
  if (count <= longest) return count;
  let length = longest;
  while (length >= shortest && count % length !== 0) length--;
  return length < shortest ? count : length;
}

/** Runs the update as several kernels. All new values are computed before the first is written. */
function oneByOne(
  name: string,
  targets: readonly Tensor[],
  inputs: readonly Tensor[],
  scalars: readonly Scalar[],
  { exprs }: Traced,
): void {
  const values = exprs.map((expr) => runExpression(name, [...targets, ...inputs], scalars, expr, null));
  targets.forEach((target, i) => {
    elementwise("cast", [values[i]!], { dtype: target.dtype }, target, name);
    values[i]!.dispose();
  });
}
