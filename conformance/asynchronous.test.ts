// Functions that are called back: an asynchronous callback is refused with a remedy, or awaited. Its rejection is
// always handled; otherwise the process would end and this run fail.
import {
  customFunction,
  enableGrad,
  gradcheck,
  gradgradcheck,
  hessian,
  jacobian,
  noGrad,
  setGradEnabled,
} from "@heddle/autograd";
import { DataLoader, Lambda, ParallelText } from "@heddle/data";
import { Linear } from "@heddle/nn";
import { LambdaLR, MultiplicativeLR, SGD } from "@heddle/optim";
import { fuse, fused, getDevice, ones, type Tensor, tensor, tidy } from "@heddle/tensor";
import { fusedSum, fusedUpdate } from "@heddle/tensor/engine";
import { registerDevice } from "@heddle/tensor/backend";
import { afterAll, describe, expect, test } from "vitest";

const leaf = (): Tensor => tensor([1, 2], { requiresGrad: true });
const double = (): Tensor => tensor([1, 2], { dtype: "float64", requiresGrad: true });

/** Functions with callbacks, called with an asynchronous one instead of a synchronous one. */
const callers: Record<string, (fn: () => never) => unknown> = {
  "tidy": (fn) => tidy(fn),
  "noGrad": (fn) => noGrad(fn),
  "enableGrad": (fn) => enableGrad(fn),
  "setGradEnabled": (fn) => setGradEnabled(false, fn),
  "fused": (fn) => fused("twice", fn)([ones([2])]),
  "fuse": (fn) => fuse("twice", [ones([2])], fn),
  "fusedSum": (fn) => fusedSum("twice", fn)([ones([2])], [0]),
  "fusedUpdate": (fn) => fusedUpdate("twice", fn)([ones([2])], []),
  "a device's backend": (fn) => {
    registerDevice("late", fn);
    getDevice("late");
  },
  "customFunction, forward": (fn) =>
    customFunction({ forward: fn as (_: unknown, x: Tensor) => Tensor, backward: () => null! })(leaf()),
  "customFunction, backward": (fn) =>
    customFunction({ forward: (_, x: Tensor) => x.mul(2), backward: fn })(leaf()).sum().backward(),
  "jacobian": (fn) => jacobian(fn, ones([2])),
  "hessian": (fn) => hessian(fn, ones([2])),
  "gradcheck": (fn) => gradcheck(fn, [double()]),
  "gradgradcheck": (fn) => gradgradcheck(fn, [double()]),
  "a tensor's hook": (fn) => {
    const x = leaf();
    x.registerHook(fn);
    x.sum().backward();
  },
  "a module's hook before forward": (fn) => {
    const layer = new Linear(2, 2);
    layer.registerForwardPreHook(fn);
    layer.forward(ones([1, 2]));
  },
  "a module's hook after forward": (fn) => {
    const layer = new Linear(2, 2);
    layer.registerForwardHook(fn);
    layer.forward(ones([1, 2]));
  },
  "Module.apply": (fn) => new Linear(2, 2).apply(fn),
  "the closure of an optimiser's step": (fn) => new SGD([leaf()]).step(fn),
  "LambdaLR": (fn) => new LambdaLR(new SGD([leaf()]), { lrLambda: fn }),
  "MultiplicativeLR": (fn) => new MultiplicativeLR(new SGD([leaf()]), { lrLambda: fn }).step(),
  "a transform": (fn) => new Lambda(fn).apply(ones([2])),
  "ParallelText.filter": (fn) => new ParallelText([["a", "b"]]).filter(fn),
  "collate, in a loop that does not await": (fn) => [...new DataLoader([1, 2], { collate: fn })],
};

describe.each(Object.entries(callers))("%s", (_, call) => {
  test.each([
    ["fails", async () => await Promise.reject(new Error("on purpose"))],
    ["does not fail", async () => await Promise.resolve(1)],
  ])("refuses a function that is asynchronous and %s", (_, fn) => {
    expect(() => call(fn as unknown as () => never)).toThrow(/asynchronous; \w+|returns promises; use/);
  });
});

// Rejections are reported one turn later.
afterAll(() => new Promise((resolve) => setTimeout(resolve, 20)));

test("collate may be asynchronous in a loop that awaits", async () => {
  const loader = new DataLoader([1, 2, 3], {
    batchSize: 2,
    collate: async (samples) => await Promise.resolve(samples),
  });
  const batches: unknown[] = [];
  for await (const batch of loader) batches.push(batch);
  expect(batches).toEqual([[1, 2], [3]]);
  const failing = new DataLoader([1], { collate: async () => await Promise.reject(new Error("on purpose")) });
  await expect(failing[Symbol.asyncIterator]().next()).rejects.toThrow("on purpose");
});
