/** The table of the reference backend's routines. */
import type { Attrs, HostRoutine } from "../../prims/attrs.ts";
import { cumprod, cumsum, gather, scatter, sort } from "./along_dim.ts";
import type { HostOperand } from "./host_operand.ts";
import { fft } from "./fft.ts";
import { conv, convInputGrad, convWeightGrad } from "./conv.ts";
import { matmul } from "./matmul.ts";
import { maxPool, maxPoolGrad, sumPool, sumPoolGrad } from "./pool.ts";
import { random } from "./random.ts";

/** One function per routine. */
export type Routines = {
  readonly [P in HostRoutine]: (
    inputs: readonly HostOperand[],
    outputs: readonly HostOperand[],
    attrs: Attrs[P],
  ) => void;
};

/** The routines of the reference backend. */
export const routines: Routines = {
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
  fft,
};
