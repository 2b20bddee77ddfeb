/** Tensors at the limit of one binding and beyond it, on an adapter that computes nothing but checks WebGPU's limits. */
import { arange, cat, type Device, full, ones, rand, scope, stack, type Tensor, zeros } from "@heddle/tensor";
import type { Attrs, RoutinePrim } from "@heddle/tensor/backend";
import { applyAll } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import { webgpu } from "./mod.ts";
import { fakeAdapter, minimalLimits } from "./testing/fake_adapter.ts";

const most = minimalLimits["maxStorageBufferBindingSize"]!;
const count = most / 4;

/** Devices with the least limits: a GPU, and a software adapter. */
const devices: Device[] = [];
for (const description of ["a GPU", "llvmpipe"]) {
  devices.push(await webgpu({ name: description, adapter: fakeAdapter({ description }).adapter }));
}

type Calls = Readonly<Record<string, (device: Device) => unknown>>;

const one = (device: Device, shape: number[] = [1]): Tensor => ones(shape, { device });
/** As large as a tensor can be, of one element in memory. */
const wide = (device: Device, size = count + 1): Tensor => one(device).expand(size);
const index = (device: Device, size = count + 1): Tensor => zeros([1], { device, dtype: "int32" }).expand(size);

/** Calls a routine with operands of some shapes. */
function routine<P extends RoutinePrim>(
  name: P,
  shapes: readonly number[][],
  attrs: Attrs[P],
): (device: Device) => readonly Tensor[] {
  return (device) => applyAll(name, shapes.map((shape) => one(device).expand(shape)), attrs);
}

const windows = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };
const [images, filters] = [[128, 64, 64, 64], [64, 64, 3, 3]];

/** Calls whose result, or whose memory in between, is larger than a binding. */
const tooLarge: Calls = {
  "ones": (device) => ones([count + 1], { device }),
  "full": (device) => full([count + 1], 2, { device }),
  "arange": (device) => arange(0, count + 1, 1, { device, dtype: "float32" }),
  "rand": (device) => rand([count + 1], { device }),
  "to": (device) => zeros([most + 4], { dtype: "uint8", device: "cpu" }).to(device),
  "clone": (device) => wide(device).clone(),
  "add, broadcast": (device) => one(device, [2 ** 13, 1]).add(one(device, [1, 2 ** 13])),
  "cast of a narrow dtype": (device) => ones([count + 1], { device, dtype: "int8" }).to("float32"),
  "where": (device) => wide(device).where(wide(device).gt(0), 0),
  "sum along a dimension that leaves many": (device) => one(device).expand(2, count + 1).sum(0),
  "argmax": (device) => one(device).expand(2, count + 1).argmax(0),
  "cumsum": (device) => wide(device).cumsum(0),
  "softmax": (device) => wide(device).reshape(1, -1).softmax(1),
  "sort": (device) => wide(device).sort(0),
  "sort of a narrow dtype": (device) => ones([count + 1], { device, dtype: "int8" }).sort(0),
  "topk": (device) => wide(device).topk(count + 1),
  "gather": (device) => one(device, [5]).gather(0, index(device)),
  "indexSelect": (device) => one(device, [5]).indexSelect(0, index(device)),
  "contiguous": (device) => wide(device).contiguous(),
  "scatterAdd": (device) => wide(device).scatterAdd(0, index(device, 5), one(device, [5])),
  "cat": (device) => cat([one(device, [count]), one(device, [count])]),
  "stack": (device) => stack([one(device, [count]), one(device, [count])]),
  "repeat": (device) => one(device).repeat(count + 1),
  "flip": (device) => wide(device).flip(0),
  "tril": (device) => one(device).expand(2 ** 13, 2 ** 13).tril(),
  "matmul": (device) => one(device, [2 ** 13, 2]).matmul(one(device, [2, 2 ** 13])),
  "conv": routine("conv", [images, [65, 64, 3, 3]], windows),
  "convInputGrad": routine("convInputGrad", [images, [64, 65, 3, 3]], { ...windows, inputSize: [64, 64] }),
  "sumPool": routine("sumPool", [[129, 64, 64, 64]], { ...windows, kernel: [3, 3], ceilMode: false, scale: 1 }),
};

/** The operations in their errors, where calls consist of others. */
const refusedIn: Readonly<Record<string, string>> = {
  "add, broadcast": "add",
  "cast of a narrow dtype": "to",
  "sum along a dimension that leaves many": "sum",
  "softmax": "sub",
  "sort of a narrow dtype": "sort",
};

/** Calls on tensors as large as a binding, whose kernels and scratch memory must fit. */
const fits: Calls = {
  "elements": (device) => ones([count], { device }).mul(one(device, [count])),
  "a cast": (device) => ones([count], { device, dtype: "int8" }).to("float32"),
  "reductions": (device) => {
    const x = one(device, [2 ** 12, 2 ** 13]);
    for (const dim of [0, 1]) x.sum(dim).add(x.argmax(dim));
    return x.sum();
  },
  "scans": (device) => one(device, [count]).cumsum(0),
  "sorts": (device) => one(device, [count]).sort(0),
  "gather": (device) => one(device, [count]).gather(0, zeros([count], { device, dtype: "int32" })),
  "scatter": (device) =>
    one(device, [count - 4]).scatterAdd(0, zeros([count], { device, dtype: "int32" }), one(device, [count])),
  "random numbers": (device) => rand([count], { device }),
  "products": (device) => one(device, [2 ** 12, 2 ** 13]).matmul(one(device, [2 ** 13, 2 ** 12])),
  "convolutions": routine("conv", [images, filters], windows),
  "gradients of convolutions": (device) => {
    for (const groups of [1, 64]) {
      const attrs = { ...windows, groups };
      const weights = [64, 64 / groups, 3, 3];
      routine("convInputGrad", [images, weights], { ...attrs, inputSize: [64, 64] })(device);
      routine("convWeightGrad", [images, images], { ...attrs, kernelSize: [3, 3] })(device);
    }
  },
  "gradients of convolutions by columns": routine("convInputGrad", [[128, 64, 16, 16], [64, 64, 4, 4]], {
    ...windows,
    ...{ stride: [4, 4], padding: [0, 0], inputSize: [64, 64] },
  }),
  "attention": routine("attention", Array<number[]>(3).fill([2 ** 9, 2 ** 10, 2 ** 6]), {
    ...{ scale: 1, causalOffset: 0, dropoutP: 0 },
  }),
  "products of long vectors": (device) => one(device, [count]).dot(one(device, [count])),
};

for (const device of devices) {
  describe(`on ${device.name} with bindings of 128 MiB`, () => {
    test.each(Object.entries(tooLarge))(
      "larger than one is refused by name, with sizes and the remedy: %s",
      (name, call) => {
        using _ = scope();
        expect(() => call(device)).toThrow(
          new RegExp(
            `^${refusedIn[name] ?? name}: \\d+ bytes in one buffer, but this adapter allows at most ${most}; ` +
              "split the tensor, or use a smaller batch$",
          ),
        );
      },
    );

    test.each(Object.entries(fits))("as large as one is computed: %s", async (_, call) => {
      using _scope = scope();
      call(device);
      await one(device).data();
    });
  });
}
