/** Several element-wise operations as one kernel, written as if on tensors. */
import { runExpression } from "./apply.ts";
import { type DType, resultType, type Scalar } from "./dtype.ts";
import type { Expr } from "./ir/kernel.ts";
import type { ElementwisePrim } from "./prims/attrs.ts";
import { table } from "./prims/table.ts";
import type { Operand } from "./tensor/core.ts";
import { Tensor } from "./tensor/tensor.ts";

/** An operand of a fused expression: an input, a number, or what operations made of them. */
export type SymbolicOperand = Symbolic | Scalar;

/** What {@link fuse} gathers while the expression is written down. */
interface Draft {
  readonly scalars: Scalar[];
}

const cast = (expr: Expr, dtype: DType): Expr => expr.dtype === dtype ? expr : { op: "cast", args: [expr], dtype };

/** Writes down one operation, with the types that the table of primitives gives it. */
function operation(
  prim: Exclude<ElementwisePrim, "cast">,
  draft: Draft,
  operands: readonly SymbolicOperand[],
): Symbolic {
  const row = table[prim];
  const typed = row.condition ? operands.slice(1) : operands;
  const { compute, result } = row.types(prim, resultType(typed));
  const args = operands.map((operand, i): Expr => {
    const dtype = row.condition && i === 0 ? "bool" : compute;
    if (operand instanceof Symbolic) return cast(operand.expr, dtype);
    draft.scalars.push(operand);
    return { op: "scalar", index: draft.scalars.length - 1, dtype };
  });
  const ndim = operands.reduce<number>((n, operand) => operand instanceof Symbolic ? Math.max(n, operand.ndim) : n, 0);
  return new Symbolic({ op: prim, args, dtype: result }, ndim, draft);
}

/** A tensor that is not there yet. Its methods are those of `Tensor` that work element by element. */
export class Symbolic {
  readonly expr: Expr;
  /** As of a tensor: operands without dimensions do not decide the dtype. */
  readonly ndim: number;
  private readonly draft: Draft;

  constructor(expr: Expr, ndim: number, draft: Draft) {
    this.expr = expr;
    this.ndim = ndim;
    this.draft = draft;
  }

  get dtype(): DType {
    return this.expr.dtype;
  }

  /** Any element-wise primitive by name, this being the first operand. */
  apply(prim: Exclude<ElementwisePrim, "cast">, ...others: SymbolicOperand[]): Symbolic {
    return operation(prim, this.draft, [this, ...others]);
  }

  add(other: SymbolicOperand): Symbolic {
    return this.apply("add", other);
  }

  sub(other: SymbolicOperand): Symbolic {
    return this.apply("sub", other);
  }

  mul(other: SymbolicOperand): Symbolic {
    return this.apply("mul", other);
  }

  div(other: SymbolicOperand): Symbolic {
    return this.apply("div", other);
  }

  pow(other: SymbolicOperand): Symbolic {
    return this.apply("pow", other);
  }

  maximum(other: SymbolicOperand): Symbolic {
    return this.apply("maximum", other);
  }

  eq(other: SymbolicOperand): Symbolic {
    return this.apply("eq", other);
  }

  lt(other: SymbolicOperand): Symbolic {
    return this.apply("lt", other);
  }

  le(other: SymbolicOperand): Symbolic {
    return this.apply("le", other);
  }

  gt(other: SymbolicOperand): Symbolic {
    return this.apply("gt", other);
  }

  ge(other: SymbolicOperand): Symbolic {
    return this.apply("ge", other);
  }

  logicalAnd(other: SymbolicOperand): Symbolic {
    return this.apply("logicalAnd", other);
  }

  neg(): Symbolic {
    return this.apply("neg");
  }

  abs(): Symbolic {
    return this.apply("abs");
  }

  sign(): Symbolic {
    return this.apply("sign");
  }

  floor(): Symbolic {
    return this.apply("floor");
  }

  trunc(): Symbolic {
    return this.apply("trunc");
  }

  exp(): Symbolic {
    return this.apply("exp");
  }

  log(): Symbolic {
    return this.apply("log");
  }

  sin(): Symbolic {
    return this.apply("sin");
  }

  cos(): Symbolic {
    return this.apply("cos");
  }

  sinh(): Symbolic {
    return this.apply("sinh");
  }

  cosh(): Symbolic {
    return this.apply("cosh");
  }

  sqrt(): Symbolic {
    return this.apply("sqrt");
  }

  square(): Symbolic {
    return this.apply("mul", this);
  }

  rsqrt(): Symbolic {
    return operation("div", this.draft, [1, this.sqrt()]);
  }
}

/** `a` where the condition holds, else `b`, in a fused expression. */
export function whereSymbolic(condition: Symbolic, a: SymbolicOperand, b: SymbolicOperand): Symbolic {
  return condition.apply("where", a, b);
}

/**
 * Computes an expression of element-wise operations on broadcast inputs as one kernel, below the tape: nothing is recorded. Results are
 * those of the same operations one by one.
 *
 * @param inputs tensors; and numbers, which take the first tensor's dtype. Numbers may stand in the expression itself, too.
 * @param name of the operation, for errors, `memory()` and `HEDDLE_DEBUG`.
 * @param into the tensor to write; by default a new one. It may be among the inputs.
 *
 * @example
 * ```ts
 * import { fuse, ones, tensor } from "@heddle/tensor";
 * const p = ones([3]);
 * fuse("step", [p, tensor([1, 2, 3])], (p, g) => p.sub(g.mul(0.1)), p);
 * p.toArray(); // about [0.9, 0.8, 0.7]
 * ```
 */
export function fuse(
  name: string,
  inputs: readonly Operand[],
  write: (...inputs: Symbolic[]) => Symbolic,
  into: Tensor | null = null,
): Tensor {
  const draft: Draft = { scalars: [] };
  const tensors = inputs.filter((input) => input instanceof Tensor);
  const first = tensors[0];
  if (first === undefined) throw new TypeError(`${name}: none of the inputs is a tensor; give at least one`);
  for (const tensor of tensors) if (tensor.isDisposed) throw tensor.freedError(name);
  const symbols = inputs.map((input) => {
    if (input instanceof Tensor) {
      return new Symbolic({ op: "input", index: tensors.indexOf(input), dtype: input.dtype }, input.ndim, draft);
    }
    draft.scalars.push(input);
    return new Symbolic({ op: "scalar", index: draft.scalars.length - 1, dtype: first.dtype }, 0, draft);
  });
  return runExpression(name, tensors, draft.scalars, write(...symbols).expr, into);
}
