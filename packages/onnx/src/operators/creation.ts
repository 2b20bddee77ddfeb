/** Operators that make tensors: constants, ranges, random numbers. */
import { arange, bernoulli, eye, fromTypedArray, multinomial, rand, randn, type Tensor, tensor } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { castTarget } from "./elementwise.ts";
import { hostDevice } from "./host.ts";
import { float, floats, int, ints, type Operator, type Operators, required, tensorAttribute } from "./operator.ts";

/** The numbers of a node `Constant`, where it has no tensor. */
function constant(c: Call): Tensor {
  const value = c.tensorAttribute("value");
  if (value !== undefined) return value;
  const device = hostDevice();
  if (c.hasAttribute("value_int")) return c.hostInts([c.num("value_int")]).reshape([]);
  if (c.hasAttribute("value_ints")) return c.hostInts(c.list("value_ints")!);
  if (c.hasAttribute("value_float")) return tensor(c.num("value_float"), { device });
  if (c.hasAttribute("value_floats")) {
    const values = Float32Array.from(c.list("value_floats")!);
    return fromTypedArray(values, [values.length], { device });
  }
  return c.fail("it has no value");
}

function constantOfShape(c: Call): Tensor {
  const shape = c.numbers(0);
  const value = c.tensorAttribute("value");
  if (value === undefined) return c.full(shape, 0, "float32");
  return c.full(shape, value.dtype === "bool" ? value.item() === 1 : value.item(), value.dtype);
}

function range(c: Call): Tensor {
  const [start, limit, step] = [c.number(0), c.number(1), c.number(2)];
  const count = Math.max(0, Math.ceil((limit - start) / step));
  const device = c.place([count]);
  return arange(count, { dtype: c.dtypeHere(c.raw(0).dtype), device }).mul(step).add(start).to(
    c.dtypeHere(c.raw(0).dtype),
  );
}

function eyeLike(c: Call): Tensor {
  const x = c.raw(0);
  const [rows, columns] = x.shape as [number, number];
  const dtype = c.dtypeHere(c.hasAttribute("dtype") ? castTarget(c, c.num("dtype")) : x.dtype);
  const device = c.place([rows, columns]);
  const k = c.num("k");
  const ones = eye(rows + Math.abs(k), columns + Math.abs(k), { device });
  return ones.narrow(0, Math.max(0, k), rows).narrow(1, Math.max(0, -k), columns).to(dtype);
}

const floatDType = (c: Call, like?: Tensor): Tensor["dtype"] =>
  c.hasAttribute("dtype") ? castTarget(c, c.num("dtype")) : like?.dtype ?? "float32";

function random(kind: "normal" | "uniform", shape: (c: Call) => readonly number[], like: boolean): Operator {
  const normal = kind === "normal";
  return {
    inputs: like ? [1, 1] : [0, 0],
    impure: true,
    attributes: {
      dtype: int(),
      seed: float(),
      ...normal ? { mean: float(0), scale: float(1) } : { low: float(0), high: float(1) },
      ...!like && { shape: required(ints()) },
    },
    note: "by Heddle's generator; `seed` is not read",
    run(c) {
      const sizes = shape(c);
      c.place(sizes);
      const device = c.runner.device;
      const dtype = floatDType(c, like ? c.raw(0) : undefined);
      return normal
        ? randn([...sizes], { device }).mul(c.num("scale")).add(c.num("mean")).to(dtype)
        : rand([...sizes], { device }).mul(c.num("high") - c.num("low")).add(c.num("low")).to(dtype);
    },
  };
}

const ownShape = (c: Call): readonly number[] => c.list("shape")!;
const inputShape = (c: Call): readonly number[] => c.raw(0).shape;

/** The operators that make tensors. */
export const creation: Operators = {
  Constant: {
    1: {
      inputs: [0, 0],
      attributes: {
        value: tensorAttribute,
        value_float: float(),
        value_floats: floats(),
        value_int: int(),
        value_ints: ints(),
      },
      run: constant,
    },
  },
  ConstantOfShape: {
    9: { inputs: [1, 1], attributes: { value: tensorAttribute }, numbers: [0], run: constantOfShape },
  },
  Range: { 11: { inputs: [3, 3], numbers: [0, 1, 2], run: range } },
  EyeLike: { 9: { inputs: [1, 1], attributes: { dtype: int(), k: int(0) }, run: eyeLike } },
  RandomNormal: { 1: random("normal", ownShape, false) },
  RandomNormalLike: { 1: random("normal", inputShape, true) },
  RandomUniform: { 1: random("uniform", ownShape, false) },
  RandomUniformLike: { 1: random("uniform", inputShape, true) },
  Bernoulli: {
    15: {
      inputs: [1, 1],
      impure: true,
      attributes: { dtype: int(), seed: float() },
      run: (c) => bernoulli(c.tensor(0)).to(c.dtypeHere(floatDType(c, c.raw(0)))),
    },
  },
  Multinomial: {
    7: {
      inputs: [1, 1],
      impure: true,
      attributes: { dtype: int(6), sample_size: int(1), seed: float() },
      run: (c) =>
        multinomial(c.tensor(0).softmax(-1), c.num("sample_size"), { replacement: true })
          .to(c.dtypeHere(castTarget(c, c.num("dtype")))),
    },
  },
};
