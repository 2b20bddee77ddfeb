/** The type of routines. */
import type { Attrs, RoutinePrim } from "../../../prims/attrs.ts";
import type { Engine } from "../engine.ts";
import type { CpuOperand } from "./operand.ts";
import type { Plan } from "./plan.ts";

/** A routine of the CPU backend, on operands in the heap. */
export interface CpuRoutine<P extends RoutinePrim> {
  (engine: Engine, inputs: readonly CpuOperand[], outputs: readonly CpuOperand[], attrs: Attrs[P]): void;
  /** The plan for operands of this geometry, if the routine is planned. */
  readonly plan?: (
    engine: Engine,
    inputs: readonly CpuOperand[],
    outputs: readonly CpuOperand[],
    attrs: Attrs[P],
  ) => Plan;
  /** Like {@link plan}, a plan that belongs to the caller. */
  readonly ownPlan?: CpuRoutine<P>["plan"];
}
