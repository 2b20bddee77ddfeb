/** The kernels for contractions with their tile sizes, and the choice among them when nothing was timed. */
import type { GpuContext } from "../../gpu_context.ts";

/**
 * - register: an invocation computes `rows` × `columns` outputs in registers. Software adapters have no fast workgroup
 *   memory, and loads dominate their time, so large tiles win (512³ on lavapipe: 6 GFLOP/s with 4×4, 11 with 8×8, 18
 *   with 16×16).
 * - tile: a workgroup computes `rows` × `columns` outputs, an invocation `own` × `own` of them, from panels of `depth`
 *   terms in workgroup memory.
 * - dot: a workgroup computes one output. For few outputs whose terms are adjacent in memory.
 */
export type KernelVariant =
  | { readonly kind: "register"; readonly rows: number; readonly columns: number; readonly group: number }
  | {
    readonly kind: "tile";
    readonly rows: number;
    readonly columns: number;
    readonly own: number;
    readonly depth: number;
    readonly group: number;
  }
  | { readonly kind: "dot"; readonly rows: 1; readonly columns: 1; readonly group: number };

/**
 * A kernel variant, and the least number of invocations (workgroups, for tiles). With fewer the summed index is split.
 */
export interface KernelConfig {
  readonly variant: KernelVariant;
  readonly minItems: number;
}

const register = (rows: number, columns: number, group: number, minItems: number): KernelConfig => ({
  variant: { kind: "register", rows, columns, group },
  minItems,
});

const tile = (size: number, own: number, depth: number, minItems: number): KernelConfig => ({
  variant: { kind: "tile", rows: size, columns: size, own, depth, group: (size / own) ** 2 },
  minItems,
});

/** The configurations by name; the autotuner may time them. */
export const kernelConfigs: Readonly<Record<KernelConfigName, KernelConfig>> = {
  register16: register(16, 16, 8, 64),
  register8: register(8, 8, 8, 64),
  register4: register(4, 4, 8, 64),
  row8: register(1, 8, 8, 64),
  column8: register(8, 1, 8, 64),
  // For a few outputs with many terms.
  single: register(1, 1, 8, 64),
  // For GPUs: a thread computes a column, so that adjacent threads read adjacent elements, with enough threads for a
  // large GPU.
  row: register(1, 1, 64, 65536),
  rows4: register(4, 1, 64, 32768),
  columns4: register(1, 4, 64, 32768),
  tile32: tile(32, 4, 16, 256),
  tile64: tile(64, 4, 16, 256),
  tile128: tile(128, 8, 8, 128), // panels of 16 terms would exceed the 16 KiB that every adapter has
  dot: { variant: { kind: "dot", rows: 1, columns: 1, group: 64 }, minItems: 1 },
};

/** The name of a configuration. */
export type KernelConfigName =
  | "register16"
  | "register8"
  | "register4"
  | "row8"
  | "column8"
  | "single"
  | "row"
  | "rows4"
  | "columns4"
  | "tile32"
  | "tile64"
  | "tile128"
  | "dot";

/** The sizes of a contraction that decide the choice. */
export interface Problem {
  readonly m: number;
  readonly n: number;
  readonly terms: number;
  readonly batch: number;
  readonly leftAlongSum: boolean;
  readonly rightAlongSum: boolean;
}

const software: readonly KernelConfigName[] = ["register16", "register8", "register4", "row8", "column8", "single"];

/**
 * Estimated time of one term on a software adapter, in multiplications: a load costs as much as 14 multiplications
 * (measured on lavapipe).
 */
function softwareCost({ variant: { rows, columns } }: KernelConfig, { m, n, batch }: Problem): number {
  const threads = Math.ceil(m / rows) * Math.ceil(n / columns) * batch;
  return threads * (rows * columns + 14 * (rows + columns));
}

/** The choice on a software adapter, and the estimated cost of the contraction in multiplications. */
export function softwareConfig(problem: Problem): { readonly name: KernelConfigName; readonly cost: number } {
  const { m, n, batch, terms } = problem;
  let best: KernelConfigName = "register8";
  let least = Infinity;
  for (const name of software) {
    // The large tile takes half a second to compile.
    if (name === "register16" && m * n * batch * terms < 2 ** 21) continue;
    const cost = softwareCost(kernelConfigs[name], problem);
    if (cost < least) [best, least] = [name, cost];
  }
  return { name: best, cost: least * terms };
}

/** The choice on a GPU. */
export function gpuConfig({ m, n, terms, batch, leftAlongSum, rightAlongSum }: Problem): KernelConfigName {
  if (Math.min(m, n) <= 4) {
    if (leftAlongSum && rightAlongSum && terms >= 64 && m * n * batch <= 2 ** 18) return "dot";
    return m <= 2 ? "row" : m <= 4 ? "rows4" : "columns4";
  }
  if (m <= 32 || n <= 32) return "tile32";
  return Math.ceil(m / 128) * Math.ceil(n / 128) * batch >= 128 ? "tile128" : "tile64";
}

/** The configurations to consider on this adapter, starting with the default. */
export function candidates(gpu: GpuContext, problem: Problem): readonly KernelConfigName[] {
  if (gpu.software) {
    const first = softwareConfig(problem).name;
    return [first, ...software.filter((name) => name !== first)];
  }
  const first = gpuConfig(problem);
  const tiles: readonly KernelConfigName[] = ["tile32", "tile64", "tile128"];
  return first.startsWith("tile") ? [first, ...tiles.filter((name) => name !== first)] : [first];
}
