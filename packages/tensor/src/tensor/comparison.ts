/** Comparison, logic, bits and tests of values. */
import { apply } from "../apply.ts";
import { isFloat } from "../dtype.ts";
import { sameShape } from "../shape.ts";
import type { Operand } from "./core.ts";
import { TensorElementwise } from "./elementwise.ts";
import type { Tensor } from "./tensor.ts";
import { checkOptions } from "../options.ts";

const none = {};

/** How close is close: |a − b| ≤ atol + rtol · |b|. */
export interface CloseOptions {
  /** Relative tolerance, by default 1e-5. */
  readonly rtol?: number;
  /** Absolute tolerance, by default 1e-8. */
  readonly atol?: number;
  /** Whether two NaN are close. */
  readonly equalNan?: boolean;
}

/** Two tensors as floats, and their difference. */
function comparable(x: Tensor, y: Tensor): [a: Tensor, b: Tensor, difference: Tensor] {
  if (isFloat(x.dtype)) return [x, y, x.sub(y)];
  const wide = x.device.backend.supports("float64");
  const [a, b] = wide ? [x.to("float64"), y.to("float64")] : [x.to("float32"), y.to("float32")];
  if (wide || isFloat(y.dtype)) return [a, b, a.sub(b)];
  // A float32 holds 24 bits; the difference of integers of one sign does not overflow.
  const [i, j] = [x.to("int32"), y.to("int32")];
  return [a, b, apply("where", [i.lt(0).eq(j.lt(0)), i.sub(j).to("float32"), a.sub(b)], none)];
}

/** Part of {@link Tensor}: comparisons give bool tensors, operations on bits the dtype they are of. */
export abstract class TensorComparison extends TensorElementwise {
  /** Whether this = other; broadcasts. */
  eq(this: Tensor, other: Operand): Tensor {
    return apply("eq", [this, other], none);
  }

  /** Whether this ≠ other; broadcasts. */
  ne(this: Tensor, other: Operand): Tensor {
    return apply("ne", [this, other], none);
  }

  /** Whether this < other; broadcasts. */
  lt(this: Tensor, other: Operand): Tensor {
    return apply("lt", [this, other], none);
  }

  /** Whether this ≤ other; broadcasts. */
  le(this: Tensor, other: Operand): Tensor {
    return apply("le", [this, other], none);
  }

  /** Whether this > other; broadcasts. */
  gt(this: Tensor, other: Operand): Tensor {
    return apply("gt", [this, other], none);
  }

  /** Whether this ≥ other; broadcasts. */
  ge(this: Tensor, other: Operand): Tensor {
    return apply("ge", [this, other], none);
  }

  /** Whether both differ from zero; broadcasts. */
  logicalAnd(this: Tensor, other: Operand): Tensor {
    return apply("logicalAnd", [this, other], none);
  }

  /** Whether either differs from zero; broadcasts. */
  logicalOr(this: Tensor, other: Operand): Tensor {
    return apply("logicalOr", [this, other], none);
  }

  /** Whether exactly one differs from zero; broadcasts. */
  logicalXor(this: Tensor, other: Operand): Tensor {
    return apply("logicalXor", [this, other], none);
  }

  /** Whether an element is zero. */
  logicalNot(this: Tensor): Tensor {
    return apply("logicalNot", [this], none);
  }

  /** Whether an element is NaN. */
  isnan(this: Tensor): Tensor {
    return apply("isnan", [this], none);
  }

  /** Whether an element is ±infinity. */
  isinf(this: Tensor): Tensor {
    return isFloat(this.dtype) ? this.abs().eq(Infinity) : apply("isnan", [this], none);
  }

  /** Whether an element is neither infinite nor NaN. */
  isfinite(this: Tensor): Tensor {
    return isFloat(this.dtype) ? this.abs().lt(Infinity) : apply("isnan", [this], none).logicalNot();
  }

  /**
   * Element by element, whether two tensors are close (see {@link CloseOptions}); broadcasts. Integers are compared in float64, or
   * where the device lacks that by their exact difference against a tolerance in float32.
   */
  isclose(this: Tensor, other: Tensor, options: CloseOptions = {}): Tensor {
    checkOptions("isclose", options, ["atol", "equalNan", "rtol"]);
    const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
    const [a, b, difference] = comparable(this, other);
    const near = difference.abs().le(b.abs().mul(rtol).add(atol)).logicalAnd(b.isfinite());
    const close = this.eq(other).logicalOr(near);
    return equalNan ? close.logicalOr(a.isnan().logicalAnd(b.isnan())) : close;
  }

  /** Whether all elements are close. */
  allclose(this: Tensor, other: Tensor, options: CloseOptions = {}): boolean {
    return this.isclose(other, options).all().item() === 1;
  }

  /** Whether shape and all elements are the same. */
  equal(this: Tensor, other: Tensor): boolean {
    return sameShape(this.shape, other.shape) && this.eq(other).all().item() === 1;
  }

  /** Bitwise complement of integers; negation of bool. */
  bitwiseNot(this: Tensor): Tensor {
    return apply("bitwiseNot", [this], none);
  }

  /** Bitwise and of integers or bool; broadcasts. */
  bitwiseAnd(this: Tensor, other: Operand): Tensor {
    return apply("bitwiseAnd", [this, other], none);
  }

  /** Bitwise or of integers or bool; broadcasts. */
  bitwiseOr(this: Tensor, other: Operand): Tensor {
    return apply("bitwiseOr", [this, other], none);
  }

  /** Bitwise exclusive or of integers or bool; broadcasts. */
  bitwiseXor(this: Tensor, other: Operand): Tensor {
    return apply("bitwiseXor", [this, other], none);
  }

  /** Bits shifted to the left by `other` places; broadcasts. */
  bitwiseLeftShift(this: Tensor, other: Operand): Tensor {
    return apply("bitwiseLeftShift", [this, other], none);
  }

  /** Bits shifted to the right by `other` places; broadcasts. */
  bitwiseRightShift(this: Tensor, other: Operand): Tensor {
    return apply("bitwiseRightShift", [this, other], none);
  }
}
