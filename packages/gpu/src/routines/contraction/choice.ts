/** Which kernel computes a contraction when nothing was timed, and into how many parts its sums are split. */
import type { GpuContext } from "../../gpu_context.ts";
import type { Vendor } from "../../device/vendor.ts";
import { type KernelConfigName, kernelConfigs, type TileName, tiles, type TileVariant } from "./kernel_configs.ts";
import { workgroupBytes } from "./tile_kernel.ts";

/** The sizes of a contraction that decide the choice. */
export interface Problem {
  readonly m: number;
  readonly n: number;
  readonly batch: number;
  /** Number of values of the last digit of the summed index, and of all the others together. */
  readonly inner: number;
  readonly outer: number;
  readonly leftAlongSum: boolean;
  readonly rightAlongSum: boolean;
}

const software: readonly KernelConfigName[] = ["register16", "register8", "register4", "row8", "column8", "single"];

/** Tiles of a configuration that cover the outputs. */
function tilesOf(name: KernelConfigName, { m, n, batch }: Problem): number {
  const { rows, columns } = kernelConfigs[name];
  return Math.ceil(m / rows) * Math.ceil(n / columns) * batch;
}

/**
 * The choice on a software adapter, and the estimated cost of the contraction in multiplications: a load costs as much
 * as 14 of them (measured on lavapipe).
 */
export function softwareConfig(problem: Problem): { readonly name: KernelConfigName; readonly cost: number } {
  const { m, n, batch, outer, inner } = problem;
  let best: KernelConfigName = "register8";
  let least = Infinity;
  for (const name of software) {
    // The large tile takes half a second to compile.
    if (name === "register16" && m * n * batch * outer * inner < 2 ** 21) continue;
    const { rows, columns } = kernelConfigs[name];
    const cost = tilesOf(name, problem) * (rows * columns + 14 * (rows + columns));
    if (cost < least) [best, least] = [name, cost];
  }
  return { name: best, cost: least * outer * inner };
}

/** What the choice of tiles assumes of a vendor's GPUs, whose size WebGPU does not tell. */
interface VendorTraits {
  /** Invocations that keep a GPU busy. With fewer, larger tiles gain nothing. */
  readonly invocations: number;
  /** Most outputs of an invocation that stay in registers. */
  readonly outputs: number;
}

const vendors: Readonly<Record<Vendor, VendorTraits>> = {
  nvidia: { invocations: 32768, outputs: 64 },
  amd: { invocations: 32768, outputs: 64 },
  apple: { invocations: 8192, outputs: 64 },
  intel: { invocations: 8192, outputs: 32 },
  arm: { invocations: 4096, outputs: 16 },
  qualcomm: { invocations: 4096, outputs: 32 },
  unknown: { invocations: 16384, outputs: 64 },
};

/**
 * Estimated time of a tile on a GPU, in multiply-adds: those of all tiles, including the parts beyond the matrix, times
 * the loads for each of them. A load from workgroup memory costs as much as one multiply-add, one from memory as much
 * as 12; both are estimates.
 */
export function tileCost(name: TileName, problem: Problem, parts: number, vendor: Vendor): number {
  const { rows, columns, ownRows, ownColumns, group }: TileVariant = tiles[name];
  const { m, n, batch } = problem;
  const { invocations, outputs } = vendors[vendor];
  const count = tilesOf(name, problem);
  const loads = (ownRows + ownColumns) / (ownRows * ownColumns) + 12 * (rows + columns) / (rows * columns);
  const spilled = ownRows * ownColumns > outputs ? 2 : 1;
  const work = count * rows * columns;
  // Invocations that compute padding do not count.
  const idle = Math.max(1, invocations / (group / (rows * columns) * m * n * batch * parts));
  return work * (1 + loads) * spilled * idle;
}

/** The tiles within the adapter's limits, the best first. */
function rankedTiles(
  { limits, vendor }: Pick<GpuContext, "limits" | "vendor">,
  problem: Problem,
  parts: number,
): TileName[] {
  const costs = (Object.keys(tiles) as TileName[])
    .filter((name) =>
      tiles[name].group <= limits.maxComputeInvocationsPerWorkgroup &&
      workgroupBytes(tiles[name]) <= limits.maxComputeWorkgroupStorageSize
    )
    .map((name) => ({ name, cost: tileCost(name, problem, parts, vendor) }));
  return costs.sort((a, b) => a.cost - b.cost).map(({ name }) => name);
}

/** The configurations to consider on this adapter, starting with the default. */
export function candidates(
  gpu: Pick<GpuContext, "software" | "limits" | "vendor">,
  problem: Problem,
): readonly KernelConfigName[] {
  if (gpu.software) {
    const first = softwareConfig(problem).name;
    return [first, ...software.filter((name) => name !== first)];
  }
  const { m, n, batch, outer, inner, leftAlongSum, rightAlongSum } = problem;
  if (Math.min(m, n) <= 4) {
    if (leftAlongSum && rightAlongSum && outer * inner >= 64 && m * n * batch <= 2 ** 18) return ["dot"];
    return [m <= 2 ? "row" : m <= 4 ? "rows4" : "columns4"];
  }
  return rankedTiles(gpu, problem, partsOf(problem, false)).slice(0, 5);
}

/**
 * Most loop iterations of an invocation: lavapipe (22.3) silently ends all loops of an invocation after 65,535
 * iterations in total, including those of outer loops.
 */
const maxLoopIterations = 32768;

/**
 * Number of terms in each part of a sum. With few outputs, sums are split to get enough invocations, and on software
 * adapters also to keep loops short. The parts depend on the sizes alone, not on the kernel: all kernels but `dot` add
 * the same terms in the same order, so that their results have the same bits.
 */
export function termsOfPart(problem: Problem, onSoftware: boolean): number {
  const { m, n, batch, outer, inner } = problem;
  const terms = outer * inner;
  if (terms === 0) return 1;
  if (!onSoftware) {
    // Enough for large GPUs: 65,536 outputs where they are computed singly, else 512 tiles of 32×32. A part writes and
    // reads the whole output, which pays off from some 128 terms on.
    const narrow = Math.min(m, n) <= 4;
    const wanted = narrow ? 65536 / (m * n * batch) : 512 / (Math.ceil(m / 32) * Math.ceil(n / 32) * batch);
    const parts = Math.max(1, Math.min(Math.ceil(wanted), Math.floor(terms / 128), 128));
    return parts === 1 ? terms : 16 * Math.ceil(terms / parts / 16);
  }
  const threads = tilesOf(softwareConfig(problem).name, problem);
  const parts = Math.max(1, Math.min(Math.ceil(64 / threads), Math.floor(terms / 64)));
  if (outer === 1) return Math.min(Math.ceil(inner / parts), maxLoopIterations);
  const most = Math.max(1, Math.floor(maxLoopIterations / (inner + 1)));
  const rows = Math.min(Math.ceil(outer / Math.min(parts, outer)), most);
  return Math.min(rows * inner, maxLoopIterations);
}

/** Number of parts of each sum. */
export function partsOf(problem: Problem, onSoftware: boolean): number {
  const terms = problem.outer * problem.inner;
  return Math.max(1, Math.ceil(terms / termsOfPart(problem, onSoftware)));
}
