/** The routines of the CPU backend by name. */
import type { Attrs, RoutinePrim } from "../../../prims/attrs.ts";
import type { Engine } from "../engine.ts";
import type { CpuOperand } from "./operand.ts";

export { conv, convInputGrad, convWeightGrad } from "./conv.ts";
export { gather } from "./gather.ts";
export { matmul } from "./matmul.ts";
export { maxPool } from "./max_pool.ts";
export { maxPoolGrad } from "./max_pool_grad.ts";
export { random } from "./random.ts";
export { cumprod, cumsum } from "./scan.ts";
export { scatter } from "./scatter.ts";
export { sort } from "./sort.ts";
export { sumPool, sumPoolGrad } from "./sum_pool.ts";

/** A routine on operands in the heap. */
export type CpuRoutine<P extends RoutinePrim> = (
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  attrs: Attrs[P],
) => void;
