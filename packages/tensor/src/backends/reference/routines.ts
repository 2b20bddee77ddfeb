/** The table of the reference backend's routines. */
import type { Attrs, HostRoutine } from "../../prims/attrs.ts";
import { cumprod, cumsum, gather, scatter, sort } from "./along_dim.ts";
import type { HostOperand } from "./host_operand.ts";
import { matmul } from "./matmul.ts";
import { random } from "./random.ts";

/** One function per routine. */
export type Routines = {
  readonly [P in HostRoutine]: (
    inputs: readonly HostOperand[],
    outputs: readonly HostOperand[],
    attrs: Attrs[P],
  ) => void;
};

/** The routines of tensors' methods; `addRoutines` adds the others. */
export const routines: Partial<Routines> = { matmul, gather, scatter, sort, cumsum, cumprod, random };
