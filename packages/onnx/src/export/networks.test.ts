import { noGrad } from "@heddle/autograd";
import { type Tensor, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { importOnnx } from "../mod.ts";
import { readModel } from "../proto.ts";
import { onnxTypes } from "../tensor_proto.ts";
import { networks, tensorsOf } from "../testing/networks.ts";
import { exportOnnx } from "./export_onnx.ts";

/** The operators that a graph of a network may have; a network must run fast, not merely run. */
const operators: Readonly<Record<string, string>> = {
  mlp: "Gemm, Relu",
  lenet: "AveragePool, Conv, Gemm, MaxPool, Reshape, Softmax, Tanh",
  resnet: "Add, BatchNormalization, Conv, Gemm, GlobalAveragePool, MaxPool, Relu, Reshape",
  "lstm of two layers in both directions":
    "Add, Concat, Expand, Gather, LSTM, MatMul, Reshape, Shape, Squeeze, Transpose, Unsqueeze",
  gru: "Add, Concat, Expand, GRU, Gather, MatMul, Reshape, Shape, Squeeze, Transpose, Unsqueeze",
  "transformer encoder":
    "Add, Concat, Gather, Gemm, LayerNormalization, MatMul, Mul, Relu, Reshape, Shape, Softmax, Transpose",
  gpt:
    "Add, Cast, Erf, Gather, LayerNormalization, LessOrEqual, MatMul, Mul, Range, Reshape, Shape, Softmax, Transpose, Unsqueeze, Where",
};

function largestDifference(found: readonly Tensor[], wanted: readonly Tensor[]): number {
  expect(found.map(({ shape }) => shape)).toEqual(wanted.map(({ shape }) => shape));
  return Math.max(...found.map((x, i) => x.sub(wanted[i]!).abs().amax().item()));
}

describe("networks", () => {
  test.each(networks())("$name: what is exported is imported again, for inputs of all sizes", async (network) => {
    const { model, example, others, options, name } = network;
    const bytes = await exportOnnx(model, example, options);
    const { graph } = readModel(bytes);
    expect([...new Set(graph!.node.map(({ opType }) => opType))].sort().join(", ")).toBe(operators[name]);
    const again = await importOnnx(bytes);
    tidy(() => {
      for (const input of [example, ...others]) {
        const forward = (model as unknown as { forward(x: Tensor): unknown }).forward(input);
        const returned = noGrad(() => again.forward({ input }));
        expect(largestDifference(tensorsOf(returned), tensorsOf(forward))).toBeLessThan(1e-5);
      }
    });
  });

  test.each(networks())("$name: what is imported is exported again, for inputs of all sizes", async (network) => {
    const { model, example, others, options } = network;
    const imported = await importOnnx(await exportOnnx(model, example, options));
    const again = await importOnnx(await exportOnnx((input: Tensor) => imported.forward({ input }), example, options));
    tidy(() => {
      for (const input of [example, ...others]) {
        const forward = (model as unknown as { forward(x: Tensor): unknown }).forward(input);
        const returned = noGrad(() => again.forward({ input }));
        expect(largestDifference(tensorsOf(returned), tensorsOf(forward))).toBeLessThan(1e-5);
      }
    });
  });

  test("weights have their names in the state dict, and are stored once", async () => {
    for (const { model, example, options } of networks()) {
      const bytes = await exportOnnx(model, example, options);
      const { graph } = readModel(bytes);
      const names = graph!.initializer.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      const state = model.stateDict(), imported = (await importOnnx(bytes)).stateDict();
      for (const name of Object.keys(state)) {
        if (!name.endsWith("num_batches_tracked")) expect(imported[name]?.equal(state[name]!), name).toBe(true);
      }
    }
  });

  test.each(
    [["float16", 1e-2], ["bfloat16", 5e-2], ["float64", 1e-12]] as const,
  )("in %s", async (dtype, tolerance) => {
    const [mlp, lenet] = networks();
    for (const { model, example, options } of [mlp!, lenet!]) {
      const input = example.to(dtype);
      const bytes = await exportOnnx(model.to(dtype), input, options);
      const { graph } = readModel(bytes);
      const types = graph!.initializer.filter(({ name }) => name in model.stateDict()).map(({ dataType }) => dataType);
      expect(new Set(types)).toEqual(new Set([onnxTypes[dtype]]));
      const again = await importOnnx(bytes);
      tidy(() => {
        const wanted = (model as unknown as { forward(x: Tensor): Tensor }).forward(input);
        expect(largestDifference([noGrad(() => again.forward(input)) as Tensor], [wanted])).toBeLessThan(tolerance);
      });
    }
  });
});
