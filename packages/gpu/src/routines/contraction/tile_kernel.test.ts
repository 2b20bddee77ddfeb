import { type DType, type Tensor, tensor, tidy } from "@heddle/tensor";
import type { Attrs } from "@heddle/tensor/backend";
import { applyAll } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import type { GpuBackend } from "../../backend.ts";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import type { GpuBuffer } from "../../memory/gpu_buffer.ts";
import { gpu } from "../../testing/gpu_device.ts";
import {
  dtypes,
  expectSame,
  type MemoryLayout,
  randomValues,
  type TensorMaker,
  withLayout,
} from "../../testing/reference_comparison.ts";
import { conv } from "../conv/conv.ts";
import { convInputGrad } from "../conv/conv_input_grad.ts";
import { convWeightGrad } from "../conv/conv_weight_grad.ts";
import { type KernelConfigName, type TileName, tiles } from "./kernel_configs.ts";
import { matmul } from "./matmul.ts";

const forms = { matmul, conv, convInputGrad, convWeightGrad };
type Form = keyof typeof forms;
type Run = (
  gpu: GpuContext,
  inputs: readonly GpuOperand[],
  outputs: readonly GpuOperand[],
  attrs: unknown,
  name: KernelConfigName,
) => void;

const operandOf = ({ dtype, shape, strides, storage, storageOffset }: Tensor): GpuOperand => ({
  ...{ dtype, shape, strides, offset: storageOffset },
  buffer: (storage.buffer as GpuBuffer).handle,
});

/** Runs a routine with a kernel of the given name; `like` has the dtype and shape of the output. */
function forced(prim: Form, inputs: readonly Tensor[], attrs: unknown, name: KernelConfigName, like: Tensor): Tensor {
  const out = tensor(0, { device: gpu!, dtype: like.dtype }).expand([...like.shape]).clone();
  (forms[prim] as Run)((gpu!.backend as GpuBackend).engine, inputs.map(operandOf), [operandOf(out)], attrs, name);
  return out;
}

interface Case<P extends Form = Form> {
  readonly what: string;
  readonly prim: P;
  readonly inputs: readonly (readonly [number[], MemoryLayout])[];
  readonly attrs: Attrs[P];
}

const plane = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };
const uneven = { stride: [2, 1], padding: [2, 0], dilation: [1, 2], groups: 2 };

const cases: readonly Case[] = [
  {
    what: "odd sizes",
    prim: "matmul",
    inputs: [[[2, 37, 129], "offset"], [[2, 129, 45], "stepped"], [[45], "stepped"]],
    attrs: { activation: "relu" },
  },
  {
    what: "vectors along the sum, from four rows, split",
    prim: "matmul",
    inputs: [[[2, 37, 300], "contiguous"], [[300, 70], "permuted"]],
    attrs: {},
  },
  {
    what: "vectors across the sum",
    prim: "matmul",
    inputs: [[[76, 33], "permuted"], [[33, 140], "contiguous"], [[140], "contiguous"]],
    attrs: {},
  },
  {
    what: "one vector short of all",
    prim: "matmul",
    inputs: [[[33, 75], "permuted"], [[75, 35], "permuted"]],
    attrs: {},
  },
  {
    what: "3×3 taps, a linear weight read in vectors",
    prim: "conv",
    inputs: [[[2, 4, 9, 7], "contiguous"], [[11, 4, 3, 3], "contiguous"], [[11], "contiguous"]],
    attrs: { ...plane, activation: "relu" },
  },
  {
    what: "stride, dilation, groups and permuted operands",
    prim: "conv",
    inputs: [[[2, 6, 9, 8], "permuted"], [[10, 3, 2, 3], "permuted"]],
    attrs: uneven,
  },
  {
    what: "one tap, positions in vectors",
    prim: "conv",
    inputs: [[[3, 12, 6, 6], "contiguous"], [[18, 12, 1, 1], "contiguous"]],
    attrs: { ...plane, padding: [0, 0] },
  },
  {
    what: "3×3 taps",
    prim: "convInputGrad",
    inputs: [[[2, 7, 9, 7], "contiguous"], [[7, 9, 3, 3], "contiguous"]],
    attrs: { ...plane, inputSize: [9, 7] },
  },
  {
    what: "phases of one tap and of several",
    prim: "convInputGrad",
    inputs: [[[2, 10, 6, 4], "contiguous"], [[10, 3, 2, 3], "permuted"]],
    attrs: { ...uneven, inputSize: [9, 8] },
  },
  {
    what: "positions in vectors, split",
    prim: "convWeightGrad",
    inputs: [[[9, 6, 8, 6], "contiguous"], [[9, 3, 8, 6], "contiguous"]],
    attrs: { ...plane, kernelSize: [3, 3] },
  },
  {
    what: "stride, dilation, groups and odd sizes",
    prim: "convWeightGrad",
    inputs: [[[3, 10, 6, 4], "offset"], [[3, 6, 9, 8], "permuted"]],
    attrs: { ...uneven, kernelSize: [2, 3] },
  },
];

const makers = ({ inputs }: Case, dtype: DType): TensorMaker[] =>
  inputs.map(([shape, layout], i) =>
    withLayout(shape, layout, (s) => randomValues(dtype, s, i, dtype === "int32" ? [-70000, 70000] : [-1, 1]))
  );

function check(each: Case, name: TileName, dtype: DType): void {
  tidy(() => {
    const made = makers(each, dtype);
    const wanted = applyAll(each.prim, made.map((make) => make("reference")), each.attrs)[0]!;
    const found = forced(each.prim, made.map((make) => make(gpu!)), each.attrs, name, wanted);
    expectSame(found, wanted, 1e-5, `${name} for ${each.prim} of ${dtype}, ${each.what}`);
  });
}

describe.skipIf(gpu === null)("tiles in workgroup memory", () => {
  const names = Object.keys(tiles) as TileName[];

  test("every case, in one form", () => {
    for (const each of cases) check(each, "tile32x32", "float32");
  });

  test("every form, in every case", { tags: ["long"] }, () => {
    // Software adapters take seconds to compile one, and the loaders differ only in the ratio of rows to invocations.
    names.forEach((name, i) =>
      cases.filter((_, at) => (at + i) % 3 === 0).forEach((each) => check(each, name, "float32"))
    );
  });

  test("other dtypes", { tags: ["long"] }, () => {
    for (const dtype of dtypes.filter((each) => ["int32", "float16", "bfloat16", "int8"].includes(each))) {
      for (const each of [cases[0]!, cases[1]!, cases[2]!, cases[5]!, cases[9]!]) check(each, "tile32x32", dtype);
    }
  });

  test("NaN, infinities and negative zero through the rectifier", () => {
    const values = [NaN, Infinity, -Infinity, -0, 0, -1e-40, 1e-40, -1, 1, -3e38, 3e38, -NaN];
    tidy(() => {
      const x = tensor(values, { device: gpu! }).reshape(12, 1);
      const one = tensor([[1]], { device: gpu! });
      const like = tensor(values).reshape(12, 1);
      const found = [
        ...forced("matmul", [x, one], { activation: "relu" }, "tile8x128", like).toTypedArray(),
      ] as number[];
      const wanted = [NaN, Infinity, 0, 0, 0, 0, 1e-40, 0, 1, 0, 3e38, NaN];
      // Subnormal numbers may be flushed to zero.
      found.forEach((value, i) =>
        expect(Math.abs(value - Math.fround(wanted[i]!)) <= 1e-39 || Object.is(value, wanted[i])).toBe(true)
      );
    });
  });

  test("all kernels but dot give the same bits, though their tiles differ", () => {
    const some: KernelConfigName[] = ["register8", "row8", "columns4", "tile32x32", "tile8x128"];
    for (const each of [cases[1]!, cases[9]!]) {
      tidy(() => {
        const made = makers(each, "float32");
        const like = applyAll(each.prim, made.map((make) => make("reference")), each.attrs)[0]!;
        const [first, ...others] = some.map((name) =>
          forced(each.prim, made.map((make) => make(gpu!)), each.attrs, name, like).toTypedArray()
        );
        for (const other of others) expect(other).toEqual(first);
      });
    }
  });
});
