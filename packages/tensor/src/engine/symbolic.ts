/** Symbolic tensors, which trace expressions of element-wise operations. */
import { checkScalar } from "./checks.ts";
import { type DType, resultType, type Scalar } from "../dtype.ts";
import { withinRange } from "./execute/scalar_range.ts";
import { cast, type Expr } from "../ir/kernel.ts";
import { type Elementwise, type ElementwisePrim, elementwiseRows } from "../prims/elementwise.ts";
import { table } from "../prims/table.ts";

/** An operand of a traced expression: an input, a number, or the result of operations. */
export type SymbolicOperand = Symbolic | Scalar;

/** The state of a trace. */
export interface Draft {
  readonly scalars: Scalar[];
}

/** Traces one operation, with the types in the table of primitives. */
function operation(
  name: Exclude<ElementwisePrim, "cast">,
  draft: Draft,
  given: readonly SymbolicOperand[],
): Symbolic {
  const row = table[name];
  const typed = row.condition ? given.slice(1) : given;
  for (const operand of typed) if (!(operand instanceof Symbolic)) checkScalar(name, operand);
  const { compute, result } = row.types(name, resultType(typed));
  const [prim, operands] = withinRange<Symbolic>(name, name, given, compute);
  const args = operands.map((operand, i): Expr => {
    const dtype = row.condition && i === 0 ? "bool" : compute;
    if (operand instanceof Symbolic) return cast(operand.expr, dtype);
    draft.scalars.push(operand);
    return { op: "scalar", index: draft.scalars.length - 1, dtype };
  });
  const ndim = operands.reduce<number>((n, operand) => operand instanceof Symbolic ? Math.max(n, operand.ndim) : n, 0);
  return new Symbolic({ op: prim, args, dtype: result }, ndim, draft);
}

/** A symbolic tensor in a traced expression. It has the element-wise methods of `Tensor`. */
export class Symbolic {
  /** The expression that computes the value. */
  readonly expr: Expr;
  /** The number of dimensions, for promotion: 0-dimensional operands do not decide the dtype. */
  readonly ndim: number;
  private readonly draft: Draft;

  /** Only for {@link fuse} and {@link symbolsOf}. */
  constructor(expr: Expr, ndim: number, draft: Draft) {
    this.expr = expr;
    this.ndim = ndim;
    this.draft = draft;
  }

  /** The dtype of the value. */
  get dtype(): DType {
    return this.expr.dtype;
  }

  /** Applies an element-wise primitive by name, with this tensor as the first operand. */
  apply(prim: Exclude<ElementwisePrim, "cast">, ...others: SymbolicOperand[]): Symbolic {
    return operation(prim, this.draft, [this, ...others]);
  }

  /** Symbolic form of `Tensor.square`. */
  square(): Symbolic {
    return this.apply("mul", this);
  }

  /** Symbolic form of `Tensor.reciprocal`. */
  reciprocal(): Symbolic {
    return operation("div", this.draft, [1, this]);
  }

  /** Symbolic form of `Tensor.rsqrt`. */
  rsqrt(): Symbolic {
    return this.sqrt().reciprocal();
  }
}

/** The methods that are primitives, which the class gets from their table. */
export interface Symbolic extends Elementwise<Symbolic> {}

for (const prim of Object.keys(elementwiseRows) as ElementwisePrim[]) {
  if (prim === "cast" || prim === "where") continue;
  const unary = function (this: Symbolic): Symbolic {
    return this.apply(prim);
  };
  const binary = function (this: Symbolic, other: SymbolicOperand): Symbolic {
    return this.apply(prim, other);
  };
  Object.defineProperty(Symbolic.prototype, prim, { value: elementwiseRows[prim].arity === 1 ? unary : binary });
}

/** `a` where the condition is true, else `b`, in a traced expression. */
export function whereSymbolic(condition: Symbolic, a: SymbolicOperand, b: SymbolicOperand): Symbolic {
  return condition.apply("where", a, b);
}

/** Converts parts of an expression that was traced before to symbolic tensors, to continue the expression. */
export function symbolsOf(scalars: Scalar[]): (expr: Expr) => Symbolic {
  const draft: Draft = { scalars };
  return (expr) => new Symbolic(expr, 1, draft);
}
