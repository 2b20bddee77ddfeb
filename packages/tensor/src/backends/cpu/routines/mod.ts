/** The routines of the CPU backend by name. */
import type { HostRoutine } from "../../../prims/attrs.ts";
import type { CpuRoutine } from "./cpu_routine.ts";

import { gather } from "./index/gather.ts";
import { matmul } from "./matmul/matmul.ts";
import { random } from "./random/random.ts";
import { cumprod, cumsum } from "./order/scan.ts";
import { scatter } from "./index/scatter.ts";
import { sort } from "./order/sort.ts";

/** One function per routine. */
export type CpuRoutines = { readonly [P in HostRoutine]: CpuRoutine<P> };

/** The routines of tensors' methods; `addRoutines` adds the others. */
export const routines: Partial<CpuRoutines> = { gather, matmul, random, cumprod, cumsum, scatter, sort };
