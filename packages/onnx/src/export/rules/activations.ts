/** Expressions that are one operator in ONNX, recognised by what they compute. */
import type { DType } from "@heddle/tensor";
import type { Expr } from "@heddle/tensor/engine";
import type { Emitter } from "../emitter.ts";
import { type Attributes, float, text } from "../graph.ts";
import { type Size, Varying } from "../sizes.ts";
import type { TracedStepOf, TracedValue } from "../trace.ts";

/** An operator, where the numbers in the expression allow it. */
export interface Activation {
  readonly op: string;
  /** The first opset that has it. */
  readonly since?: number;
  /** The operator's attributes, or null if the numbers are others. */
  readonly attributes: (numbers: readonly number[]) => Attributes | null;
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.abs(b);

/** For an expression whose numbers are fixed. */
const fixed = (wanted: readonly number[], attributes: Attributes = {}) =>
(
  numbers: readonly number[],
): Attributes | null =>
  numbers.length === wanted.length && numbers.every((n, i) => near(n, wanted[i]!) || n === wanted[i])
    ? attributes
    : null;

/** For an expression with one parameter, and then fixed numbers. */
const withAlpha = (wanted: readonly number[]) => ([alpha, ...rest]: readonly number[]) =>
  fixed(wanted, { alpha: float(alpha!) })(rest);

/** By the text of the expression: `i` is the input, `#` a number. */
export const activations: Readonly<Record<string, Activation>> = {
  "where(gt(i,#),i,mul(i,#))": {
    op: "LeakyRelu",
    attributes: ([alpha, zero]) => zero === 0 ? { alpha: float(alpha!) } : null,
  },
  "where(gt(i,#),i,mul(expm1(where(gt(i,#),#,i)),#))": { op: "Elu", attributes: withAlpha([0, 0, 0]) },
  "where(gt(i,#),mul(i,#),mul(expm1(where(gt(i,#),#,i)),#))": {
    op: "Selu",
    attributes: fixed([0, 1.0507009873554805, 0, 0, 1.7580993408473766]),
  },
  "mul(i,mul(add(erf(mul(i,#)),#),#))": {
    op: "Gelu",
    since: 20,
    attributes: fixed([Math.SQRT1_2, 1, 0.5], { approximate: text("none") }),
  },
  "mul(i,mul(add(tanh(mul(add(i,mul(mul(mul(i,i),i),#)),#)),#),#))": {
    op: "Gelu",
    since: 20,
    attributes: fixed([0.044715, Math.sqrt(2 / Math.PI), 1, 0.5], { approximate: text("tanh") }),
  },
  "mul(i,tanh(where(gt(i,#),i,log1p(exp(where(gt(i,#),#,i))))))": {
    op: "Mish",
    since: 18,
    attributes: fixed([20, 20]),
  },
  "where(gt(i,#),i,log1p(exp(where(gt(i,#),#,i))))": { op: "Softplus", attributes: fixed([20]) },
  "div(where(le(add(i,#),#),#,where(ge(add(i,#),#),#,add(i,#))),#)": {
    op: "HardSigmoid",
    attributes: fixed([3, 0, 6, 6, 0, 6], { alpha: float(1 / 6), beta: float(0.5) }),
  },
  "where(gt(i,#),i,div(mul(where(gt(where(lt(i,#),#,i),#),#,where(lt(i,#),#,i)),add(where(gt(where(lt(i,#),#,i),#),#,where(lt(i,#),#,i)),#)),#))":
    { op: "HardSwish", since: 14, attributes: fixed([-3, -3, 3, 3, 3, 3, 6]) },
  "div(i,add(abs(i),#))": { op: "Softsign", attributes: fixed([1]) },
};

function textOf(expr: Expr): string {
  if (expr.op === "input") return expr.index === 0 ? "i" : "other";
  if (expr.op === "scalar") return "#";
  return `${expr.op}(${expr.args.map(textOf).join(",")})`;
}

/** Lower and upper bound: `min(max(x, low), high)` as `Clip`. */
const clip = "where(le(i,#),#,where(ge(i,#),#,i))";

/** The operator for an expression of one input; null if there is none. */
export function activationOf(e: Emitter, { inputs, attrs, outputs }: TracedStepOf<"expression">): string | null {
  const [x] = inputs as readonly TracedValue[];
  if (
    inputs.length !== 1 || x!.dtype !== outputs[0]!.dtype ||
    (attrs.scalars as readonly Size[]).some((s) => s instanceof Varying)
  ) {
    return null;
  }
  const dtype: DType = x!.dtype;
  if (!dtype.includes("float")) return null;
  const expr = withoutCasts(attrs.expr as Expr);
  const numbers = (attrs.scalars as readonly unknown[]).map(Number);
  const written = textOf(expr);
  if (written === clip) {
    return e.node("Clip", [e.of(x!), e.numbers([numbers[0]!], dtype), e.numbers([numbers[1]!], dtype)]);
  }
  const found = activations[written];
  if (found === undefined || e.opset < (found.since ?? 0)) return null;
  const attributes = found.attributes(numbers);
  return attributes && e.node(found.op, [e.of(x!)], attributes);
}

/** Without the casts by which float16 and bfloat16 compute in float32. */
function withoutCasts(expr: Expr): Expr {
  if (expr.op === "input" || expr.op === "scalar") return expr;
  if (expr.op === "cast" && expr.dtype.includes("float") && expr.args[0]!.dtype.includes("float")) {
    return withoutCasts(expr.args[0]!);
  }
  return { ...expr, args: expr.args.map(withoutCasts) };
}
