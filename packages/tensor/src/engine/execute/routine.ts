/** Runs routines. */
import { checkSupported, deviceOf } from "../checks.ts";
import type { Device } from "../../device.ts";
import type { Scalar } from "../../dtype.ts";
import type { Operand, Routine } from "../../ir/kernel.ts";
import { withPrecision } from "../../matmul_precision.ts";
import { compute, outputsOf, prepare, run } from "../launch.ts";
import { type Launch, type LaunchOutput, type ProgramCache, programsOf } from "../program_cache.ts";
import { activeRecorder, recorded, recordedWrite, type StepAttrs } from "../recorder.ts";
import type { Attrs, RandomAttrs, RoutinePrim } from "../../prims/attrs.ts";
import type { Meta } from "../../prims/meta.ts";
import { table } from "../../prims/table.ts";
import { checkShape } from "../../shape.ts";
import type { TensorCore } from "../../tensor/core.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Whether programs of the routine are kept: attention that drops weights has another counter in each call. */
const isKept = (attrs: object): boolean => !("counter" in attrs);

/** The position in a stream of random numbers is a scalar of the dispatch, so that all draws of a geometry share a program. */
function withoutCounter<P extends RoutinePrim>(
  prim: P,
  attrs: Attrs[P],
): [attrs: Attrs[P], scalars: readonly Scalar[]] {
  if (prim !== "random") return [attrs, none];
  const { counter, ...rest } = attrs as RandomAttrs;
  return [rest as Attrs[P], [counter]];
}

const none: readonly Scalar[] = [];

/** Runs a routine. Returns its outputs. */
export function routine<P extends RoutinePrim>(
  prim: P,
  inputs: readonly TensorCore[],
  given: Attrs[P],
  operation: string,
): readonly Tensor[] {
  if (activeRecorder() !== null) {
    const run = () => routine(prim, inputs, given, operation);
    return recorded(prim, inputs as readonly Tensor[], given as StepAttrs[P], run);
  }
  const attrs = withPrecision(prim, inputs, given);
  const device = deviceOf(operation, inputs);
  const programs = programsOf(device.backend);
  const make = (): Launch => {
    const rule = table[prim].outputs as (inputs: readonly Meta[], attrs: Attrs[P]) => readonly Meta[];
    const metas = rule(inputs, attrs);
    for (const input of inputs) checkSupported(operation, device, input.dtype);
    for (const { shape } of metas) checkShape(operation, shape);
    return prepared(prim, operation, device, inputs, [], outputsOf(operation, metas), attrs);
  };
  if (!isKept(attrs)) return compute(operation, device, make(), inputs, []);
  addKey(programs, prim, inputs, attrs);
  const launch = programs.find() ?? programs.keep(programs.takeKey(), make());
  return compute(operation, device, launch, inputs, []);
}

/** Runs a routine that writes to existing tensors. */
export function runRoutine<P extends RoutinePrim>(
  prim: P,
  device: Device,
  inputs: readonly TensorCore[],
  outputs: readonly TensorCore[],
  given: Attrs[P],
): void {
  if (activeRecorder() !== null) {
    const compute = () => runRoutine(prim, device, inputs, outputs, given);
    const operands = inputs as readonly Tensor[];
    return recordedWrite(prim, operands, given as StepAttrs[P], outputs as readonly Tensor[], compute);
  }
  const [attrs, scalars] = withoutCounter(prim, withPrecision(prim, inputs, given));
  const make = (): Launch => prepared(prim, prim, device, inputs, outputs, [], attrs);
  if (!isKept(attrs)) return run(prim, device, make(), inputs, outputs, scalars);
  const programs = programsOf(device.backend);
  addKey(programs, prim, inputs, attrs);
  programs.addNumber(outputs.length);
  for (let i = 0; i < outputs.length; i++) programs.addOperand(outputs[i]!);
  const launch = programs.find() ?? programs.keep(programs.takeKey(), make());
  run(prim, device, launch, inputs, outputs, scalars);
}

function addKey(programs: ProgramCache, prim: RoutinePrim, inputs: readonly TensorCore[], attrs: object): void {
  programs.begin("routine", inputs.length);
  programs.addText(prim);
  programs.addAttrs(attrs);
  for (let i = 0; i < inputs.length; i++) programs.addOperand(inputs[i]!);
}

/** Work of its own, since callers may write to arrays later. */
function prepared<P extends RoutinePrim>(
  prim: P,
  operation: string,
  device: Device,
  inputs: readonly TensorCore[],
  written: readonly TensorCore[],
  outputs: readonly LaunchOutput[],
  attrs: Attrs[P],
): Launch {
  const operand = ({ dtype, shape, strides }: Operand): Operand => ({
    dtype,
    shape: shape.slice(),
    strides: strides.slice(),
  });
  const own = Object.entries(attrs).map(([name, value]) => [name, Array.isArray(value) ? value.slice() : value]);
  const work: Routine<P> = {
    kind: "routine",
    name: prim,
    inputs: inputs.map(operand),
    outputs: [...written, ...outputs].map(operand),
    attrs: Object.fromEntries(own),
  };
  return prepare(
    operation,
    device,
    work as unknown as Routine,
    written.length > 0 ? [...inputs, ...written] : inputs,
    outputs,
  );
}
