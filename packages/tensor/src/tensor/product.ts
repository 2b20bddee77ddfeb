/** Products of vectors and matrices. */
import { apply } from "../apply.ts";
import { checkTensor } from "../checks.ts";
import { showShape, sizeOf } from "../shape.ts";
import { TensorOrdering } from "./ordering.ts";
import type { Tensor } from "./tensor.ts";

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

/** Part of {@link Tensor}: products. Both operands have the same dtype. */
export abstract class TensorProduct extends TensorOrdering {
  /**
   * Matrix product over the last two dimensions; batch dimensions broadcast; a vector counts as a row on the left and as a column
   * on the right.
   *
   * @throws RangeError when the inner sizes differ or the batches do not broadcast. TypeError when the dtypes differ.
   */
  matmul(this: Tensor, other: Tensor): Tensor {
    checkTensor("matmul", other);
    if (this.ndim === 0 || other.ndim === 0) {
      throw new RangeError(
        `matmul: shapes ${showShape(this.shape)} and ${
          showShape(other.shape)
        }: 0-dimensional tensors have no product; use mul`,
      );
    }
    if (this.dtype !== other.dtype) {
      throw new TypeError(`matmul: dtypes ${this.dtype} and ${other.dtype} differ; cast one with .to("${this.dtype}")`);
    }
    const left = this.ndim === 1 ? this.unsqueeze(0) : this;
    const right = other.ndim === 1 ? other.unsqueeze(1) : other;
    if (left.shape.at(-1) !== right.shape.at(-2)) {
      throw new RangeError(
        `matmul: shapes ${showShape(this.shape)} and ${showShape(other.shape)}: the inner sizes ${
          left.shape.at(-1)
        } and ${right.shape.at(-2)} differ; ` +
          `the last dim of the first must equal the second to last of the second`,
      );
    }
    if (left.ndim > 2 && right.ndim === 2) {
      // One product over all rows, so that the right operand's gradient is one too, not one a batch and their sum.
      const leading = left.shape.slice(0, -1);
      const product = left.reshape([sizeOf(leading), left.shape.at(-1)!]).matmul(right);
      return product.reshape(other.ndim === 1 ? leading : [...leading, right.shape[1]!]);
    }
    const product = apply("matmul", [left, right], {});
    if (this.ndim > 1 && other.ndim > 1) return product;
    const shape = [...product.shape];
    if (other.ndim === 1) shape.splice(-1, 1);
    if (this.ndim === 1) shape.splice(other.ndim === 1 ? -1 : -2, 1);
    return product.reshape(shape);
  }

  /** Product of two matrices. */
  mm(this: Tensor, other: Tensor): Tensor {
    check("mm", this, other, [2, 2], () => this.shape[1] === other.shape[0], "[n, k] and [k, m]");
    return this.matmul(other);
  }

  /** Products of two batches of matrices. */
  bmm(this: Tensor, other: Tensor): Tensor {
    const fits = () => this.shape[0] === other.shape[0] && this.shape[2] === other.shape[1];
    check("bmm", this, other, [3, 3], fits, "[b, n, k] and [b, k, m]");
    return this.matmul(other);
  }

  /** Product of a matrix and a vector. */
  mv(this: Tensor, vector: Tensor): Tensor {
    check("mv", this, vector, [2, 1], () => this.shape[1] === vector.shape[0], "[n, k] and [k]");
    return this.matmul(vector);
  }

  /** Scalar product of two vectors. */
  dot(this: Tensor, other: Tensor): Tensor {
    check("dot", this, other, [1, 1], () => this.shape[0] === other.shape[0], "two vectors of equal length");
    return this.matmul(other);
  }

  /** All products of the elements of two vectors: `[n, m]`. */
  outer(this: Tensor, other: Tensor): Tensor {
    check("outer", this, other, [1, 1], () => true, "two vectors");
    return this.unsqueeze(1).mul(other);
  }
}
