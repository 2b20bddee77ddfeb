/** Products of a matrix with a vector, or of a vector with a matrix. */
import { element } from "../element.ts";
import type { GemmWork } from "./gemm_work.ts";
import { gemvModule, gemvParams } from "./gemv_module.ts";
import type { Plan } from "../plan.ts";

/** The multiply-adds of a chunk per 16 bytes of a vector. It is smaller than for matrices, since these products are bound by memory. */
const macsPerChunk = 50_000;

/**
 * Computes the products of `work`, where one operand is a vector. Returns false if neither the rows nor the columns of the matrix
 * are contiguous.
 */
export function gemv(plan: Plan, work: GemmWork): boolean {
  const { kind, m, n, k, products } = work;
  const { relaxedMadd } = plan.features;
  const { bytes } = element(kind, relaxedMadd);
  // x · B is Bᵀ · x.
  const turned = n !== 1;
  const rows = turned ? n : m;
  const [row, column] = turned ? [work.rightN, work.rightK] : [work.leftM, work.leftK];
  const vectorStep = turned ? work.leftK : work.rightK;
  const outStep = turned ? bytes : work.outStride;
  const byColumns = row === bytes && outStep === bytes && rows > 1;
  if (work.adds || (!byColumns && column !== bytes)) return false;
  const entry = plan.module(`gemv ${kind}`, (wide) => gemvModule(element(kind, relaxedMadd, wide)));
  const copyBytes = vectorStep === bytes ? 0 : plan.threads * k * bytes;
  const copy = plan.borrow(copyBytes);
  // Chunks of whole groups of rows, wide enough to read columns in long runs.
  const least = byColumns ? 256 : 8;
  const grain = macsPerChunk * entry.vectorBytes / 16;
  const each = Math.ceil(Math.max(grain / Math.max(k, 1), 1) / least) * least;
  for (let i = 0; i < products.length; i += 3) {
    const [left, right, out] = [products[i]!, products[i + 1]!, products[i + 2]!];
    plan.run(
      entry,
      gemvParams,
      {
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
      },
      rows,
      each,
    );
  }
  plan.giveBack(copy);
  return true;
}
