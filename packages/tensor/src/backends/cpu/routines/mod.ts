/** The routines of the CPU backend by name. */
import type { HostRoutine } from "../../../prims/attrs.ts";
import type { CpuRoutine } from "./cpu_routine.ts";

import { conv, convInputGrad, convWeightGrad } from "./conv/conv.ts";
import { fft } from "./fft/fft.ts";
import { gather } from "./index/gather.ts";
import { matmul } from "./matmul/matmul.ts";
import { maxPool } from "./pool/max_pool.ts";
import { maxPoolGrad } from "./pool/max_pool_grad.ts";
import { random } from "./random/random.ts";
import { cumprod, cumsum } from "./order/scan.ts";
import { scatter } from "./index/scatter.ts";
import { sort } from "./order/sort.ts";
import { sumPool, sumPoolGrad } from "./pool/sum_pool.ts";

/** The routines. */
export const routines: { readonly [P in HostRoutine]: CpuRoutine<P> } = {
  conv,
  convInputGrad,
  convWeightGrad,
  fft,
  gather,
  matmul,
  maxPool,
  maxPoolGrad,
  random,
  cumprod,
  cumsum,
  scatter,
  sort,
  sumPool,
  sumPoolGrad,
};
