/**
 * Running extremes and sums in logarithmic steps: after step k each element stands for the 2ᵏ elements up to it, and is combined with
 * what stands 2ᵏ before it.
 */
import { apply } from "../engine/apply.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import { isFloat } from "../dtype.ts";
import { normalizeDim } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { arange } from "./creation.ts";
import type { ValuesAndIndices } from "./reduction.ts";

const none = {};

/** The parts of a dimension: elements that have none before them at a distance, those before, and those behind. */
function partsOf(x: Tensor, dim: number, distance: number): [head: Tensor, before: Tensor, behind: Tensor] {
  const rest = x.shape[dim]! - distance;
  return [x.narrow(dim, 0, distance), x.narrow(dim, 0, rest), x.narrow(dim, distance, rest)];
}

/** For each element the index (int32) of the running extreme: the last among equals, and the last NaN. */
export function cummaxIndex(x: Tensor, dim: number, better: "ge" | "le"): Tensor {
  const size = x.shape[dim]!;
  let values = x.detach();
  let index = arange(size, { dtype: "int32", device: x.device })
    .reshape(x.shape.map((_, d) => d === dim ? size : 1)).expand(x.shape);
  for (let distance = 1; distance < size; distance *= 2) {
    const [head, before, behind] = partsOf(values, dim, distance);
    const [first, left, right] = partsOf(index, dim, distance);
    const wins = apply(better, [behind, before], none).logicalAnd(before.isnan().logicalNot()).logicalOr(
      behind.isnan(),
    );
    values = apply("cat", [head, apply("where", [wins, behind, before], none)], { dim });
    index = apply("cat", [first, apply("where", [wins, right, left], none)], { dim });
  }
  return index;
}

function running(operation: string, x: Tensor, dim: number, better: "ge" | "le"): ValuesAndIndices {
  const d = normalizeDim(operation, dim, x.ndim);
  if (x.ndim === 0) {
    const { values, indices } = running(operation, x.reshape(1), 0, better);
    return { values: values.reshape([]), indices: indices.reshape([]) };
  }
  const indices = cummaxIndex(x, d, better).contiguous();
  return { values: x.gather(d, indices), indices };
}

export function cummax(x: Tensor, dim: number): ValuesAndIndices {
  return running("cummax", x, dim, "ge");
}

export function cummin(x: Tensor, dim: number): ValuesAndIndices {
  return running("cummin", x, dim, "le");
}

export function logcumsumexp(x: Tensor, dim: number): Tensor {
  const d = normalizeDim("logcumsumexp", dim, x.ndim);
  if (!isFloat(x.dtype)) {
    throw new TypeError(`logcumsumexp: needs a floating-point tensor, got ${x.dtype}; cast with .to("float32")`);
  }
  if (x.ndim === 0) return x.clone();
  if (isHalf(x)) return inFloat32([x], (x) => x.logcumsumexp(d));
  let result = x;
  for (let distance = 1; distance < x.shape[d]!; distance *= 2) {
    const [head, before, behind] = partsOf(result, d, distance);
    result = apply("cat", [head, apply("logaddexp", [before, behind], none)], { dim: d });
  }
  return result === x ? x.clone() : result;
}
