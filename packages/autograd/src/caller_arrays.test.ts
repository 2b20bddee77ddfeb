import "./mod.ts";
import { expect, test } from "vitest";
import {
  adaptiveAvgPool1d,
  avgPool2d,
  cat,
  conv2d,
  convTranspose2d,
  empty,
  fromTypedArray,
  full,
  getDevice,
  maxPool2d,
  ones,
  pad,
  randint,
  randn,
  stack,
  type Tensor,
  tensor,
  zeros,
} from "@heddle/tensor";
import { normalize, rmsNormalize } from "@heddle/tensor/engine";

/** Overwrites all arrays among the arguments of a call, after it has returned. */
function spoil(args: readonly unknown[]): void {
  for (const arg of args) {
    if (Array.isArray(arg)) arg.fill(1000);
    else if (typeof arg === "object" && arg !== null && Object.getPrototypeOf(arg) === Object.prototype) {
      spoil(Object.values(arg));
    }
  }
}

const image = (): Tensor => tensor(Array.from({ length: 32 }, (_, i) => i % 7)).reshape(1, 2, 4, 4);

/** Calls that take arrays. The gradient is with respect to the first argument. */
const calls: Record<string, { readonly x?: () => Tensor; readonly args: () => unknown[]; readonly call: unknown }> = {
  view: { args: () => [[4, 8]], call: "view" },
  reshape: { args: () => [[-1, 8]], call: "reshape" },
  expand: { args: () => [[3, 2, 4, 4]], call: "expand" },
  permute: { args: () => [[3, 1, 0, 2]], call: "permute" },
  movedim: { args: () => [[0, 1], [2, 3]], call: "movedim" },
  squeeze: { args: () => [[0]], call: "squeeze" },
  unflatten: { args: () => [3, [2, 2]], call: "unflatten" },
  flip: { args: () => [[0, 2]], call: "flip" },
  roll: { args: () => [[1, 2], [2, 3]], call: "roll" },
  repeat: { args: () => [[1, 2, 1, 2]], call: "repeat" },
  tile: { args: () => [[2, 1]], call: "tile" },
  sum: { args: () => [[1, 3], { keepdim: true }], call: "sum" },
  mean: { args: () => [[1, 3]], call: "mean" },
  amax: { args: () => [[1, 3]], call: "amax" },
  var: { args: () => [[1, 3]], call: "var" },
  norm: { args: () => [2, [1, 3]], call: "norm" },
  logsumexp: { args: () => [[1, 3]], call: "logsumexp" },
  pad: { args: () => [[1, 1, 2, 0]], call: pad },
  "pad, mirrored": { args: () => [[1, 1, 2, 0], { mode: "reflect" }], call: pad },
  conv2d: {
    args: () => [ones([3, 2, 2, 2]), { stride: [1, 2], padding: [1, 1], dilation: [1, 1] }],
    call: conv2d,
  },
  convTranspose2d: {
    args: () => [ones([2, 3, 2, 2]), { stride: [2, 2], padding: [1, 0], outputPadding: [1, 0] }],
    call: convTranspose2d,
  },
  maxPool2d: { args: () => [[2, 2], { stride: [1, 1], padding: [1, 0], dilation: [1, 1] }], call: maxPool2d },
  avgPool2d: { args: () => [[2, 2], { stride: [1, 1], padding: [1, 0], countIncludePad: false }], call: avgPool2d },
  adaptiveAvgPool1d: { x: () => image().reshape(1, 2, 16), args: () => [[3]], call: adaptiveAvgPool1d },
  normalize: { args: () => [[3], { eps: 0.1 }], call: (...a: Parameters<typeof normalize>) => normalize(...a).result },
  rmsNormalize: { args: () => [[3], { eps: 0.1 }], call: rmsNormalize },
};

test.each(Object.keys(calls))("%s keeps no array of the caller's, nor does its gradient", (name) => {
  const { x = image, args, call } = calls[name]!;
  const run = (spoils: boolean): unknown[] => {
    const input = x();
    input.requiresGrad = true;
    const given = args();
    const result = typeof call === "string"
      ? (input[call as keyof Tensor] as unknown as (...args: unknown[]) => Tensor).apply(input, given)
      : (call as (...args: unknown[]) => Tensor)(input, ...given);
    if (spoils) spoil(given);
    const view = result.mul(2);
    result.square().sum().backward();
    return [result.shape, result.strides, result.toArray(), view.toArray(), input.grad!.toArray()];
  };
  expect(run(true)).toEqual(run(false));
});

test("arrays of tensors are not kept", () => {
  const [a, b] = [ones([2], { requiresGrad: true }), ones([2], { requiresGrad: true })];
  for (const join of [cat, stack]) {
    const list = [a, b];
    const joined = join(list);
    list.length = 0;
    joined.sum().backward();
  }
  expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([[2, 2], [2, 2]]);
});

test.each(["cpu", "reference"])("shapes that tensors are made of are not kept (%s)", (device) => {
  const makers: Record<string, (shape: number[]) => Tensor> = {
    fromTypedArray: (shape) => fromTypedArray(new Float32Array(4).fill(3), shape, { device }),
    "fromTypedArray, cast": (shape) => fromTypedArray(new Float64Array(4).fill(3), shape, { device, dtype: "float16" }),
    empty: (shape) => empty(shape, { device }),
    zeros: (shape) => zeros(shape, { device }),
    full: (shape) => full(shape, 3, { device }),
    randn: (shape) => randn(shape, { device }),
    randint: (shape) => randint(0, 5, shape, { device }),
  };
  for (const [name, make] of Object.entries(makers)) {
    const shape = [2, 2];
    const made = make(shape);
    shape[0] = 1000;
    expect([made.shape, made.numel, made.add(1).shape], name).toEqual([[2, 2], 4, [2, 2]]);
  }
});

test("memory that a caller shares and then gives away is missed by name", () => {
  const on = { device: "reference" };
  const missed = /transferred or resized; make the tensor of a copy/;
  const moved = new Float32Array(4).fill(3);
  const x = fromTypedArray(moved, [4], on);
  moved[0] = 5;
  expect(x.toArray()).toEqual([5, 3, 3, 3]); // shared
  structuredClone(moved.buffer, { transfer: [moved.buffer] });
  for (const use of [() => x.add(1), () => x.toArray(), () => x.fill_(1), () => x.sum(), () => x.cumsum(0)]) {
    expect(use).toThrow(missed);
  }
  x.dispose();
  expect(fromTypedArray(new Float32Array(0), [0], on).add(1).toArray()).toEqual([]);
  // Parts of a buffer, at any multiple of their elements' size.
  const bytes = new Uint8Array(41).fill(1);
  expect(fromTypedArray(new Float32Array(bytes.buffer, 4, 5), [5], on).shape).toEqual([5]);
  expect(fromTypedArray(bytes.subarray(3, 9), [6], on).sum().item()).toBe(6);
  expect(getDevice("cpu").backend.adopt(bytes)).toBeNull(); // copies
  if (!("resizable" in ArrayBuffer.prototype)) return;
  const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer & {
    resize(bytes: number): void;
  };
  const buffer = new Resizable(16, { maxByteLength: 64 });
  const y = fromTypedArray(new Float32Array(buffer), [4], on);
  buffer.resize(64);
  expect(y.add(1).toArray()).toEqual([1, 1, 1, 1]);
  buffer.resize(8);
  expect(() => y.add(1)).toThrow(missed);
});
