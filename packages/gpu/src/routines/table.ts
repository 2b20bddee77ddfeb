/** The table of routines. */
import type { Attrs, RoutinePrim } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../gpu_context.ts";
import { attention } from "./attention/attention.ts";
import { attentionGrad } from "./attention/attention_grad.ts";
import { matmul } from "./contraction/matmul.ts";
import { conv } from "./conv/conv.ts";
import { convInputGrad } from "./conv/conv_input_grad.ts";
import { convWeightGrad } from "./conv/conv_weight_grad.ts";
import { gather } from "./indexing/gather.ts";
import { scatter } from "./indexing/scatter.ts";
import { maxPool, maxPoolGrad } from "./pool/max_pool.ts";
import { sumPool, sumPoolGrad } from "./pool/sum_pool.ts";
import { random } from "./random/random.ts";
import { cumprod, cumsum } from "./scan/scan.ts";
import { sort } from "./sort/sort.ts";

/** Records the launches of a routine. Outputs are contiguous, with any offset. */
export type GpuRoutine<P extends RoutinePrim> = (
  gpu: GpuContext,
  inputs: readonly GpuOperand[],
  outputs: readonly GpuOperand[],
  attrs: Attrs[P],
) => void;

/** The routines by name. Fourier transforms are composed of matrix products. */
export const routines: { readonly [P in Exclude<RoutinePrim, "fft">]: GpuRoutine<P> } = {
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
  attention,
  attentionGrad,
};
