/** Computes contractions in one launch, or in several parts that a second launch sums. */
import type { GpuContext } from "../../gpu_context.ts";
import { dispatch } from "../shared/dispatch.ts";
import { candidates, termsOfPart } from "./choice.ts";
import { accumulator, biasBinding, type Contraction, epilogueDeclarations, withEpilogue } from "./contraction.ts";
import { dotBody, dotDeclarations } from "./dot_kernel.ts";
import { type KernelConfigName, kernelConfigs, type KernelVariant } from "./kernel_configs.ts";
import { registerBody, wholeDigits } from "./register_kernel.ts";
import { panelType, quadsOfSides, tileBody, tileDeclarations, tileKey } from "./tile_kernel.ts";

/** Adds the partial sums of a split contraction, in a fixed order. */
function sumParts(gpu: GpuContext, c: Contraction, buffer: GPUBuffer, parts: number): void {
  const { batch, m, n, out } = c;
  const bias = biasBinding(c);
  dispatch(gpu, {
    key: `add parts ${c.key}${bias.key}${c.relu ? " relu" : ""}`,
    reads: { parts: { buffer, dtype: accumulator(c) }, ...bias.reads },
    writes: { out },
    params: { ...c.params, ...bias.params, m, n, batch, parts },
    threads: batch * m * n,
    declarations: () => epilogueDeclarations(c),
    // Four loads are under way at a time.
    body: () => `
let column = thread % p.n;
let row = (thread / p.n) % p.m;
let z = thread / (p.n * p.m);
${c.batchCode}${c.outRow("at_row", "row")}${c.outColumn("at_column", "column")}
var sum = parts_get(thread);
var s = 1u;
var at = thread + p.threads;
for (; s + 3u < p.parts; s += 4u) {
let a = parts_get(at);
let b = parts_get(at + p.threads);
let c = parts_get(at + 2u * p.threads);
let d = parts_get(at + 3u * p.threads);
sum += a;
sum += b;
sum += c;
sum += d;
at += 4u * p.threads;
}
for (; s < p.parts; s++) {
sum += parts_get(at);
at += p.threads;
}
out_set(at_row + at_column, ${withEpilogue(c, "sum", "row", "column")});`,
  });
}

/** Computes a contraction with the best configuration for this adapter, or with the one named. */
export function runContraction(gpu: GpuContext, c: Contraction, name?: KernelConfigName): void {
  if (c.m * c.n * c.batch === 0) return;
  const problem = { ...c, leftAlongSum: c.rows.alongSum, rightAlongSum: c.columns.alongSum };
  const per = termsOfPart(problem, gpu.software);
  const names = name === undefined ? candidates(gpu, problem) : [name];
  const key = `${c.key} ${c.dtype} ${c.batch} ${c.m} ${c.n} ${c.outer} ${c.inner}`;
  runWithConfig(gpu, c, gpu.choose(key, names, (each) => runWithConfig(gpu, c, each, per)), per);
}

/** Computes a contraction with a configuration, in parts of `per` terms. */
function runWithConfig(gpu: GpuContext, c: Contraction, name: KernelConfigName, per: number): void {
  const { m, n, batch } = c;
  const variant = kernelConfigs[name];
  const [tilesM, tilesN] = [Math.ceil(m / variant.rows), Math.ceil(n / variant.columns)];
  const tiles = tilesM * tilesN * batch;
  const parts = variant.kind === "dot" ? 1 : Math.max(1, Math.ceil(c.outer * c.inner / per));
  const partial = parts > 1;
  const buffer = partial ? gpu.scratch(4 * parts * batch * m * n) : null;
  const count = tiles * parts;
  const bias = partial ? { reads: {}, params: {}, key: "" } : biasBinding(c);
  const [left, right] = variant.kind === "tile" ? quadsOfSides(c, per) : [null, null];
  const narrow = variant.kind === "tile" && panelType(c) === "f16";
  dispatch(gpu, {
    key: `${c.key} ${variantKey(c, variant, per)}${partial ? " parts" : `${bias.key}${c.relu ? " relu" : ""}`}`,
    reads: {
      left: { ...c.left, quads: left !== null, narrow, rounded: c.rounded },
      right: { ...c.right, quads: right !== null, narrow, rounded: c.rounded },
      ...bias.reads,
    },
    writes: { out: buffer === null ? c.out : { buffer, dtype: accumulator(c) } },
    params: {
      ...c.params,
      ...bias.params,
      ...{ m, n, batch, outer: c.outer, inner: c.inner, tilesM, tilesN, per },
    },
    groupSize: variant.group,
    ...(variant.kind === "register" ? { threads: count } : { groups: count }),
    declarations: () => (partial ? "" : epilogueDeclarations(c)) + declarationsOf(gpu, c, variant, per),
    body: () => bodyOf(gpu, c, variant, per, partial),
  });
  if (buffer === null) return;
  sumParts(gpu, c, buffer, parts);
  gpu.release(buffer);
}

function variantKey(c: Contraction, variant: KernelVariant, per: number): string {
  const { kind, rows, columns } = variant;
  const code = kind === "tile" ? ` ${tileKey(c, per)}` : kind === "register" && wholeDigits(c, per) ? " whole" : "";
  return `${kind} ${rows} ${columns}${code}`;
}

function declarationsOf({ subgroup }: GpuContext, c: Contraction, variant: KernelVariant, per: number): string {
  switch (variant.kind) {
    case "register":
      return "";
    case "tile":
      return tileDeclarations(c, variant, per);
    case "dot":
      return dotDeclarations(c.dtype, variant, subgroup);
  }
}

function bodyOf(
  { subgroup }: GpuContext,
  c: Contraction,
  variant: KernelVariant,
  per: number,
  partial: boolean,
): string {
  switch (variant.kind) {
    case "register":
      return registerBody(c, variant, per, partial);
    case "tile":
      return tileBody(c, variant, per, partial);
    case "dot":
      return dotBody(c, variant, subgroup);
  }
}
