import { noGrad } from "@heddle/autograd";
import * as nn from "@heddle/nn";
import { arange, cat, memory, ones, rand, randn, stack, type Tensor, tensor, where, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { importOnnx } from "../mod.ts";
import { readModel } from "../proto.ts";
import { exportOnnx, type ExportOptions } from "./export_onnx.ts";

type Fn = (...inputs: Tensor[]) => unknown;

/** The operators of an exported function, in order. */
async function operatorsOf(fn: Fn, inputs: Tensor | Tensor[], options?: ExportOptions): Promise<string[]> {
  const { graph } = readModel(await exportOnnx(fn, inputs, options));
  return graph!.node.map(({ opType }) => opType);
}

/** What an exported function of one input returns after it was imported, for an input. */
async function again(fn: Fn, example: Tensor, options: ExportOptions = {}, input = example): Promise<unknown> {
  const model = await importOnnx(await exportOnnx(fn, example, options));
  return (noGrad(() => model.forward(input)) as Tensor).toArray();
}

const dynamic: ExportOptions = { dynamicAxes: { input: { 0: "n" } } };

describe("exportOnnx", () => {
  test("folds what does not depend on the inputs, and shares and drops constants and nodes", async () => {
    const scale = ones([3]);
    const fn = (x: Tensor) => {
      x.exp().sum();
      return x.mul(scale.add(1).mul(2)).add(scale.mul(4));
    };
    const { graph } = readModel(await exportOnnx(fn, zeros([2, 3])));
    expect(graph!.node.map(({ opType }) => opType)).toEqual(["Mul", "Add"]);
    expect(graph!.initializer).toHaveLength(1);
  });

  test("constants are no parameters when the file is imported; what is computed from parameters is", async () => {
    const parameter = new nn.Linear(4, 3).weight;
    class Scaled extends nn.Module {
      readonly weight = new nn.Parameter(parameter.detach().clone());
      forward(x: Tensor): Tensor {
        return x.matmul(this.weight.mul(2).t()).add(arange(3).add(1)).matmul(ones([3, 2]));
      }
    }
    const x = ones([2, 4]);
    const model = await importOnnx(await exportOnnx(new Scaled(), x));
    expect(model.namedParameters().map(([, { shape }]) => shape)).toEqual([[3, 4]]);
    expect(model.namedParameters()[0]![0]).toMatch(/^weight_/);
    const plain = await importOnnx(await exportOnnx((x: Tensor) => x.matmul(parameter.t()), x));
    expect(plain.parameters()).toHaveLength(1);
  });

  test("names inputs, outputs, axes and the graph", async () => {
    const options: ExportOptions = {
      inputNames: ["a", "b"],
      outputNames: ["sum", "product"],
      dynamicAxes: { a: { 0: "rows" }, b: { 0: "rows" } },
      name: "both",
      documentation: "adds and multiplies",
      metadata: { license: "MIT" },
      opset: 15,
    };
    const model = readModel(await exportOnnx((a, b) => [a.add(b), a.mul(b)], [ones([2, 3]), ones([2, 3])], options));
    const { graph } = model;
    const ports = [...graph!.input, ...graph!.output].map(({ name, type }) => {
      const tensorType = type!.value.value as { shape?: { dim: { value: { value?: unknown } }[] } };
      return [name, tensorType.shape!.dim.map(({ value }) => value.value)];
    });
    expect(ports).toEqual([
      ["a", ["rows", 3n]],
      ["b", ["rows", 3n]],
      ["sum", ["rows", 3n]],
      ["product", ["rows", 3n]],
    ]);
    expect([graph!.name, model.docString, model.producerName, model.opsetImport[0]!.version]).toEqual([
      "both",
      "adds and multiplies",
      "heddle",
      15n,
    ]);
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([["license", "MIT"]]);
  });

  test("an output may be an input, a constant, or another output", async () => {
    const twice = (x: Tensor) => {
      const y = x.add(1);
      return [y, y, x, ones([2])];
    };
    const model = await importOnnx(await exportOnnx(twice, ones([2])));
    const returned = model.forward({ input: tensor([3, 4]) }) as unknown as Record<string, Tensor>;
    expect(Object.values(returned).map((x) => x.toArray())).toEqual([[4, 5], [4, 5], [3, 4], [1, 1]]);
  });

  test("restores the modes of modules, and frees what it made", async () => {
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Dropout(0.5), new nn.BatchNorm1d(2));
    model.modules()[2]!.eval();
    const x = ones([2, 2]);
    await exportOnnx(model, x); // what evaluation keeps of the parameters stays
    const before = memory().storages;
    const operators = readModel(await exportOnnx(model, x)).graph!.node.map(({ opType }) => opType);
    expect(operators).toEqual(["Gemm", "BatchNormalization"]);
    expect(model.modules().map(({ training }) => training)).toEqual([true, true, false, true]);
    expect(memory().storages).toBe(before);
  });

  test("in training mode uses the batch's statistics, and leaves the running ones", async () => {
    const model = new nn.BatchNorm1d(2);
    const x = tensor([[1, 2], [3, 8], [5, 0]]);
    const exported = await importOnnx(await exportOnnx(model, x, { training: true }));
    const mean = exported.forward(x).mean(0).abs().amax().item();
    expect(mean).toBeLessThan(1e-6);
    expect(model.runningMean!.toArray()).toEqual([0, 0]);
  });

  test.each<[name: string, fn: Fn, operators: string]>([
    ["relu", (x) => x.relu(), "Relu"],
    ["relu6", (x) => nn.functional.relu6(x), "Clip"],
    ["leakyRelu", (x) => nn.functional.leakyRelu(x, 0.2), "LeakyRelu"],
    ["elu", (x) => nn.functional.elu(x), "Elu"],
    ["selu", (x) => nn.functional.selu(x), "Selu"],
    ["softplus", (x) => nn.functional.softplus(x), "Softplus"],
    ["hardsigmoid", (x) => nn.functional.hardsigmoid(x), "HardSigmoid"],
    ["hardswish", (x) => nn.functional.hardswish(x), "HardSwish"],
    ["softsign", (x) => nn.functional.softsign(x), "Softsign"],
    ["mean", (x) => x.mean(1), "ReduceMean"],
    ["topk", (x) => x.topk(2).values, "TopK"],
    ["embedding", (x) => nn.functional.embedding(x.to("int32"), ones([4, 2])), "Cast, Gather"],
    [
      "linear over rows",
      (x) => nn.functional.linear(stack([x, x]), ones([4, 3]), ones([4])),
      "Concat, Transpose, MatMul, Add",
    ],
    ["groupNorm", (x) => nn.functional.groupNorm(x.reshape(1, 2, 3), 2), "LayerNormalization"],
    ["upsampling", (x) => nn.functional.interpolate(x.reshape(1, 1, 6), { scaleFactor: 2, mode: "linear" }), "Resize"],
  ])("%s", async (_, fn, wanted) => {
    const operators = await operatorsOf(fn, tensor([[1, 0, 2], [3, 1, 0]]));
    expect(operators.filter((name) => name !== "Reshape").join(", ")).toBe(wanted);
  });

  test("newer operators with newer opsets", async () => {
    const gelu = (x: Tensor) => nn.functional.gelu(x);
    expect(await operatorsOf(gelu, ones([2]), { opset: 20 })).toEqual(["Gelu"]);
    expect(await operatorsOf(gelu, ones([2]))).toEqual(["Mul", "Erf", "Add", "Mul", "Mul"]);
    const norm = (x: Tensor) => nn.functional.layerNorm(x, [3]);
    expect(await operatorsOf(norm, ones([2, 3]))).toEqual(["LayerNormalization"]);
    expect(await operatorsOf(norm, ones([2, 3]), { opset: 16 })).not.toContain("LayerNormalization");
  });

  test("writes to views become new values", async () => {
    const fn = (x: Tensor) => {
      const y = x.clone();
      y.select(0, 1).mul_(10);
      y.narrow(1, 0, 2).add_(1);
      y.t().at("::2").zero_();
      y.diagonal().fill_(-1);
      return y;
    };
    const x = tensor([[1, 2, 3], [4, 5, 6]]);
    expect(await again(fn, x)).toEqual(fn(x).toArray());
  });

  test("expanded, strided and flipped views", async () => {
    const fn = (x: Tensor) => cat([x.t().at("::2").expand([2, 2, 2]).select(0, 1), x.flip(1).narrow(1, 0, 2)], 1);
    const x = tensor([[1, 2, 3], [4, 5, 6]]);
    expect(await again(fn, x)).toEqual(fn(x).toArray());
  });
});

/** A matrix of two values, parted at a diagonal, from the host. */
function causal(x: Tensor, k: number, above: number | boolean, below: number | boolean = 0): Tensor {
  const places = Array.from({ length: x.shape[0]! }, (_, i) => i);
  return tensor(places.map((i) => places.map((j) => j - i > k ? above : below)) as number[][]);
}

describe("dynamic axes", () => {
  test.each<[string, Fn]>([
    ["reshape", (x) => x.reshape(-1, 2)],
    ["two sizes", (x) => x.unsqueeze(1).expand([x.shape[0]!, x.shape[0]!, 4]).reshape(x.shape[0]! * x.shape[0]!, 4)],
    ["a constant of zeros", (x) => cat([x, zeros([x.shape[0]!, 1])], 1)],
    ["zeros that the host made", (x) => cat([x, tensor(Array.from({ length: x.shape[0]! }, () => [0]))], 1)],
    ["a vector of zeros that the host made", (x) => x.sum(1).sub(tensor(Array<number>(x.shape[0]!).fill(0)))],
    ["infinities that the host made", (x) => x.minimum(tensor(Array.from({ length: x.shape[0]! }, () => [Infinity])))],
    ["a mask that the host made", (x) => where(tensor(Array.from({ length: x.shape[0]! }, () => [true])), x, x.neg())],
    ...([-1, 0, 1] as const).flatMap((k) =>
      [
        [`a float mask that the host made, from diagonal ${k}`, (x: Tensor) => x.matmul(x.t()).add(causal(x, k, -9))],
        [`a bool mask that the host made, from diagonal ${k}`, (x: Tensor) => {
          const square = x.matmul(x.t());
          return where(causal(x, k, true, false), square, square.neg());
        }],
      ] as [string, Fn][]
    ),
    ["positions", (x) => x.add(arange(x.shape[0]!).unsqueeze(1))],
    ["the mean", (x) => x.mean(0)],
    ["a size as a factor", (x) => x.mul(x.shape[0]!).div(x.shape[0]! + 1)],
    ["a size as a tensor", (x) => x.sub(tensor([x.shape[0]!]))],
    ["the last row", (x) => x.select(0, -1)],
    ["all but the first", (x) => x.narrow(0, 1, x.shape[0]! - 1)],
    ["the lower triangle", (x) => x.matmul(x.t()).tril()],
    ["padding", (x) => nn.functional.pad(x, [1, 0, 0, 2])],
    ["repeat", (x) => x.repeat([2, 1])],
    ["a write to a row", (x) => {
      const y = x.clone();
      y.select(0, 0).zero_();
      return y;
    }],
  ])("%s", async (_, fn) => {
    const [example, other] = [arange(12).reshape(3, 4), arange(20).reshape(5, 4)];
    expect(await again(fn, example, dynamic, other)).toEqual((fn(other) as Tensor).toArray());
  });

  const lstm = new nn.LSTM(4, 8, { batchFirst: true });
  test.each<[name: string, fn: Fn, rest: number[]]>([
    ["a batch-first recurrent layer", (x) => lstm.forward(x)[0], [5, 4]],
    ["a contiguous copy", (x) => x.transpose(0, 1).contiguous(), [5, 4]],
    ["a reshape that copies", (x) => x.transpose(0, 1).reshape(3, -1), [3]],
    ["an expanded constant", (x) => x.add(ones([1, 3]).expand(x.shape[0]!, 3)), [3]],
  ])("an example of size 1 stands for all sizes: %s", async (_, fn, rest) => {
    const bytes = await exportOnnx(fn, zeros([1, ...rest]), dynamic);
    const exported = await importOnnx(bytes);
    const [port] = readModel(bytes).graph!.output;
    const { shape } = port!.type!.value.value as { shape: { dim: { value: { case: string } }[] } };
    expect(shape.dim.some((dim) => dim.value.case === "dimParam")).toBe(true);
    for (const batch of [1, 3]) {
      const x = randn([batch, ...rest]);
      const [found, wanted] = noGrad(() => [exported.forward(x) as Tensor, fn(x) as Tensor]);
      expect(found!.shape).toEqual(wanted!.shape);
      expect(found!.sub(wanted!).abs().amax().item()).toBeLessThan(1e-6);
    }
  });

  test("an example of size 1 leaves other sizes as they are", async () => {
    const fn = (x: Tensor) => x.sum(1).add(x.shape[1]!);
    const { graph } = readModel(await exportOnnx(fn, zeros([1, 1, 4]), dynamic));
    const [port] = graph!.output;
    const { shape } = port!.type!.value.value as { shape: { dim: { value: { value: unknown } }[] } };
    expect(shape.dim.map(({ value }) => value.value)).toEqual(["n", 4n]);
    expect(await again(fn, zeros([1, 1, 4]), dynamic, ones([2, 1, 4]))).toEqual([[2, 2, 2, 2], [2, 2, 2, 2]]);
  });

  test("a model that takes size 1 alone says so, and a model that takes nothing has its own error", async () => {
    await expect(exportOnnx((x) => x.reshape(1, 3), ones([1, 3]), dynamic)).rejects.toThrow(
      /^exportOnnx: the model fails for inputs of other sizes along "n" \(1\): reshape: .*; leave out a dynamic axis$/,
    );
    await expect(exportOnnx((x) => x.reshape(7, 3), ones([1, 3]), dynamic)).rejects.toThrow(
      /^reshape: cannot give a tensor of shape \[1, 3\]/,
    );
  });

  test("a model that takes no longer input than the example is run with shorter ones", async () => {
    const table = randn([5, 2]);
    const fn = (x: Tensor) => x.add(table.narrow(0, 0, x.shape[0]!));
    const x = ones([3, 2]);
    expect(await again(fn, ones([4, 2]), dynamic, x)).toEqual(fn(x).toArray());
  });

  test("the tensors of the runs are freed", async () => {
    const x = ones([2, 2]);
    const before = memory().storages;
    await exportOnnx((x) => x.mul(2), x, dynamic);
    expect(memory().storages).toBe(before);
  });

  test("a size that only a loop could follow is an error that names the operation", async () => {
    const unrolled = (x: Tensor) => x.unbind(0).reduce((a, b) => a.tanh().add(b));
    await expect(exportOnnx(unrolled, ones([3, 2]), dynamic)).rejects.toThrow(
      /^exportOnnx: the model runs other operations for inputs of other sizes/,
    );
    const looped = (x: Tensor) => {
      for (let i = 0; i < x.shape[0]!; i++) x = x.add(zeros([4, 1, 2])).sum(0);
      return x;
    };
    await expect(exportOnnx(looped, ones([3, 2]), dynamic)).rejects.toThrow(
      /operation 9 is nothing, then "zeros" of \[4, 1, 2\]; leave out the dynamic axis that decides this, or write/,
    );
    await expect(exportOnnx(unrolled, ones([3, 2]))).resolves.toBeInstanceOf(Uint8Array);
  });

  test("a constant that the host made of a size is an error that says so", async () => {
    const fn = (x: Tensor) => x.mul(tensor(Array.from({ length: x.shape[0]! }, (_, i) => [i * i])));
    await expect(exportOnnx(fn, ones([3, 2]), dynamic)).rejects.toThrow(
      /^exportOnnx: "mul": a constant of float32 and shape \[3 \/ 4 \/ 6, 1\] was made on the host from the inputs' sizes, and would freeze/,
    );
  });

  test("inputs that share a size need one name for it, and the error says so", async () => {
    const fn = (a: Tensor, b: Tensor) => a.mul(b);
    const inputs = [ones([3, 2]), ones([3, 2])];
    await expect(exportOnnx(fn, inputs, { dynamicAxes: { input_0: [0], input_1: [0] } })).rejects.toThrow(
      /; give axes that must have one size one name in dynamicAxes, or leave out a dynamic axis/,
    );
    const dynamicAxes = { input_0: { 0: "n" }, input_1: { 0: "n" } };
    await expect(exportOnnx(fn, inputs, { dynamicAxes })).resolves.toBeInstanceOf(Uint8Array);
  });

  test("a model that fails for other sizes says for which axis", async () => {
    const fn = (x: Tensor) => x.reshape(3, 2);
    await expect(exportOnnx(fn, ones([3, 2]), dynamic)).rejects.toThrow(
      /^exportOnnx: the model fails for inputs of other sizes along "n" \(3\): reshape/,
    );
  });
});

describe("what is refused", () => {
  test.each<[string, Fn, RegExp]>([
    [
      "item()",
      (x) => x.mul(x.sum().item()),
      /^exportOnnx: toTypedArray: the values of a float32 tensor of shape \[\] are read/,
    ],
    ["random numbers", (x) => x.add(rand([3])), /^exportOnnx: "random": random numbers are drawn/],
    ["dropout in training", (x) => nn.functional.dropout(x, 0.5, { training: true }), /random numbers are drawn/],
    [
      "operators that are missing",
      (x) => x.lgamma(),
      /^exportOnnx: "lgamma": ONNX has no operator for the logarithm of the gamma/,
    ],
    [
      "sizes that depend on values",
      (x) => x.maskedSelect(x.gt(0)),
      /^exportOnnx: toTypedArray: the values of a bool tensor/,
    ],
    ["promises", async (x) => await x, /returned a promise/],
    ["no tensors", () => 3, /returned no tensor/],
  ])("%s", async (_, fn, message) => {
    await expect(exportOnnx(fn, ones([3]))).rejects.toThrow(message);
  });

  test("what the outputs do not need is not", async () => {
    const fn = (x: Tensor) => {
      x.lgamma();
      return where(x.gt(0), x, x.neg());
    };
    expect(await operatorsOf(fn, randn([3]))).toEqual(["Greater", "Neg", "Where"]);
  });

  test.each<[string, unknown[], RegExp]>([
    ["a model that is none", [{}, ones([1])], /the first argument is the model/],
    ["inputs that are none", [(x: Tensor) => x, [1]], /element 0 is no tensor/],
    ["no inputs", [(x: Tensor) => x, []], /an array of at least one; the array is empty; give/],
    ["a missing input", [(x: Tensor) => x], /the second argument is an example .*; it is missing; give tensors/],
    ["an input that is none", [(x: Tensor) => x, {}], /the second argument is an example .*; it is no tensor; give/],
    [
      "an example without elements",
      [(x: Tensor) => x, zeros([0, 2]), { dynamicAxes: { input: [0] } }],
      /dimension 0 of "input" is dynamic, but its size in the example is 0; give an example with elements/,
    ],
    ["an unknown option", [(x: Tensor) => x, ones([1]), { opsets: 17 }], /opsets/],
    ["an opset", [(x: Tensor) => x, ones([1]), { opset: 12 }], /opset is 12; supported are 13 to 21/],
    ["names", [(x: Tensor) => x, ones([1]), { inputNames: ["a", "b"] }], /expected 1 different names/],
    [
      "an unknown input",
      [(x: Tensor) => x, ones([1]), { dynamicAxes: { x: [0] } }],
      /names "x", but the inputs are input/,
    ],
    ["an unknown dimension", [(x: Tensor) => x, ones([1]), { dynamicAxes: { input: [1] } }], /dimension 1 of "input"/],
  ])("%s", async (_, args, message) => {
    await expect((exportOnnx as (...args: unknown[]) => Promise<unknown>)(...args)).rejects.toThrow(message);
  });
});
