/** Expressions of the kernel IR as WGSL statements. */
import { type DType, isFloat, type Scalar } from "@heddle/tensor";
import { type Kernel, showExpr } from "@heddle/tensor/backend";
import { elementValue } from "@heddle/tensor/engine";
import { floatBits } from "../gpu_context.ts";
import { operations } from "./operations.ts";
import { castValue, valueType, wrapped } from "./wgsl_types.ts";

/** A node of an expression. */
export type Expr = Kernel["expr"];

/** A scalar of an expression: its index among the scalars given, and the dtype it is used in. */
export interface ScalarSlot {
  readonly index: number;
  readonly dtype: DType;
}

/** The scalars of some expressions, without duplicates. */
export function scalarSlots(expressions: readonly Expr[]): ScalarSlot[] {
  const slots: ScalarSlot[] = [];
  const visit = (expr: Expr): void => {
    if (expr.op === "scalar") {
      if (!slots.some(({ index, dtype }) => index === expr.index && dtype === expr.dtype)) slots.push(expr);
    } else if (expr.op !== "input") expr.args.forEach(visit);
  };
  expressions.forEach(visit);
  return slots;
}

/** Operations of hundreds of instructions each. Drivers inline every call, and compile for tenths of a second. */
const long: ReadonlySet<Expr["op"]> = new Set(["igamma", "igammac"]);

/** Whether a kernel should contain the code of an expression only once, in a loop over its elements. */
export function isLong(expr: Expr): boolean {
  return expr.op !== "input" && expr.op !== "scalar" && (long.has(expr.op) || expr.args.some(isLong));
}

/** The fields that hold scalars in the params. */
export function scalarFields(slots: readonly ScalarSlot[]): string[] {
  return slots.map((slot) => `${scalarName(slot)}: ${isFloat(slot.dtype) ? "f32" : "i32"}`);
}

const scalarName = ({ index, dtype }: ScalarSlot): string => `s${index}_${dtype}`;

/** The word that holds a scalar in the params. */
export function scalarWord(value: Scalar, dtype: DType): number {
  const element = Number(elementValue(value, dtype));
  return isFloat(dtype) ? floatBits(element) : element;
}

/** Collects the statements that compute expressions. Common subexpressions are computed once. */
export class StatementBuilder {
  readonly lines: string[] = [];
  private readonly known: Map<string, string> = new Map();
  private readonly input: (index: number, dtype: DType) => string;
  private readonly prefix: string;

  /**
   * @param input returns the code of an input's value.
   * @param prefix of the names that the statements declare.
   */
  constructor(input: (index: number, dtype: DType) => string, prefix = "v") {
    this.input = input;
    this.prefix = prefix;
  }

  /** Adds the statements that compute an expression. Returns the name, or the code, of its value. */
  value(expr: Expr): string {
    const key = showExpr(expr);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const code = this.code(expr);
    const name = `${this.prefix}${this.known.size}`;
    this.lines.push(`let ${name}: ${valueType(expr.dtype)} = ${code};`);
    this.known.set(key, name);
    return name;
  }

  private code(expr: Expr): string {
    if (expr.op === "input") return this.input(expr.index, expr.dtype);
    if (expr.op === "scalar") {
      const name = `p.${scalarName(expr)}`;
      return expr.dtype === "bool" ? `(${name} != 0)` : name;
    }
    const args = expr.args.map((arg) => this.value(arg));
    if (expr.op === "cast") return castValue(args[0]!, expr.args[0]!.dtype, expr.dtype);
    const compute = expr.args.at(-1)!.dtype;
    const code = operations[expr.op](args[0]!, args[1] ?? "", args[2] ?? "", compute);
    return expr.dtype === "bool" ? code : wrapped(expr.dtype, code);
  }
}
