/** Expressions of element-wise operations, written down as if on tensors. */
import { checkScalar } from "./checks.ts";
import { type DType, resultType, type Scalar } from "../dtype.ts";
import { withinRange } from "./execute/scalars.ts";
import type { Expr } from "../ir/kernel.ts";
import type { Elementwise, ElementwisePrim } from "../prims/elementwise.ts";
import { table } from "../prims/table.ts";

/** An operand of a fused expression: an input, a number, or what operations made of them. */
export type SymbolicOperand = Symbolic | Scalar;

/** What is gathered while an expression is written down. */
export interface Draft {
  readonly scalars: Scalar[];
}

const cast = (expr: Expr, dtype: DType): Expr => expr.dtype === dtype ? expr : { op: "cast", args: [expr], dtype };

/** Writes down one operation, with the types that the table of primitives gives it. */
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

/** A tensor that is not there yet. Its methods are those of `Tensor` that work element by element. */
export class Symbolic implements Elementwise<Symbolic> {
  readonly expr: Expr;
  /** As of a tensor: operands without dimensions do not decide the dtype. */
  readonly ndim: number;
  private readonly draft: Draft;

  /** What {@link fuse} and {@link symbolsOf} make; not for elsewhere. */
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

  maximum(other: SymbolicOperand): Symbolic {
    return this.apply("maximum", other);
  }

  minimum(other: SymbolicOperand): Symbolic {
    return this.apply("minimum", other);
  }

  eq(other: SymbolicOperand): Symbolic {
    return this.apply("eq", other);
  }

  ne(other: SymbolicOperand): Symbolic {
    return this.apply("ne", other);
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

  logicalOr(other: SymbolicOperand): Symbolic {
    return this.apply("logicalOr", other);
  }

  logicalXor(other: SymbolicOperand): Symbolic {
    return this.apply("logicalXor", other);
  }

  bitwiseAnd(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseAnd", other);
  }

  bitwiseOr(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseOr", other);
  }

  bitwiseXor(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseXor", other);
  }

  bitwiseLeftShift(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseLeftShift", other);
  }

  bitwiseRightShift(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseRightShift", other);
  }

  floorDivide(other: SymbolicOperand): Symbolic {
    return this.apply("floorDivide", other);
  }

  remainder(other: SymbolicOperand): Symbolic {
    return this.apply("remainder", other);
  }

  fmod(other: SymbolicOperand): Symbolic {
    return this.apply("fmod", other);
  }

  pow(other: SymbolicOperand): Symbolic {
    return this.apply("pow", other);
  }

  atan2(other: SymbolicOperand): Symbolic {
    return this.apply("atan2", other);
  }

  logaddexp(other: SymbolicOperand): Symbolic {
    return this.apply("logaddexp", other);
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

  ceil(): Symbolic {
    return this.apply("ceil");
  }

  round(): Symbolic {
    return this.apply("round");
  }

  trunc(): Symbolic {
    return this.apply("trunc");
  }

  sqrt(): Symbolic {
    return this.apply("sqrt");
  }

  relu(): Symbolic {
    return this.apply("relu");
  }

  isnan(): Symbolic {
    return this.apply("isnan");
  }

  logicalNot(): Symbolic {
    return this.apply("logicalNot");
  }

  bitwiseNot(): Symbolic {
    return this.apply("bitwiseNot");
  }

  exp(): Symbolic {
    return this.apply("exp");
  }

  expm1(): Symbolic {
    return this.apply("expm1");
  }

  log(): Symbolic {
    return this.apply("log");
  }

  log2(): Symbolic {
    return this.apply("log2");
  }

  log10(): Symbolic {
    return this.apply("log10");
  }

  log1p(): Symbolic {
    return this.apply("log1p");
  }

  sin(): Symbolic {
    return this.apply("sin");
  }

  cos(): Symbolic {
    return this.apply("cos");
  }

  tan(): Symbolic {
    return this.apply("tan");
  }

  asin(): Symbolic {
    return this.apply("asin");
  }

  acos(): Symbolic {
    return this.apply("acos");
  }

  atan(): Symbolic {
    return this.apply("atan");
  }

  sinh(): Symbolic {
    return this.apply("sinh");
  }

  cosh(): Symbolic {
    return this.apply("cosh");
  }

  tanh(): Symbolic {
    return this.apply("tanh");
  }

  asinh(): Symbolic {
    return this.apply("asinh");
  }

  acosh(): Symbolic {
    return this.apply("acosh");
  }

  atanh(): Symbolic {
    return this.apply("atanh");
  }

  erf(): Symbolic {
    return this.apply("erf");
  }

  erfc(): Symbolic {
    return this.apply("erfc");
  }

  erfinv(): Symbolic {
    return this.apply("erfinv");
  }

  sigmoid(): Symbolic {
    return this.apply("sigmoid");
  }

  sinc(): Symbolic {
    return this.apply("sinc");
  }

  square(): Symbolic {
    return this.apply("mul", this);
  }

  reciprocal(): Symbolic {
    return operation("div", this.draft, [1, this]);
  }

  rsqrt(): Symbolic {
    return this.sqrt().reciprocal();
  }
}

/** `a` where the condition holds, else `b`, in a fused expression. */
export function whereSymbolic(condition: Symbolic, a: SymbolicOperand, b: SymbolicOperand): Symbolic {
  return condition.apply("where", a, b);
}

/** Turns parts of an expression written down before into symbols that a new expression can go on from. */
export function symbolsOf(scalars: Scalar[]): (expr: Expr) => Symbolic {
  const draft: Draft = { scalars };
  return (expr) => new Symbolic(expr, 1, draft);
}
