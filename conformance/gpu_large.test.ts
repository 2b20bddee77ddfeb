/** Tensors at the limit of one binding and beyond it, on an adapter that computes nothing but checks WebGPU's limits. */
import "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { arange, cat, type Device, full, ones, rand, scope, stack, type Tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { webgpu } from "@heddle/gpu";
import { fakeAdapter, minimalLimits } from "../packages/gpu/src/testing/fake_adapter.ts";

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
  "layerNorm": (device) => F.layerNorm(one(device).expand(2 ** 13, 2 ** 13), [2 ** 13]),
  "sort": (device) => wide(device).sort(0),
  "sort of a narrow dtype": (device) => ones([count + 1], { device, dtype: "int8" }).sort(0),
  "topk": (device) => wide(device).topk(count + 1),
  "gather": (device) => one(device, [5]).gather(0, index(device)),
  "indexSelect": (device) => one(device, [5]).indexSelect(0, index(device).contiguous()),
  "embedding": (device) => F.embedding(index(device, 2 ** 13), one(device, [5, 2 ** 13])),
  "oneHot": (device) => F.oneHot(index(device, 2 ** 14), 2 ** 13),
  "scatterAdd": (device) => wide(device).scatterAdd(0, index(device, 5), one(device, [5])),
  "cat": (device) => cat([one(device, [count]), one(device, [count])]),
  "stack": (device) => stack([one(device, [count]), one(device, [count])]),
  "pad": (device) => F.pad(one(device), [0, count]),
  "repeat": (device) => one(device).repeat(count + 1),
  "flip": (device) => wide(device).flip(0),
  "tril": (device) => one(device).expand(2 ** 13, 2 ** 13).tril(),
  "matmul": (device) => one(device, [2 ** 13, 2]).matmul(one(device, [2, 2 ** 13])),
  "conv2d": (device) => F.conv2d(one(device, [1, 1, 2 ** 10, 2 ** 10]), one(device, [33, 1, 1, 1])),
  "convTranspose2d": (device) => F.convTranspose2d(one(device, [1, 1, 2 ** 10, 2 ** 10]), one(device, [1, 33, 1, 1])),
  "avgPool2d": (device) => F.avgPool2d(one(device).expand(40, 1, 2 ** 10, 2 ** 10), 3, { stride: 1, padding: 1 }),
  "maxPool2d": (device) => F.maxPool2d(one(device).expand(40, 1, 2 ** 10, 2 ** 10), 3, { stride: 1, padding: 1 }),
  "attention": (device) =>
    F.scaledDotProductAttention(
      one(device).expand(count / 2, 8),
      one(device, [9, 8]),
      one(device, [9, 8]),
    ),
  "crossEntropy": (device) => F.crossEntropy(one(device).expand(2 ** 13, 2 ** 13), index(device, 2 ** 13)),
  "a gradient": (device) => {
    const x = one(device, [2 ** 13, 1]).requiresGrad_();
    x.expand(2 ** 13, 2 ** 13).mul(one(device, [1, 2 ** 13])).sum().backward();
  },
};

/** The operations in their errors, where calls consist of others. */
const refusedIn: Readonly<Record<string, string>> = {
  "rand": "empty",
  "clone": "cast",
  "add, broadcast": "add",
  "cast of a narrow dtype": "cast",
  "sum along a dimension that leaves many": "sum",
  "softmax": "sub",
  "layerNorm": "sub",
  "sort of a narrow dtype": "sort",
  "topk": "sort",
  "indexSelect": "cast",
  "embedding": "gather",
  "oneHot": "zeros",
  "scatterAdd": "scatter",
  "stack": "cat",
  "pad": "embed",
  "repeat": "cast",
  "flip": "cast",
  "tril": "where",
  "conv2d": "conv",
  "convTranspose2d": "convInputGrad",
  "avgPool2d": "sumPool",
  "maxPool2d": "maxPool",
  "attention": "empty",
  "crossEntropy": "sub",
  "a gradient": "mul",
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
  "rows": (device) => F.layerNorm(one(device, [2 ** 12, 2 ** 13]).softmax(1), [2 ** 13]),
  "scans": (device) => one(device, [count]).cumsum(0),
  "sorts": (device) => one(device, [count]).sort(0),
  "gather": (device) => one(device, [count]).gather(0, zeros([count], { device, dtype: "int32" })),
  "scatter": (device) =>
    one(device, [count - 4]).scatterAdd(0, zeros([count], { device, dtype: "int32" }), one(device, [count])),
  "random numbers": (device) => rand([count], { device }),
  "products": (device) => one(device, [2 ** 12, 2 ** 13]).matmul(one(device, [2 ** 13, 2 ** 12])),
  "products of long vectors": (device) => one(device, [count]).dot(one(device, [count])),
  "convolutions and their gradients": (device) => {
    const [x, w] = [[128, 64, 64, 64], [64, 64, 3, 3]].map((shape) => one(device, shape).requiresGrad_());
    for (const stride of [1, 2, 4]) F.conv2d(x!, w!, { padding: 1, stride }).sum().backward();
  },
  "depthwise convolutions": (device) => {
    const [x, w] = [[128, 64, 64, 64], [64, 1, 3, 3]].map((shape) => one(device, shape).requiresGrad_());
    F.conv2d(x!, w!, { padding: 1, groups: 64 }).sum().backward();
  },
  "pooling": (device) => {
    const x = one(device, [128, 64, 64, 64]).requiresGrad_();
    F.maxPool2d(x, 2).sum().add(F.avgPool2d(x, 3, { stride: 1, padding: 1 }).sum()).backward();
  },
  "embeddings": (device) => {
    const table = one(device, [2 ** 12, 2 ** 13]).requiresGrad_();
    F.embedding(index(device, 2 ** 12), table).sum().backward();
  },
  "attention": (device) => {
    const [q, k, v] = [1, 2, 3].map(() => one(device, [2 ** 7, 2 ** 10, 2 ** 6]).requiresGrad_());
    F.scaledDotProductAttention(q!, k!, v!, { isCausal: true }).sum().backward();
  },
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
