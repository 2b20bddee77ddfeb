/** Every operation on tensors passes through here, as a primitive with inputs and attributes. */
import { checkDestination, checkOperands, checkWritable, isAliasSafe } from "./checks.ts";
import type { DType } from "../dtype.ts";
import { elementwise } from "./execute/elementwise.ts";
import { reduce } from "./execute/reduce.ts";
import { routine } from "./execute/routine.ts";
import { rows } from "./execute/rows.ts";
import { assemble, view } from "./execute/view.ts";
import { composed } from "./row_composite.ts";
import type {
  AssemblePrim,
  Attrs,
  ElementwisePrim,
  Prim,
  ReducePrim,
  RoutinePrim,
  RowPrim,
  ViewStep,
} from "../prims/attrs.ts";
import { table } from "../prims/table.ts";
import { tidy } from "../memory/scope.ts";
import { activeTape } from "./tape.ts";
import { isRecorded, isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Runs a primitive, and records it if the tape is on.
 *
 * @param operation the name of the operation in errors.
 * @throws TypeError or RangeError that names the operation if dtypes, shapes or devices do not fit; Error if an input was freed.
 */
export function apply<P extends Prim>(
  prim: P,
  inputs: readonly Operand[],
  attrs: Attrs[P],
  operation: string = prim,
): Tensor {
  return applyAll(prim, inputs, attrs, operation)[0]!;
}

/** {@link apply} for primitives with several outputs. */
export function applyAll<P extends Prim>(
  prim: P,
  inputs: readonly Operand[],
  attrs: Attrs[P],
  operation: string = prim,
): readonly Tensor[] {
  const tape = activeTape();
  const records = tape !== null && tape.enabled;
  if (table[prim].kind === "rows") {
    checkOperands(operation, inputs);
    const outputs = composed(prim as RowPrim, inputs as readonly Tensor[], attrs as Attrs[RowPrim], records);
    if (outputs !== null) return outputs;
  }
  const outputs = execute(prim, inputs, attrs, null, operation);
  if (records) {
    for (const input of inputs) {
      if (isTensor(input) && isRecorded(input)) {
        tape.record(prim, inputs, attrs, outputs);
        break;
      }
    }
  }
  return outputs;
}

/**
 * Runs a primitive that writes to `target`, and records the write if the tape is on.
 *
 * @param operation the name of the operation in errors.
 * @throws TypeError or RangeError if the result has another shape, or a dtype that the target cannot hold.
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
    inputs.every((input) => !isTensor(input) || isAliasSafe(target, input));
  if (direct && !records) {
    execute(prim, inputs, attrs, target, operation);
    target.storage.version++;
  } else tidy(() => writeOver(target, prim, inputs, attrs, operation, records));
  return target;
}

/** Computes a value and writes it. All memory is allocated before the write, so that running out of it leaves the target unchanged. */
function writeOver<P extends Prim>(
  target: Tensor,
  prim: P,
  inputs: readonly Operand[],
  attrs: Attrs[P],
  operation: string,
  records: boolean,
): void {
  // Gradients may need what the target held.
  const operands = records ? inputs.map((input) => input === target ? target.clone() : input) : inputs;
  const value = apply(prim, operands, attrs, operation);
  checkDestination(operation, target, value);
  const written = records ? value.to(target.dtype) : value;
  execute("cast", [written], { dtype: target.dtype }, target);
  target.storage.version++;
  if (records) activeTape()!.wrote(target, written);
}

/**
 * An in-place operation of several primitives: computes the new value out of place, then writes it to the target.
 *
 * @throws as {@link applyInPlace}.
 */
export function overwrite(
  operation: string,
  target: Tensor,
  inputs: readonly (Operand | undefined)[],
  compute: (target: Tensor) => Tensor,
): Tensor {
  checkWritable(operation, target);
  const operands = inputs.filter((input) => input !== undefined);
  checkOperands(operation, operands);
  const tape = activeTape();
  // Gradients may need what the target held.
  const records = tape !== null && tape.recordsWrite(operation, target, [target, ...operands]);
  const value = compute(records ? target.clone() : target);
  checkDestination(operation, target, value);
  return applyInPlace(target, "cast", [value], { dtype: target.dtype }, operation);
}

/**
 * Runs a primitive without recording it. With `out` (element-wise primitives only) the result is written there instead of to a
 * new tensor.
 */
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
      return [reduce(prim as ReducePrim, inputs[0] as Tensor, attrs as Attrs[ReducePrim], row.types, operation)];
    case "rows":
      return rows(prim as RowPrim, inputs as readonly Tensor[], attrs as Attrs[RowPrim], operation);
    case "view":
      return [view({ prim, attrs } as unknown as ViewStep, inputs[0] as Tensor)];
    case "assemble":
      return [assemble(prim as AssemblePrim, inputs as readonly Tensor[], attrs as Attrs[AssemblePrim], operation)];
    case "routine":
      return routine(prim as RoutinePrim, inputs as readonly Tensor[], attrs as Attrs[RoutinePrim], operation);
  }
}
