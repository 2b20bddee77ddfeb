/** The routines by name. */
import type { Attrs, RoutinePrim } from "@heddle/tensor";
import type { Gpu, GpuOperand } from "../gpu.ts";

/** Records the launches of a routine; outputs are contiguous, with any offset. */
export type GpuRoutine<P extends RoutinePrim> = (
  gpu: Gpu,
  inputs: readonly GpuOperand[],
  outputs: readonly GpuOperand[],
  attrs: Attrs[P],
) => void;

/** All of them; what is null is composed of other primitives where that is possible. */
export const routines: { readonly [P in RoutinePrim]: GpuRoutine<P> | null } = {
  matmul: null,
  conv: null,
  convInputGrad: null,
  convWeightGrad: null,
  maxPool: null,
  maxPoolGrad: null,
  sumPool: null,
  sumPoolGrad: null,
  gather: null,
  scatter: null,
  sort: null,
  cumsum: null,
  cumprod: null,
  random: null,
};
