/** The type of routines. */
import type { Attrs, RoutinePrim } from "../../../prims/attrs.ts";
import type { Engine } from "../engine.ts";
import type { CpuOperand } from "./operand.ts";

/** A routine of the CPU backend, on operands in the heap. */
export type CpuRoutine<P extends RoutinePrim> = (
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  attrs: Attrs[P],
) => void;
