/** Products of a matrix with a vector, or of a vector with a matrix. */
import type { Engine } from "../../engine.ts";
import { element } from "../element.ts";
import type { GemmWork } from "./gemm_work.ts";
import { gemvModule, gemvParams } from "./gemv_module.ts";
import { cachedModule } from "../module_cache.ts";

/** The multiply-adds of a chunk per 16 bytes of a vector. It is smaller than for matrices, since these products are bound by memory. */
const macsPerChunk = 50_000;

/**
 * Computes the products of `work`, where one operand is a vector. Returns false if neither the rows nor the columns of the matrix
 * are contiguous.
 */
export function gemv(engine: Engine, work: GemmWork): boolean {
  const { kind, m, n, k, products } = work;
  const { relaxedMadd } = engine.features;
  const { bytes } = element(kind, relaxedMadd);
  // x · B is Bᵀ · x.
  const turned = n !== 1;
  const rows = turned ? n : m;
  const [row, column] = turned ? [work.rightN, work.rightK] : [work.leftM, work.leftK];
  const vectorStep = turned ? work.leftK : work.rightK;
  const outStep = turned ? bytes : work.outStride;
  const byColumns = row === bytes && outStep === bytes && rows > 1;
  if (work.adds || (!byColumns && column !== bytes)) return false;
  const entry = cachedModule(engine, `gemv ${kind}`, (wide) => gemvModule(element(kind, relaxedMadd, wide)));
  const copyBytes = vectorStep === bytes ? 0 : engine.threads * k * bytes;
  const copy = engine.heap.borrow(copyBytes);
  // Chunks of whole groups of rows, wide enough to read columns in long runs.
  const least = byColumns ? 256 : 8;
  const grain = macsPerChunk * entry.vectorBytes / 16;
  const each = Math.ceil(Math.max(grain / Math.max(k, 1), 1) / least) * least;
  for (let i = 0; i < products.length; i += 3) {
    const [left, right, out] = [products[i]!, products[i + 1]!, products[i + 2]!];
    const params = gemvParams.write(engine, {
      matrix: turned ? right : left,
      row,
      column,
      k,
      vector: turned ? left : right,
      vectorStep,
      copy,
      out,
      outStep,
      byColumns: byColumns ? 1 : 0,
      bias: work.bias === undefined ? 0 : work.bias + (i / 3) * (work.biasStep ?? 0),
      biasStep: turned ? bytes : 0,
      rectifies: work.activation === "relu" ? 1 : 0,
    });
    engine.parallel(entry, params, rows, each);
  }
  engine.heap.giveBack(copy);
  return true;
}
