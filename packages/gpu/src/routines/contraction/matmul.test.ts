import { type Device, type DType, ones, tensor, tidy } from "@heddle/tensor";
import { applyAll } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import type { GpuBackend } from "../../backend.ts";
import type { GpuOperand } from "../../gpu_context.ts";
import type { GpuBuffer } from "../../memory/gpu_buffer.ts";
import { gpu } from "../../testing/gpu_device.ts";
import {
  compare,
  dtypes,
  expectSame,
  type MemoryLayout,
  memoryLayouts,
  randomValues,
  type TensorMaker,
  withLayout,
} from "../../testing/reference_comparison.ts";
import { type KernelConfigName, kernelConfigs, tiles } from "./kernel_configs.ts";
import { matmul } from "./matmul.ts";

const factor = (
  dtype: DType,
  shape: readonly number[],
  seed: number,
  layout: MemoryLayout = "contiguous",
): TensorMaker =>
  withLayout(shape, layout, (s) => randomValues(dtype, s, seed, dtype === "int32" ? [-70000, 70000] : [-1, 1]));

const products: readonly (readonly [number[], number[]])[] = [
  [[5, 7], [7, 6]],
  [[17, 33], [33, 19]],
  [[3, 5, 7], [7, 6]],
  [[3, 5, 7], [3, 7, 6]],
  [[2, 1, 5, 7], [3, 7, 6]],
  [[5, 7], [3, 7, 6]],
  [[1, 40], [40, 9]],
  [[9, 200], [200, 1]],
  [[3, 1, 70], [3, 70, 1]],
];

describe.skipIf(gpu === null)("matmul on the GPU", () => {
  test("every dtype and memory layout, with and without batches", { tags: ["long"] }, () => {
    for (const dtype of dtypes.filter((each) => each !== "bool")) {
      // Software adapters compile slowly. The kernels differ only in how elements are loaded and stored, so two
      // products suffice.
      const some = dtype === "float32" || dtype === "int32" ? products : [products[1]!, products[4]!];
      some.forEach(([left, right], seed) => {
        const [a, b] = [
          memoryLayouts[seed % memoryLayouts.length]!,
          memoryLayouts[(seed * 2 + 1) % memoryLayouts.length]!,
        ];
        const inputs = [factor(dtype, left, seed, a), factor(dtype, right, seed + 50, b)];
        compare("matmul", inputs, {}, `${dtype} [${left}] ${a} by [${right}] ${b}`, 1e-5);
      });
    }
  });

  test("every pair of memory layouts", () => {
    for (const a of memoryLayouts) {
      for (const b of memoryLayouts) {
        compare(
          "matmul",
          [factor("float32", [13, 21], 1, a), factor("float32", [21, 10], 2, b)],
          {},
          `${a} ${b}`,
          1e-5,
        );
      }
    }
  });

  test("bias and ReLU", () => {
    for (const [left, right] of [[[9, 8], [8, 7]], [[3, 5, 8], [8, 70]], [[4, 700], [700, 5]], [[1, 300], [300, 3]]]) {
      const bias = factor("float32", [right!.at(-1)!], 3, "stepped");
      const inputs = [factor("float32", left!, 1), factor("float32", right!, 2), bias];
      compare("matmul", inputs, {}, "a bias", 1e-5);
      compare("matmul", inputs, { activation: "relu" }, "bias and ReLU", 1e-5);
      compare("matmul", inputs.slice(0, 2), { activation: "relu" }, "a rectifier", 1e-5);
      compare("matmul", inputs, { rounded: true }, "rounded to bfloat16", 1e-5);
    }
  });

  test("no rows, no columns, no terms, no batch", () => {
    for (const [left, right] of [[[0, 3], [3, 2]], [[2, 3], [3, 0]], [[2, 0], [0, 3]], [[0, 2, 3], [0, 3, 2]]]) {
      for (const dtype of dtypes.filter((each) => each !== "bool")) {
        const inputs = [left!, right!].map((shape): TensorMaker => (device) =>
          randomValues(dtype, shape, 1).to(device)
        );
        compare("matmul", inputs, {}, `${dtype} [${left}] by [${right}]`);
      }
    }
  });

  // Those with workgroup memory are in tile_kernel.test.ts.
  test("every configuration in registers, with incomplete tiles and split sums", { tags: ["long"] }, () => {
    for (const name of (Object.keys(kernelConfigs) as KernelConfigName[]).filter((each) => !(each in tiles))) {
      for (const [m, k, n] of [[70, 300, 75], [130, 129, 5], [1, 700, 33], [3, 65, 1]] as const) {
        for (const layout of ["contiguous", "permuted"] as const) {
          tidy(() => {
            const inputs = [factor("float32", [2, m, k], m, layout), factor("float32", [2, k, n], n, layout)];
            const wanted = applyAll("matmul", inputs.map((make) => make("reference")), {})[0]!;
            expectSame(configured(gpu!, name, inputs), wanted, 1e-5, `${name} ${m} ${k} ${n} ${layout}`);
          });
        }
      }
    }
  });

  test("infinities and NaN stay in their row and column", () => {
    const [a, b] = [randomValues("float32", [13, 9], 1), randomValues("float32", [9, 11], 2)];
    a.at(4, 3).fill_(Infinity);
    b.at(2, 5).fill_(NaN);
    const c = a.to(gpu!).matmul(b.to(gpu!)).isfinite().logicalNot().sum().item();
    expect(c).toBe(11 + 13 - 1);
  });

  test("reproducible bit for bit", () => {
    const [a, b] = [randomValues("float32", [40, 5000], 1).to(gpu!), randomValues("float32", [5000, 30], 2).to(gpu!)];
    expect(a.matmul(b).toTypedArray()).toEqual(a.matmul(b).toTypedArray());
  });

  test("more terms than a loop has iterations on lavapipe, in one tile and in many", () => {
    const terms = 70_000;
    for (const size of [3, 300]) {
      tidy(() => {
        const [a, b] = [ones([size, terms], { device: gpu! }), ones([terms, size], { device: gpu! })];
        expect(a.matmul(b).amin().item()).toBe(terms);
      });
    }
  });

  test("a product with itself", () => {
    const x = tensor([[1, 2], [3, 4]], { device: gpu! });
    expect(x.matmul(x).toArray()).toEqual([[7, 10], [15, 22]]);
  });
});

/** Computes the product with the given configuration. */
function configured(device: Device, name: KernelConfigName, factors: readonly TensorMaker[]): ReturnType<TensorMaker> {
  const { engine } = device.backend as GpuBackend;
  const tensors = factors.map((make) => make(device));
  const out = tensor(0, { device }).expand([...tensors[0]!.shape.slice(0, -1), tensors[1]!.shape.at(-1)!]).clone();
  const operand = ({ dtype, shape, strides, storage, storageOffset }: typeof out): GpuOperand => ({
    ...{ dtype, shape, strides, offset: storageOffset },
    buffer: (storage.buffer as GpuBuffer).handle,
  });
  matmul(engine, tensors.map(operand), [operand(out)], {}, name);
  return out;
}
