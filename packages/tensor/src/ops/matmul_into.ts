/** Matrix product into an existing tensor. */
import { checkWritable, deviceOf } from "../engine/checks.ts";
import { runRoutine } from "../engine/launch.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Writes `a.matmul(b)` of matrices or batches of matrices to `out`, a tensor of the product's shape, which may be a view. The tape
 * does not record it. PyTorch: `torch.matmul(a, b, out=…)`.
 *
 * @param out must not share memory with `a` or `b`.
 * @throws RangeError if the shapes do not fit, or the batches do not broadcast to those of `out`. TypeError if the dtypes differ.
 *
 * @example
 * ```ts
 * import { ones, zeros } from "@heddle/tensor";
 * import { matmulInto } from "@heddle/tensor/engine";
 * const rows = zeros([4, 2]);
 * matmulInto(rows.narrow(0, 1, 2), ones([2, 3]), ones([3, 2]));
 * rows.toArray(); // [[0, 0], [3, 3], [3, 3], [0, 0]]
 * ```
 */
export function matmulInto(out: Tensor, a: Tensor, b: Tensor): Tensor {
  const shapes = `${showShape(a.shape)} · ${showShape(b.shape)} into ${showShape(out.shape)}`;
  if (a.dtype !== b.dtype || a.dtype !== out.dtype) {
    throw new TypeError(
      `matmulInto: dtypes ${a.dtype}, ${b.dtype} and ${out.dtype} differ; cast with .to("${out.dtype}")`,
    );
  }
  const [m, k, n] = [a.shape.at(-2), a.shape.at(-1), b.shape.at(-1)];
  const broadcasts = ({ shape, ndim }: Tensor): boolean =>
    ndim <= out.ndim && shape.slice(0, -2).every((size, d) => size === 1 || size === out.shape[d + out.ndim - ndim]);
  if (
    a.ndim < 2 || b.ndim < 2 || k !== b.shape.at(-2) || m !== out.shape.at(-2) || n !== out.shape.at(-1) ||
    !broadcasts(a) || !broadcasts(b)
  ) {
    throw new RangeError(`matmulInto: ${shapes} does not fit; expected […, m, k] · […, k, n] into […, m, n]`);
  }
  checkWritable("matmulInto", out);
  runRoutine("matmul", deviceOf("matmulInto", [a, b, out]), [a, b], [out], {});
  out.storage.version++;
  return out;
}
