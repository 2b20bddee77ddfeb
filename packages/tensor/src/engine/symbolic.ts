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
  /** The expression that computes the value. */
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

  /** The dtype of the value. */
  get dtype(): DType {
    return this.expr.dtype;
  }

  /** Any element-wise primitive by name, this being the first operand. */
  apply(prim: Exclude<ElementwisePrim, "cast">, ...others: SymbolicOperand[]): Symbolic {
    return operation(prim, this.draft, [this, ...others]);
  }

  /** Symbolic form of `Tensor.add`. */
  add(other: SymbolicOperand): Symbolic {
    return this.apply("add", other);
  }

  /** Symbolic form of `Tensor.sub`. */
  sub(other: SymbolicOperand): Symbolic {
    return this.apply("sub", other);
  }

  /** Symbolic form of `Tensor.mul`. */
  mul(other: SymbolicOperand): Symbolic {
    return this.apply("mul", other);
  }

  /** Symbolic form of `Tensor.div`. */
  div(other: SymbolicOperand): Symbolic {
    return this.apply("div", other);
  }

  /** Symbolic form of `Tensor.maximum`. */
  maximum(other: SymbolicOperand): Symbolic {
    return this.apply("maximum", other);
  }

  /** Symbolic form of `Tensor.minimum`. */
  minimum(other: SymbolicOperand): Symbolic {
    return this.apply("minimum", other);
  }

  /** Symbolic form of `Tensor.eq`. */
  eq(other: SymbolicOperand): Symbolic {
    return this.apply("eq", other);
  }

  /** Symbolic form of `Tensor.ne`. */
  ne(other: SymbolicOperand): Symbolic {
    return this.apply("ne", other);
  }

  /** Symbolic form of `Tensor.lt`. */
  lt(other: SymbolicOperand): Symbolic {
    return this.apply("lt", other);
  }

  /** Symbolic form of `Tensor.le`. */
  le(other: SymbolicOperand): Symbolic {
    return this.apply("le", other);
  }

  /** Symbolic form of `Tensor.gt`. */
  gt(other: SymbolicOperand): Symbolic {
    return this.apply("gt", other);
  }

  /** Symbolic form of `Tensor.ge`. */
  ge(other: SymbolicOperand): Symbolic {
    return this.apply("ge", other);
  }

  /** Symbolic form of `Tensor.logicalAnd`. */
  logicalAnd(other: SymbolicOperand): Symbolic {
    return this.apply("logicalAnd", other);
  }

  /** Symbolic form of `Tensor.logicalOr`. */
  logicalOr(other: SymbolicOperand): Symbolic {
    return this.apply("logicalOr", other);
  }

  /** Symbolic form of `Tensor.logicalXor`. */
  logicalXor(other: SymbolicOperand): Symbolic {
    return this.apply("logicalXor", other);
  }

  /** Symbolic form of `Tensor.bitwiseAnd`. */
  bitwiseAnd(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseAnd", other);
  }

  /** Symbolic form of `Tensor.bitwiseOr`. */
  bitwiseOr(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseOr", other);
  }

  /** Symbolic form of `Tensor.bitwiseXor`. */
  bitwiseXor(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseXor", other);
  }

  /** Symbolic form of `Tensor.bitwiseLeftShift`. */
  bitwiseLeftShift(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseLeftShift", other);
  }

  /** Symbolic form of `Tensor.bitwiseRightShift`. */
  bitwiseRightShift(other: SymbolicOperand): Symbolic {
    return this.apply("bitwiseRightShift", other);
  }

  /** Symbolic form of `Tensor.floorDivide`. */
  floorDivide(other: SymbolicOperand): Symbolic {
    return this.apply("floorDivide", other);
  }

  /** Symbolic form of `Tensor.remainder`. */
  remainder(other: SymbolicOperand): Symbolic {
    return this.apply("remainder", other);
  }

  /** Symbolic form of `Tensor.fmod`. */
  fmod(other: SymbolicOperand): Symbolic {
    return this.apply("fmod", other);
  }

  /** Symbolic form of `Tensor.pow`. */
  pow(other: SymbolicOperand): Symbolic {
    return this.apply("pow", other);
  }

  /** Symbolic form of `Tensor.atan2`. */
  atan2(other: SymbolicOperand): Symbolic {
    return this.apply("atan2", other);
  }

  /** Symbolic form of `Tensor.logaddexp`. */
  logaddexp(other: SymbolicOperand): Symbolic {
    return this.apply("logaddexp", other);
  }

  /** Symbolic form of `Tensor.neg`. */
  neg(): Symbolic {
    return this.apply("neg");
  }

  /** Symbolic form of `Tensor.abs`. */
  abs(): Symbolic {
    return this.apply("abs");
  }

  /** Symbolic form of `Tensor.sign`. */
  sign(): Symbolic {
    return this.apply("sign");
  }

  /** Symbolic form of `Tensor.floor`. */
  floor(): Symbolic {
    return this.apply("floor");
  }

  /** Symbolic form of `Tensor.ceil`. */
  ceil(): Symbolic {
    return this.apply("ceil");
  }

  /** Symbolic form of `Tensor.round`. */
  round(): Symbolic {
    return this.apply("round");
  }

  /** Symbolic form of `Tensor.trunc`. */
  trunc(): Symbolic {
    return this.apply("trunc");
  }

  /** Symbolic form of `Tensor.sqrt`. */
  sqrt(): Symbolic {
    return this.apply("sqrt");
  }

  /** Symbolic form of `Tensor.relu`. */
  relu(): Symbolic {
    return this.apply("relu");
  }

  /** Symbolic form of `Tensor.isnan`. */
  isnan(): Symbolic {
    return this.apply("isnan");
  }

  /** Symbolic form of `Tensor.logicalNot`. */
  logicalNot(): Symbolic {
    return this.apply("logicalNot");
  }

  /** Symbolic form of `Tensor.bitwiseNot`. */
  bitwiseNot(): Symbolic {
    return this.apply("bitwiseNot");
  }

  /** Symbolic form of `Tensor.exp`. */
  exp(): Symbolic {
    return this.apply("exp");
  }

  /** Symbolic form of `Tensor.expm1`. */
  expm1(): Symbolic {
    return this.apply("expm1");
  }

  /** Symbolic form of `Tensor.log`. */
  log(): Symbolic {
    return this.apply("log");
  }

  /** Symbolic form of `Tensor.log2`. */
  log2(): Symbolic {
    return this.apply("log2");
  }

  /** Symbolic form of `Tensor.log10`. */
  log10(): Symbolic {
    return this.apply("log10");
  }

  /** Symbolic form of `Tensor.log1p`. */
  log1p(): Symbolic {
    return this.apply("log1p");
  }

  /** Symbolic form of `Tensor.sin`. */
  sin(): Symbolic {
    return this.apply("sin");
  }

  /** Symbolic form of `Tensor.cos`. */
  cos(): Symbolic {
    return this.apply("cos");
  }

  /** Symbolic form of `Tensor.tan`. */
  tan(): Symbolic {
    return this.apply("tan");
  }

  /** Symbolic form of `Tensor.asin`. */
  asin(): Symbolic {
    return this.apply("asin");
  }

  /** Symbolic form of `Tensor.acos`. */
  acos(): Symbolic {
    return this.apply("acos");
  }

  /** Symbolic form of `Tensor.atan`. */
  atan(): Symbolic {
    return this.apply("atan");
  }

  /** Symbolic form of `Tensor.sinh`. */
  sinh(): Symbolic {
    return this.apply("sinh");
  }

  /** Symbolic form of `Tensor.cosh`. */
  cosh(): Symbolic {
    return this.apply("cosh");
  }

  /** Symbolic form of `Tensor.tanh`. */
  tanh(): Symbolic {
    return this.apply("tanh");
  }

  /** Symbolic form of `Tensor.asinh`. */
  asinh(): Symbolic {
    return this.apply("asinh");
  }

  /** Symbolic form of `Tensor.acosh`. */
  acosh(): Symbolic {
    return this.apply("acosh");
  }

  /** Symbolic form of `Tensor.atanh`. */
  atanh(): Symbolic {
    return this.apply("atanh");
  }

  /** Symbolic form of `Tensor.erf`. */
  erf(): Symbolic {
    return this.apply("erf");
  }

  /** Symbolic form of `Tensor.erfc`. */
  erfc(): Symbolic {
    return this.apply("erfc");
  }

  /** Symbolic form of `Tensor.erfinv`. */
  erfinv(): Symbolic {
    return this.apply("erfinv");
  }

  /** Symbolic form of `Tensor.sigmoid`. */
  sigmoid(): Symbolic {
    return this.apply("sigmoid");
  }

  /** Symbolic form of `Tensor.sinc`. */
  sinc(): Symbolic {
    return this.apply("sinc");
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

/** `a` where the condition holds, else `b`, in a fused expression. */
export function whereSymbolic(condition: Symbolic, a: SymbolicOperand, b: SymbolicOperand): Symbolic {
  return condition.apply("where", a, b);
}

/** Turns parts of an expression written down before into symbols that a new expression can go on from. */
export function symbolsOf(scalars: Scalar[]): (expr: Expr) => Symbolic {
  const draft: Draft = { scalars };
  return (expr) => new Symbolic(expr, 1, draft);
}
