import { create } from "@bufbuild/protobuf";
import { noGrad } from "@heddle/autograd";
import { deepCopy } from "@heddle/nn";
import { keep, memory, ones, scope, tensor } from "@heddle/tensor";
import { TensorProto_DataLocation, TensorProto_DataType, TensorProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import { readModel, writeModel } from "../proto.ts";
import { recordedCases } from "../testing/container.ts";
import { modelOf, nodeOf, tensorOf, valueOf } from "../testing/build_model.ts";
import { importOnnx } from "./import_onnx.ts";

const linear = modelOf({
  nodes: [["Gemm", ["x", "layer.weight", "layer.bias"], ["h"], { transB: 1n }], ["Relu", ["h"], ["y"]]],
  inputs: [valueOf("x", "float32", ["batch", 2])],
  initializers: [tensorOf("layer.weight", [3, 2], [1, 2, 3, 4, 5, 6]), tensorOf("layer.bias", [3], [0, -20, 1])],
});

test("initialisers are parameters by their names, and are trained", async () => {
  const model = await importOnnx(linear);
  expect(Object.keys(model.stateDict())).toEqual(["layer.weight", "layer.bias"]);
  expect(model.training).toBe(false);
  expect(model.forward(tensor([[1, 2]])).toArray()).toEqual([[5, 0, 18]]);
  expect(model.inputs).toEqual([{ name: "x", type: "float", shape: ["batch", 2] }]);
  model.forward(tensor([[1, 2]])).sum().backward();
  noGrad(() => model.parameters().forEach((parameter) => parameter.sub_(parameter.grad!)));
  expect(model.stateDict()["layer.weight"]!.toArray()).toEqual([[0, 0], [3, 4], [4, 4]]);
  expect(String(model)).toContain('OnnxModule(("x" float[batch, 2]) => (y), 2 nodes)');
});

test("inputs and outputs go by position or by name", async () => {
  const model = await importOnnx(modelOf({
    nodes: [["Sub", ["a", "b"], ["d"]], ["Add", ["a", "b"], ["s"]]],
    inputs: ["a", "b"],
    outputs: ["d", "s"],
  }));
  const { d, s } = model.forward({ b: tensor([1]), a: tensor([5]) });
  expect([d!.toArray(), s!.toArray()]).toEqual([[4], [6]]);
  expect(() => model.forward(tensor([5]), tensor([1]))).toThrow(
    /2 outputs; give its inputs by name.*forward\(\{ "a", "b" \}\)/,
  );
  expect(() => model.forward({ a: tensor([5]) })).toThrow(/the input "b" is missing; there are "a" float, "b" float/);
  expect(() => model.forward({ a: tensor([5]), c: tensor([5]) })).toThrow(/there is no input "c"/);
  const one = await importOnnx(linear);
  expect(() => one.forward(tensor([1n, 2n]))).toThrow(/the input "x" is int64; the model expects float/);
  expect(() => one.forward(ones([2]))).toThrow(/has shape \[2\]; the model expects \[batch, 2\]/);
  expect(() => one.forward(ones([1, 2], { device: "reference" }))).toThrow(
    /is on the device reference, the model on cpu/,
  );
  expect(() => one.forward(ones([1, 3]))).toThrow(/ONNX model: node Gemm\(x, layer\.weight, layer\.bias\): /);
});

test("one error has all that is missing, with the nodes that need it", async () => {
  const bytes = modelOf({
    nodes: [
      ["Frobnicate", ["x"], ["a"]],
      ["Resize", ["a", "", "scales"], ["b"], { mode: "spline" }],
      ["Softmax", ["b"], ["c"], { temperature: 2 }],
      ["HardSwish", ["c"], ["d"]],
      ["Add", ["d"], ["e"]],
      ["LRN", ["nothing"], ["y"]],
    ],
    initializers: [tensorOf("scales", [4], [1, 1, 2, 2])],
    opset: 13,
  });
  const message = await importOnnx(bytes).then(() => "", (error: Error) => error.message);
  for (
    const part of [
      "importOnnx: the model cannot be run:",
      "missing operators: Frobnicate, HardSwish",
      "node Frobnicate(x): there is no such operator here",
      'node Resize(a, , scales): mode = "spline" is not supported; it can be nearest, linear, cubic',
      'node Softmax(b): its attribute "temperature" is not supported',
      "node HardSwish(c): in operator set 13; here it is known from 14 on",
      "node Add(d): it has 1 inputs; expected 2",
      'node LRN(nothing): nothing computes its input "nothing"',
      'node LRN(nothing): it lacks the attribute "size"',
    ]
  ) expect(message).toContain(part);
});

test("graphs that are none are refused", async () => {
  const failing = (nodes: Parameters<typeof modelOf>[0]["nodes"], rest: object = {}) =>
    importOnnx(modelOf({ nodes, ...rest }));
  await expect(failing([["Add", ["x", "b"], ["a"]], ["Relu", ["a"], ["b"]], ["Relu", ["x"], ["y"]]]))
    .rejects.toThrow(/node Add\(x, b\): it depends on its own output; the graph has a cycle/);
  await expect(failing([["Relu", ["x"], ["y"]], ["Abs", ["x"], ["y"]]])).rejects.toThrow(/two values are called "y"/);
  await expect(failing([["Relu", ["x"], ["z"]]])).rejects.toThrow(/nothing computes the graph's output "y"/);
  for (const opset of [6, 22, 23]) {
    expect((await importOnnx(modelOf({ nodes: [["Relu", ["x"], ["y"]]], opset }))).inputs).toHaveLength(1);
  }
  await expect(failing([["Add", ["x", "x"], ["y"]]], { opset: 6 })).rejects.toThrow(
    /set 6; here it is known from 7 on/,
  );
  await expect(failing([["Relu", ["x"], ["y"]]], { opset: 99 })).rejects.toThrow(/operator set 99; 23 is the last/);
  const self = { name: "F", domain: "own", input: ["a"], output: ["b"], opsetImport: [{ domain: "own", version: 1n }] };
  const call = nodeOf(["F", ["a"], ["b"]], "own");
  const recursive = readModel(modelOf({ nodes: [], functions: [{ ...self, node: [call] }] }));
  recursive.graph!.node.push(nodeOf(["F", ["x"], ["y"]], "own"));
  await expect(importOnnx(writeModel(recursive))).rejects.toThrow(/the function "F" calls itself/);
});

test("nodes may come in any order", async () => {
  const model = await importOnnx(modelOf({
    nodes: [["Neg", ["b"], ["y"]], ["Add", ["a", "x"], ["b"]], ["Abs", ["x"], ["a"]]],
  }));
  expect(model.forward(tensor([-3, 2])).toArray()).toEqual([-0, -4]);
});

test("absurd sizes are refused before memory is allocated", async () => {
  const huge = [2n ** 20n, 2n ** 20n];
  for (const op of ["ConstantOfShape", "Expand", "Tile"]) {
    const given = op === "ConstantOfShape" ? ["shape"] : ["x", "shape"];
    const model = await importOnnx(modelOf({
      nodes: [[op, given, ["y"]]],
      initializers: [tensorOf("shape", [2], huge)],
    }));
    expect(() => model.forward(ones([1, 1]))).toThrow(
      new RegExp(`node ${op}.*a result of shape \\[1048576, 1048576\\]`),
    );
  }
  const ranged = await importOnnx(modelOf({
    nodes: [["Range", ["zero", "end", "one"], ["y"]]],
    inputs: [],
    initializers: [tensorOf("zero", [], [0n]), tensorOf("end", [], [2n ** 60n]), tensorOf("one", [], [1n])],
  }));
  expect(() => ranged.forward()).toThrow(/node Range/);
});

test("a file cut off anywhere is refused, and so are other files", async () => {
  for (let length = 0; length < linear.length; length++) {
    await expect(importOnnx(linear.subarray(0, length)), `${length} bytes`).rejects.toThrow(/^importOnnx: /);
  }
  await expect(importOnnx("model.onnx" as never)).rejects.toThrow(/read the file first/);
});

test("weights are told from constants; the caller may decide otherwise", async () => {
  const bytes = modelOf({
    nodes: [
      ["Transpose", ["w"], ["t"]],
      ["MatMul", ["x", "t"], ["a"]],
      ["Add", ["a", "mask"], ["b"]],
      ["Mul", ["b", "half"], ["c"]],
      ["Sub", ["c", "mean"], ["d"]],
      ["Reshape", ["d", "shape"], ["y"]],
    ],
    initializers: [
      tensorOf("w", [2, 2], [1, 2, 3, 4]),
      tensorOf("mask", [2], [0, -1e9]),
      tensorOf("half", [], [0.5]),
      tensorOf("mean", [2], [1, 1]),
      tensorOf("shape", [1], [-1n]),
    ],
  });
  const model = await importOnnx(bytes);
  expect(model.namedParameters().map(([name]) => name)).toEqual(["w"]);
  expect(model.namedBuffers().map(([name]) => name)).toEqual(["mask", "mean"]);
  const other = await importOnnx(bytes, { parameters: (name) => name === "mean" ? true : undefined });
  expect(other.namedParameters().map(([name]) => name)).toEqual(["w", "mean"]);
});

test.each([
  ["directly", "w", "b"],
  ["through Identity", "mean", "var"],
])("running statistics that share a tensor with others, %s, are buffers of their own", async (_, mean, variance) => {
  const model = await importOnnx(modelOf({
    nodes: [
      ["Identity", ["w"], ["mean"]],
      ["Identity", ["b"], ["var"]],
      ["BatchNormalization", ["x", "w", "b", mean, variance], ["a"]],
      ["BatchNormalization", ["a", "w", "b", mean, variance], ["y"]],
    ],
    initializers: [tensorOf("w", [2], [1, 1]), tensorOf("b", [2], [1, 1])],
  }));
  expect(model.namedParameters().map(([name]) => name)).toEqual(["w", "b"]);
  expect(model.namedBuffers()).toHaveLength(4);
  model.train().forward(tensor([[1, 2], [5, 6]]));
  const statistics = model.namedBuffers().map(([name, buffer]) => [name, buffer.toArray()]);
  const close = (x: number) => expect.closeTo(x, 5);
  expect(statistics.map(([, values]) => values)).toEqual(
    [[1.2, 1.3], [1.7, 1.7], [1, 1], [1.1, 1.1]].map((all) => all.map(close)),
  );
  expect(model.parameters().map((parameter) => parameter.toArray())).toEqual([[1, 1], [1, 1]]);
});

test("constants of ones and zeros, which stand for no scale and no shift, are not trained", async () => {
  const constant = (name: string, values: number[]) =>
    ["Constant", [], [name], { value: tensorOf("", [2], values) }] as const;
  const model = await importOnnx(modelOf({
    nodes: [
      constant("ones", [1, 1]),
      constant("zeros", [0, 0]),
      constant("scale", [1, 2]),
      ["BatchNormalization", ["x", "ones", "zeros", "mean", "var"], ["a"]],
      ["BatchNormalization", ["a", "scale", "shift", "mean", "var"], ["b"]],
      ["LayerNormalization", ["b", "ones", "zeros"], ["y"]],
    ],
    initializers: [tensorOf("shift", [2], [0, 0]), tensorOf("mean", [2], [0, 0]), tensorOf("var", [2], [1, 1])],
  }));
  expect(model.namedParameters().map(([name]) => name).sort()).toEqual(["scale", "shift"]);
});

test("float64 is resized in float64", async () => {
  const resized = async (scale: number, x: number[], attributes: object = {}) => {
    const model = await importOnnx(modelOf({
      nodes: [["Resize", ["x", "", "scales"], ["y"], { mode: "linear", ...attributes }]],
      initializers: [tensorOf("scales", [1], [scale])],
      opset: 18,
    }));
    return model.forward(tensor(x, { dtype: "float64" })).toArray() as number[];
  };
  expect((await resized(3, [0, 1]))[2]).toBeCloseTo(1 / 3, 14);
  const few = await resized(0.25, Array<number>(12).fill(1 / 3), { antialias: 1n });
  for (const value of few) expect(value).toBeCloseTo(1 / 3, 14);
});

test("copies have their own weights, and run", async () => {
  const model = await importOnnx(linear);
  const copy = deepCopy(model);
  for (const parameter of model.parameters()) parameter.requiresGrad_(false).zero_();
  expect(copy.forward(tensor([[1, 2]])).toArray()).toEqual([[5, 0, 18]]);
  expect(model.forward(tensor([[1, 2]])).toArray()).toEqual([[0, 0, 0]]);
});

test("functions of the model are run, with the attributes of their calls", async () => {
  const leaky = nodeOf(["LeakyRelu", ["a"], ["b"], { alpha: 0 }]);
  leaky.attribute[0]!.refAttrName = "slope";
  const bytes = modelOf({
    nodes: [],
    functions: [{
      name: "Twice",
      domain: "own",
      input: ["a"],
      output: ["c"],
      attribute: ["slope"],
      opsetImport: [{ domain: "", version: 17n }],
      node: [leaky, nodeOf(["Add", ["b", "b"], ["c"]])],
    }],
  });
  const proto = readModel(bytes);
  proto.graph!.node.push(nodeOf(["Twice", ["x"], ["y"], { slope: 0.5 }], "own"));
  const model = await importOnnx(writeModel(proto));
  expect(model.forward(tensor([-4, 1])).toArray()).toEqual([-4, 2]);
});

test("a branch runs only the graph that is chosen, and weights within are trained", async () => {
  const branch = (name: string, weight: number) => ({
    graph: {
      name,
      node: [nodeOf(["Mul", ["x", `${name}.w`], [`${name}.y`]])],
      output: [valueOf(`${name}.y`)],
      initializer: [tensorOf(`${name}.w`, [1], [weight])],
    },
  });
  const model = await importOnnx(modelOf({
    nodes: [["If", ["c"], ["y"], { then_branch: branch("then", 2), else_branch: branch("else", 3) }]],
    inputs: ["x", valueOf("c", "bool", [])],
  }));
  const x = tensor([5]);
  expect(model.forward(x, true).toArray()).toEqual([10]);
  model.forward(x, tensor(false)).sum().backward();
  expect(model.namedParameters().map(([name, { grad }]) => [name, grad?.toArray() ?? null])).toEqual([
    ["then.w", null],
    ["else.w", [5]],
  ]);
});

test("tensors outside the file are read", async () => {
  const weight = create(TensorProtoSchema, {
    name: "w",
    dims: [2n],
    dataType: TensorProto_DataType.FLOAT,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [{ key: "location", value: "w.bin" }, { key: "offset", value: "4" }],
  });
  const bytes = modelOf({ nodes: [["Mul", ["x", "w"], ["y"]]], initializers: [weight] });
  const asked: string[] = [];
  const model = await importOnnx(bytes, {
    externalData: async (location) => {
      asked.push(location);
      return await Promise.resolve(Float32Array.of(9, 2, 3).buffer);
    },
  });
  expect([asked, model.forward(tensor([1, 1])).toArray()]).toEqual([["w.bin"], [2, 3]]);
  await expect(importOnnx(bytes)).rejects.toThrow(/pass \{ externalData:/);
});

test("dropout is active in training mode alone", async () => {
  const model = await importOnnx(modelOf({
    nodes: [["Dropout", ["x", "ratio"], ["y"]]],
    initializers: [tensorOf("ratio", [], [0.25])],
  }));
  const x = ones([1000]);
  expect(model.forward(x).sum().item()).toBe(1000);
  const y = model.train().forward(x);
  expect(y.amax().item()).toBeCloseTo(4 / 3, 5);
  const kept = y.ne(0).sum().item();
  expect(kept).toBeGreaterThan(680);
  expect(kept).toBeLessThan(820);
  expect(model.eval().forward(x).sum().item()).toBe(1000);
});

test("a model of another dtype is run in it", async () => {
  const model = (await importOnnx(linear)).to("float64");
  const y = model.forward(tensor([[1, 2]], { dtype: "float64" }));
  expect([y.dtype, y.toArray()]).toEqual(["float64", [[5, 0, 18]]]);
});

test("an input that is kept is read again when it changes", async () => {
  const model = await importOnnx(modelOf({
    nodes: [["Reshape", ["x", "shape"], ["y"]]],
    inputs: ["x", valueOf("shape", "int64", [2])],
  }));
  const shape = keep(tensor([2, 3], { dtype: "int32" }));
  expect(model.forward(ones([6]), shape).shape).toEqual([2, 3]);
  shape.copy_(tensor([3, 2], { dtype: "int32" }));
  expect(model.forward(ones([6]), shape).shape).toEqual([3, 2]);
  shape.dispose();
});

test("a run leaves no tensors behind but its output", async () => {
  const { decode } = recordedCases("networks").find(({ name }) => name === "inverted residual block, folded")!;
  const { model: bytes, inputs } = decode();
  const model = await importOnnx(bytes);
  model.eval().requiresGrad_(false);
  const x = inputs[0] as ReturnType<typeof ones>;
  model.forward(x).dispose();
  const before = memory().liveBytes;
  const y = model.forward(x);
  expect(memory().liveBytes - before).toBe(4 * y.numel);
  y.dispose();
  {
    using _ = scope();
    model.forward(x);
  }
  expect(memory().liveBytes).toBe(before);
});

test.each(["reference"])("the device %s gives the same outputs", async (device) => {
  for (const { decode } of recordedCases("networks").filter(({ name }) => /^(GPT|LSTM|decoder).*folded/.test(name))) {
    const { model: bytes, inputs, outputs } = decode();
    const model = await importOnnx(bytes, { device });
    const given = (inputs as ReturnType<typeof ones>[]).map((x) => x.to(device));
    const y = noGrad(() => model.forward(...given));
    expect(y.device.name).toBe(device);
    expect(y.to("cpu").sub(outputs[0] as typeof y).abs().amax().item()).toBeLessThan(1e-5);
  }
});

test("computations with shapes are kept until the shapes change, and what is returned is the caller's", async () => {
  const model = await importOnnx(modelOf({
    nodes: [
      ["Shape", ["x"], ["s"]],
      ["Gather", ["s", "first"], ["n"]],
      ["Mul", ["n", "two"], ["twice"]],
      ["Concat", ["twice", "rest"], ["to"], { axis: 0n }],
      ["Reshape", ["x", "to"], ["y"]],
    ],
    outputs: ["y", "to"],
    initializers: [tensorOf("first", [1], [0n]), tensorOf("two", [1], [2n]), tensorOf("rest", [1], [-1n])],
  }));
  const shapes = (rows: number): unknown[] =>
    noGrad(() => {
      const { y, to } = model.forward({ x: ones([rows, 4]) });
      const found = [y!.shape, to!.toArray()];
      to!.dispose();
      return found;
    });
  for (const rows of [1, 1, 3, 3, 1]) expect(shapes(rows)).toEqual([[2 * rows, 2], [2 * rows, -1]]);
});
