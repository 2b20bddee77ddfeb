/** The routines by name. */
import type { Attrs, RoutinePrim } from "@heddle/tensor/backend";
import type { Gpu, GpuOperand } from "../gpu.ts";
import { conv } from "./conv.ts";
import { convInputGrad } from "./conv_input_grad.ts";
import { convWeightGrad } from "./conv_weight_grad.ts";
import { gather } from "./gather.ts";
import { matmul } from "./matmul.ts";
import { maxPool, maxPoolGrad } from "./max_pool.ts";
import { random } from "./random.ts";
import { cumprod, cumsum } from "./scan.ts";
import { scatter } from "./scatter.ts";
import { sort } from "./sort.ts";
import { sumPool, sumPoolGrad } from "./sum_pool.ts";

/** Records the launches of a routine; outputs are contiguous, with any offset. */
export type GpuRoutine<P extends RoutinePrim> = (
  gpu: Gpu,
  inputs: readonly GpuOperand[],
  outputs: readonly GpuOperand[],
  attrs: Attrs[P],
) => void;

/** All of them. */
export const routines: { readonly [P in RoutinePrim]: GpuRoutine<P> } = {
  matmul,
  conv,
  convInputGrad,
  convWeightGrad,
  maxPool,
  maxPoolGrad,
  sumPool,
  sumPoolGrad,
  gather,
  scatter,
  sort,
  cumsum,
  cumprod,
  random,
};
