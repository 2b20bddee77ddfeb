/** Matrix product into an existing tensor. */
import { checkWritable, deviceOf } from "../engine/checks.ts";
import { runRoutine } from "../engine/execute/routine.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Writes `a.matmul(b)` of matrices or batches of matrices to `out`, a tensor of the product's shape, which may be a view. The tape
 * does not record it. PyTorch: `torch.matmul(a, b, out=…)`.
 *
 * @param bias added to each row; of shape `[n]` and the product's dtype.
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
export function matmulInto(out: Tensor, a: Tensor, b: Tensor, bias: Tensor | null = null): Tensor {
  if (a.dtype !== b.dtype || a.dtype !== out.dtype || (bias !== null && bias.dtype !== out.dtype)) {
    throw new TypeError(
      `matmulInto: dtypes ${a.dtype}, ${b.dtype}${
        bias === null ? "" : `, ${bias.dtype}`
      } and ${out.dtype} differ; cast with .to("${out.dtype}")`,
    );
  }
  const [m, k, n] = [a.shape.at(-2), a.shape.at(-1), b.shape.at(-1)];
  if (
    a.ndim < 2 || b.ndim < 2 || k !== b.shape.at(-2) || m !== out.shape.at(-2) || n !== out.shape.at(-1) ||
    !broadcasts(a, out) || !broadcasts(b, out)
  ) {
    const shapes = `${showShape(a.shape)} · ${showShape(b.shape)} into ${showShape(out.shape)}`;
    throw new RangeError(`matmulInto: ${shapes} does not fit; expected […, m, k] · […, k, n] into […, m, n]`);
  }
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== n)) {
    throw new RangeError(`matmulInto: the bias has shape ${showShape(bias.shape)}; expected [${n}]`);
  }
  checkWritable("matmulInto", out);
  const inputs = bias === null ? [a, b] : [a, b, bias];
  runRoutine("matmul", deviceOf("matmulInto", [...inputs, out]), inputs, [out], {});
  out.storage.version++;
  return out;
}

/** Whether the batches of an operand broadcast to those of the product. */
function broadcasts({ shape, ndim }: Tensor, out: Tensor): boolean {
  if (ndim > out.ndim) return false;
  for (let d = 0; d < ndim - 2; d++) if (shape[d] !== 1 && shape[d] !== out.shape[d + out.ndim - ndim]) return false;
  return true;
}
