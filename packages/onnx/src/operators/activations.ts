/** Activation functions, and those along an axis: softmax and the like. */
import { functional as F } from "@heddle/nn";
import { oneHot, type Symbolic, type Tensor, whereSymbolic } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { isSymbol } from "./elementwise.ts";
import { isConstant } from "./host.ts";
import { float, int, type Operator, type Operators, type Point, string } from "./operator.ts";
import { Outputs } from "./value.ts";

/** An activation with numbers as attributes. */
const activation = (
  numbers: Readonly<Record<string, number>>,
  run: (x: Tensor, ...numbers: number[]) => Tensor,
): Operator => ({
  inputs: [1, 1],
  attributes: Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, float(value)])),
  run: (c) => run(c.tensor(0), ...Object.keys(numbers).map((name) => c.num(name))),
});

/** From operator set 13 on along one axis, before over all dimensions from the axis on as if they were one. */
function alongAxis(run: (x: Tensor, axis: number) => Tensor): Operators[string] {
  return {
    1: {
      inputs: [1, 1],
      attributes: { axis: int(1) },
      run(c) {
        const x = c.tensor(0);
        const axis = c.num("axis") === x.ndim ? x.ndim : c.axis(c.num("axis"), x.ndim);
        if (axis === x.ndim - 1) return run(x, axis);
        const rows = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
        return run(x.reshape([rows, x.shape.slice(axis).reduce((a, b) => a * b, 1)]), 1).reshape(x.shape);
      },
    },
    13: {
      inputs: [1, 1],
      attributes: { axis: int(-1) },
      run: (c) => run(c.tensor(0), c.axis(c.num("axis"), c.raw(0).ndim)),
    },
  };
}

/** Ones at the largest elements, zeros elsewhere. */
function hardmax(x: Tensor, axis: number): Tensor {
  return oneHot(x.argmax(axis), x.shape[axis]!).movedim(-1, axis).to(x.dtype);
}

/** Elements within bounds; a bound may be missing. */
function clamp(x: Tensor, min: Tensor | number | undefined, max: Tensor | number | undefined): Tensor {
  if (min === undefined && max === undefined) return x;
  return x.clamp({ ...min !== undefined && { min }, ...max !== undefined && { max } });
}

const clip = (c: Call): Tensor => {
  const x = c.tensor(0);
  return clamp(x, c.has(1) ? c.operand(1, x) : undefined, c.has(2) ? c.operand(2, x) : undefined);
};

/** {@link clamp} in an expression: as there, the slope at a bound is 1. */
function clampPoint([x, min, max]: readonly Point[]): Symbolic | null {
  if (!isSymbol(x) || isSymbol(min) || isSymbol(max)) return null;
  const raised = min === undefined ? x : whereSymbolic(x.lt(min), min, x);
  return max === undefined ? raised : whereSymbolic(raised.gt(max), max, raised);
}

/** The slope of `PRelu` is broadcast to the input. */
function prelu(c: Call): Tensor {
  const x = c.tensor(0);
  return x.clamp({ min: 0 }).add(x.clamp({ max: 0 }).mul(c.tensor(1)));
}

function shrink(x: Tensor, bias: number, lambd: number): Tensor {
  const outside = x.sub(x.sign().mul(bias));
  return outside.where(x.abs().gt(lambd), 0).to(x.dtype);
}

/** Dropout is active in training mode only; its mask is then made by Heddle's generator. */
function dropout(c: Call, ratio: number, training: boolean): Outputs {
  const x = c.tensor(0);
  if (!training || ratio === 0) {
    return new Outputs([x, c.wants(1) ? c.full(x.shape, true, "bool") : null]);
  }
  if (!c.wants(1)) return new Outputs([F.dropout(x, ratio, { training: true })]);
  const mask = c.full(x.shape, 1, "float32").bernoulli_(1 - ratio).to("bool");
  return new Outputs([x.mul(mask.to(x.dtype)).div(1 - ratio), mask]);
}

/** Whether an input of the model, and no constant of the file, turns dropout on. */
const isAskedFor = (c: Call): boolean => c.has(2) && !isConstant(c.raw(2)) && c.number(2) === 1;

const dropoutByAttribute: Operator = {
  inputs: [1, 1],
  outputs: 2,
  impure: true,
  attributes: { ratio: float(0.5) },
  note: "active in training mode",
  run: (c) => dropout(c, c.num("ratio"), c.training),
};

/** The activations. */
export const activations: Operators = {
  Celu: { 12: activation({ alpha: 1 }, (x, alpha) => F.celu(x, alpha)) },
  Clip: {
    6: {
      inputs: [1, 1],
      attributes: { min: float(), max: float() },
      run: (c) =>
        clamp(c.tensor(0), ...["min", "max"].map((n) => c.hasAttribute(n) ? c.num(n) : undefined) as [number, number]),
      pointwise: ([x], { min, max }) => clampPoint([x, min as number | undefined, max as number | undefined]),
    },
    11: { inputs: [1, 3], run: clip, pointwise: clampPoint },
  },
  Dropout: {
    7: dropoutByAttribute,
    12: {
      inputs: [1, 3],
      outputs: 2,
      impure: true,
      attributes: { seed: int() },
      numbers: [1, 2],
      note: "active in training mode",
      run: (c) => dropout(c, c.number(1, 0.5), c.training || isAskedFor(c)),
    },
  },
  Elu: { 6: activation({ alpha: 1 }, (x, alpha) => F.elu(x, alpha)) },
  Gelu: {
    20: {
      inputs: [1, 1],
      attributes: { approximate: string("none", ["none", "tanh"]) },
      run: (c) => F.gelu(c.tensor(0), { approximate: c.text("approximate") as "none" | "tanh" }),
    },
  },
  HardSigmoid: {
    6: {
      ...activation({ alpha: 0.2, beta: 0.5 }, (x, alpha, beta) => x.mul(alpha!).add(beta!).clamp({ min: 0, max: 1 })),
      pointwise: ([x], { alpha, beta }) =>
        isSymbol(x) ? clampPoint([x.mul(alpha as number).add(beta as number), 0, 1]) : null,
    },
  },
  HardSwish: { 14: { inputs: [1, 1], run: (c) => F.hardswish(c.tensor(0)) } },
  LeakyRelu: { 6: activation({ alpha: 0.01 }, (x, alpha) => F.leakyRelu(x, alpha)) },
  Mish: { 18: { inputs: [1, 1], run: (c) => F.mish(c.tensor(0)) } },
  PRelu: { 7: { inputs: [2, 2], weights: [1], run: prelu } },
  Relu: { 6: { inputs: [1, 1], run: (c) => c.tensor(0).relu(), pointwise: ([x]) => isSymbol(x) ? x.relu() : null } },
  Selu: {
    6: activation(
      { alpha: 1.6732632423543772, gamma: 1.0507009873554805 },
      (x, alpha, gamma) => F.elu(x, alpha).mul(gamma!),
    ),
  },
  Shrink: { 9: activation({ bias: 0, lambd: 0.5 }, (x, bias, lambd) => shrink(x, bias!, lambd!)) },
  Softplus: { 1: { inputs: [1, 1], run: (c) => F.softplus(c.tensor(0)) } },
  Softsign: { 1: { inputs: [1, 1], run: (c) => F.softsign(c.tensor(0)) } },
  ThresholdedRelu: { 10: activation({ alpha: 1 }, (x, alpha) => F.threshold(x, alpha!, 0)) },

  Softmax: alongAxis((x, axis) => x.softmax(axis)),
  LogSoftmax: alongAxis((x, axis) => x.logSoftmax(axis)),
  Hardmax: alongAxis(hardmax),
};
