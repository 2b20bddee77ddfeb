/** Products of vectors and matrices. */
import { apply } from "../engine/apply.ts";
import { checkTensor } from "../engine/checks.ts";
import { promoteTypes } from "../dtype.ts";
import { showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

function check(
  operation: string,
  a: Tensor,
  b: Tensor,
  ranks: readonly [number, number],
  fits: () => boolean,
  rule: string,
): void {
  checkTensor(operation, b);
  if (a.ndim !== ranks[0] || b.ndim !== ranks[1] || !fits()) {
    throw new RangeError(
      `${operation}: shapes ${showShape(a.shape)} and ${showShape(b.shape)} do not fit; expected ${rule}`,
    );
  }
}

export function matmul(x: Tensor, other: Tensor): Tensor {
  checkTensor("matmul", other);
  if (x.ndim === 0 || other.ndim === 0) {
    throw new RangeError(
      `matmul: shapes ${showShape(x.shape)} and ${
        showShape(other.shape)
      }: 0-dimensional tensors have no product; use mul`,
    );
  }
  if (x.dtype !== other.dtype) {
    throw new TypeError(
      `matmul: dtypes ${x.dtype} and ${other.dtype} differ; cast both with .to("${
        promoteTypes(x.dtype, other.dtype)
      }")`,
    );
  }
  const left = x.ndim === 1 ? x.unsqueeze(0) : x;
  const right = other.ndim === 1 ? other.unsqueeze(1) : other;
  if (left.shape.at(-1) !== right.shape.at(-2)) {
    throw new RangeError(
      `matmul: shapes ${showShape(x.shape)} and ${showShape(other.shape)}: the inner sizes ${left.shape.at(-1)} and ${
        right.shape.at(-2)
      } differ; ` +
        `the last dim of the first must equal the second to last of the second`,
    );
  }
  if (left.ndim > 2 && right.ndim === 2) {
    // One product over all rows, so that the right operand's gradient is one product too, rather than a sum of one per batch.
    const leading = left.shape.slice(0, -1);
    const product = left.reshape([sizeOf(leading), left.shape.at(-1)!]).matmul(right);
    return product.reshape(other.ndim === 1 ? leading : [...leading, right.shape[1]!]);
  }
  const product = apply("matmul", [left, right], {});
  if (x.ndim > 1 && other.ndim > 1) return product;
  const shape = [...product.shape];
  if (other.ndim === 1) shape.splice(-1, 1);
  if (x.ndim === 1) shape.splice(other.ndim === 1 ? -1 : -2, 1);
  return product.reshape(shape);
}

export function mm(x: Tensor, other: Tensor): Tensor {
  check("mm", x, other, [2, 2], () => x.shape[1] === other.shape[0], "[n, k] and [k, m]");
  return x.matmul(other);
}

export function bmm(x: Tensor, other: Tensor): Tensor {
  const fits = () => x.shape[0] === other.shape[0] && x.shape[2] === other.shape[1];
  check("bmm", x, other, [3, 3], fits, "[b, n, k] and [b, k, m]");
  return x.matmul(other);
}

export function mv(x: Tensor, vector: Tensor): Tensor {
  check("mv", x, vector, [2, 1], () => x.shape[1] === vector.shape[0], "[n, k] and [k]");
  return x.matmul(vector);
}

export function dot(x: Tensor, other: Tensor): Tensor {
  check("dot", x, other, [1, 1], () => x.shape[0] === other.shape[0], "two vectors of equal length");
  return x.matmul(other);
}

export function outer(x: Tensor, other: Tensor): Tensor {
  check("outer", x, other, [1, 1], () => true, "two vectors");
  return x.unsqueeze(1).mul(other);
}
