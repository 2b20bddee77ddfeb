/** Runs contractions: a launch, or several parts whose sums a second launch adds up. */
import type { Gpu } from "../../gpu_context.ts";
import { candidates, type Configuration, type ConfigurationName, configurations, type Form } from "./kernel_configs.ts";
import { accumulator, biasOf, type Contraction, finished, finishing } from "./contraction.ts";
import { dispatch } from "../shared/dispatch.ts";
import { dotBody, dotDeclarations } from "./dot_kernel.ts";
import { registerBody } from "./register_kernel.ts";
import { tileBody, tileDeclarations } from "./tile_kernel.ts";

/** Adds the partial sums of a split contraction, always in the same order. */
function addParts(gpu: Gpu, c: Contraction, parts: GPUBuffer, splits: number): void {
  const { batch, m, n, out } = c;
  const bias = biasOf(c);
  dispatch(gpu, {
    key: `add parts ${c.key}${bias.key}${c.rectified ? " rectified" : ""}`,
    reads: { parts: { buffer: parts, dtype: accumulator(c) }, ...bias.reads },
    writes: { out },
    params: { ...c.params, ...bias.params, m, n, batch, splits },
    threads: batch * m * n,
    declarations: () => finishing(c),
    body: () => `
let column = thread % p.n;
let row = (thread / p.n) % p.m;
let z = thread / (p.n * p.m);
${c.batchCode}${c.outRow("at_row", "row")}${c.outColumn("at_column", "column")}
var sum = parts_get(thread);
for (var s = 1u; s < p.splits; s++) { sum += parts_get(thread + s * p.threads); }
out_set(at_row + at_column, ${finished(c, "sum", "row", "column")});`,
  });
}

/** Runs a contraction in the configuration that is the best here, or in the one named. */
export function contractBest(gpu: Gpu, c: Contraction, name?: ConfigurationName): void {
  if (c.m * c.n * c.batch === 0) return;
  const names = name === undefined ? candidates(gpu, { ...c, terms: c.outer * c.inner }) : [name];
  const key = `${c.key} ${c.dtype} ${c.batch} ${c.m} ${c.n} ${c.outer} ${c.inner}`;
  contract(gpu, c, configurations[gpu.choose(key, names, (each) => contract(gpu, c, configurations[each]))]);
}

/** How the summed indices are divided into parts, each of `per` outer and `perInner` inner ones at most. */
interface Division {
  readonly per: number;
  readonly perInner: number;
  readonly outerParts: number;
  readonly innerParts: number;
}

/**
 * Rounds of loops that an invocation may make: lavapipe (22.3) leaves all loops of an invocation after 65,535 rounds taken together,
 * and says nothing.
 */
const mostRounds = 32768;

/** Parts for as many invocations as are wanted, and, on a processor, as many as keep loops short. */
function divide(c: Contraction, form: Form, threads: number, wanted: number, short: boolean): Division {
  const whole = { per: c.outer, perInner: c.inner, outerParts: 1, innerParts: 1 };
  const terms = c.outer * c.inner;
  if (terms === 0) return whole;
  // A part must be worth its pass over the output: at least some sixty terms.
  const splits = Math.max(1, Math.min(Math.ceil(wanted / Math.max(threads, 1)), Math.floor(terms / 64)));
  if (form.kind === "dot") return whole;
  if (form.kind === "tile") {
    // Tiles count all terms in one loop.
    const per = Math.ceil(terms / splits);
    return { per, perInner: c.inner, outerParts: Math.ceil(terms / per), innerParts: 1 };
  }
  const [outerSplits, innerSplits] = c.nested ? [Math.min(splits, c.outer), 1] : [1, splits];
  let [per, perInner] = [Math.ceil(c.outer / outerSplits), Math.ceil(c.inner / innerSplits)];
  if (short) {
    perInner = Math.min(perInner, mostRounds);
    per = Math.min(per, Math.max(1, Math.floor(mostRounds / (perInner + 1))));
  }
  return { per, perInner, outerParts: Math.ceil(c.outer / per), innerParts: Math.ceil(c.inner / perInner) };
}

/** Runs a contraction in a configuration. */
export function contract(gpu: Gpu, c: Contraction, { form, wanted }: Configuration): void {
  const { m, n, batch } = c;
  if (m * n * batch === 0) return;
  const [tilesM, tilesN] = [Math.ceil(m / form.rows), Math.ceil(n / form.columns)];
  const tiles = tilesM * tilesN * batch;
  const { per, perInner, outerParts, innerParts } = divide(c, form, tiles, wanted, gpu.software);
  const parts = outerParts * innerParts;
  const partial = parts > 1;
  const buffer = partial ? gpu.scratch(4 * parts * batch * m * n) : null;
  const count = tiles * parts;
  const bias = partial ? { reads: {}, params: {}, key: "" } : biasOf(c);
  const params = {
    ...c.params,
    ...bias.params,
    ...{ m, n, batch, outer: c.outer, inner: c.inner, tilesM, tilesN, per, perInner, innerParts },
  };
  const out = buffer === null ? c.out : { buffer, dtype: accumulator(c) };
  dispatch(gpu, {
    key: `${c.key} ${formKey(form)}${partial ? " parts" : `${bias.key}${c.rectified ? " rectified" : ""}`}`,
    reads: { left: c.left, right: c.right, ...bias.reads },
    writes: { out },
    params,
    groupSize: form.group,
    ...(form.kind === "register" ? { threads: count } : { groups: count }),
    declarations: () =>
      (partial ? "" : finishing(c)) +
      (form.kind === "tile"
        ? tileDeclarations(c.dtype, form)
        : form.kind === "dot"
        ? dotDeclarations(c.dtype, form)
        : ""),
    body: () => bodyOf(c, form, partial),
  });
  if (buffer === null) return;
  addParts(gpu, c, buffer, parts);
  gpu.release(buffer);
}

const formKey = (form: Form): string => `${form.kind} ${form.rows} ${form.columns}`;

function bodyOf(c: Contraction, form: Form, partial: boolean): string {
  switch (form.kind) {
    case "register":
      return registerBody(c, form, partial);
    case "tile":
      return tileBody(c, form, partial);
    case "dot":
      return dotBody(c, form);
  }
}
