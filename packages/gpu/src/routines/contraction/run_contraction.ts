/** Computes contractions in one launch, or in several parts that a second launch sums. */
import type { GpuContext } from "../../gpu_context.ts";
import { dispatch } from "../shared/dispatch.ts";
import { accumulator, biasBinding, type Contraction, epilogueDeclarations, withEpilogue } from "./contraction.ts";
import { dotBody, dotDeclarations } from "./dot_kernel.ts";
import {
  candidates,
  type KernelConfig,
  type KernelConfigName,
  kernelConfigs,
  type KernelVariant,
} from "./kernel_configs.ts";
import { registerBody } from "./register_kernel.ts";
import { tileBody, tileDeclarations } from "./tile_kernel.ts";

/** Adds the partial sums of a split contraction, in a fixed order. */
function sumSplits(gpu: GpuContext, c: Contraction, parts: GPUBuffer, splits: number): void {
  const { batch, m, n, out } = c;
  const bias = biasBinding(c);
  dispatch(gpu, {
    key: `add parts ${c.key}${bias.key}${c.relu ? " relu" : ""}`,
    reads: { parts: { buffer: parts, dtype: accumulator(c) }, ...bias.reads },
    writes: { out },
    params: { ...c.params, ...bias.params, m, n, batch, splits },
    threads: batch * m * n,
    declarations: () => epilogueDeclarations(c),
    body: () => `
let column = thread % p.n;
let row = (thread / p.n) % p.m;
let z = thread / (p.n * p.m);
${c.batchCode}${c.outRow("at_row", "row")}${c.outColumn("at_column", "column")}
var sum = parts_get(thread);
for (var s = 1u; s < p.splits; s++) { sum += parts_get(thread + s * p.threads); }
out_set(at_row + at_column, ${withEpilogue(c, "sum", "row", "column")});`,
  });
}

/** Computes a contraction with the best configuration for this adapter, or with the one named. */
export function runContraction(gpu: GpuContext, c: Contraction, name?: KernelConfigName): void {
  if (c.m * c.n * c.batch === 0) return;
  const names = name === undefined ? candidates(gpu, { ...c, terms: c.outer * c.inner }) : [name];
  const key = `${c.key} ${c.dtype} ${c.batch} ${c.m} ${c.n} ${c.outer} ${c.inner}`;
  runWithConfig(gpu, c, kernelConfigs[gpu.choose(key, names, (each) => runWithConfig(gpu, c, kernelConfigs[each]))]);
}

/** How the summed indices are split: each part has at most `per` outer and `perInner` inner indices. */
interface SumSplit {
  readonly per: number;
  readonly perInner: number;
  readonly outerParts: number;
  readonly innerParts: number;
}

/**
 * Most loop iterations of an invocation: lavapipe (22.3) silently ends all loops of an invocation after 65,535
 * iterations in total.
 */
const maxLoopIterations = 32768;

/** Splits the sum to get enough invocations and, on software adapters, to keep loops short. */
function splitSum(c: Contraction, variant: KernelVariant, threads: number, minItems: number, short: boolean): SumSplit {
  const whole = { per: c.outer, perInner: c.inner, outerParts: 1, innerParts: 1 };
  const terms = c.outer * c.inner;
  if (terms === 0) return whole;
  // Each part writes and reads the whole output, which pays off from some 64 terms on.
  const splits = Math.max(1, Math.min(Math.ceil(minItems / Math.max(threads, 1)), Math.floor(terms / 64)));
  if (variant.kind === "dot") return whole;
  if (variant.kind === "tile") {
    // The tile kernel has a single loop over all terms.
    const per = Math.ceil(terms / splits);
    return { per, perInner: c.inner, outerParts: Math.ceil(terms / per), innerParts: 1 };
  }
  const [outerSplits, innerSplits] = c.nested ? [Math.min(splits, c.outer), 1] : [1, splits];
  let [per, perInner] = [Math.ceil(c.outer / outerSplits), Math.ceil(c.inner / innerSplits)];
  if (short) {
    perInner = Math.min(perInner, maxLoopIterations);
    per = Math.min(per, Math.max(1, Math.floor(maxLoopIterations / (perInner + 1))));
  }
  return { per, perInner, outerParts: Math.ceil(c.outer / per), innerParts: Math.ceil(c.inner / perInner) };
}

/** Computes a contraction with a configuration. */
export function runWithConfig(gpu: GpuContext, c: Contraction, { variant, minItems }: KernelConfig): void {
  const { m, n, batch } = c;
  if (m * n * batch === 0) return;
  const [tilesM, tilesN] = [Math.ceil(m / variant.rows), Math.ceil(n / variant.columns)];
  const tiles = tilesM * tilesN * batch;
  const { per, perInner, outerParts, innerParts } = splitSum(c, variant, tiles, minItems, gpu.software);
  const parts = outerParts * innerParts;
  const partial = parts > 1;
  const buffer = partial ? gpu.scratch(4 * parts * batch * m * n) : null;
  const count = tiles * parts;
  const bias = partial ? { reads: {}, params: {}, key: "" } : biasBinding(c);
  const params = {
    ...c.params,
    ...bias.params,
    ...{ m, n, batch, outer: c.outer, inner: c.inner, tilesM, tilesN, per, perInner, innerParts },
  };
  const out = buffer === null ? c.out : { buffer, dtype: accumulator(c) };
  dispatch(gpu, {
    key: `${c.key} ${variantKey(variant)}${partial ? " parts" : `${bias.key}${c.relu ? " relu" : ""}`}`,
    reads: { left: c.left, right: c.right, ...bias.reads },
    writes: { out },
    params,
    groupSize: variant.group,
    ...(variant.kind === "register" ? { threads: count } : { groups: count }),
    declarations: () =>
      (partial ? "" : epilogueDeclarations(c)) +
      (variant.kind === "tile"
        ? tileDeclarations(c.dtype, variant)
        : variant.kind === "dot"
        ? dotDeclarations(c.dtype, variant)
        : ""),
    body: () => bodyOf(c, variant, partial),
  });
  if (buffer === null) return;
  sumSplits(gpu, c, buffer, parts);
  gpu.release(buffer);
}

const variantKey = (variant: KernelVariant): string => `${variant.kind} ${variant.rows} ${variant.columns}`;

function bodyOf(c: Contraction, variant: KernelVariant, partial: boolean): string {
  switch (variant.kind) {
    case "register":
      return registerBody(c, variant, partial);
    case "tile":
      return tileBody(c, variant, partial);
    case "dot":
      return dotBody(c, variant);
  }
}
