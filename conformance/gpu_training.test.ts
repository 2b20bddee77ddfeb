/** Training on the GPU in Deno: the losses equal the CPU's, a step is one submission, and memory returns to the pool. */
import "@heddle/autograd";
import { gpuReport } from "@heddle/gpu";
import { functional as F, Linear, ReLU, Sequential } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { defaultDevice, getDevice, ones, randn, scope, setDefaultDevice, zeros } from "@heddle/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { expectTrained } from "./browser/agreement.ts";
import { train } from "./browser/work.ts";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("the tests of training on the GPU");

const before = defaultDevice();
afterAll(() => setDefaultDevice(before));

/** Buffers that tensors hold. */
function inUse(): number {
  const { buffers, freeBuffers } = gpuReport(gpu!);
  return buffers - freeBuffers;
}

describe.skipIf(gpu === null)("training on a GPU", () => {
  test("a small LeNet's losses are the CPU's", async () => {
    const found = await train(gpu!, 20);
    expectTrained(found, await train(getDevice("cpu"), 20), 1e-4);
  });

  test("2,000 steps: one submission each; shaders, buffers and bytes stand still", { tags: ["long"] }, () => {
    setDefaultDevice(gpu!);
    const network = new Sequential(new Linear(20, 16), new ReLU(), new Linear(16, 4));
    const optimizer = new Adam(network.parameters(), { lr: 1e-3 });
    const [x, labels] = [randn([32, 20]), zeros([32], { dtype: "int32" })];
    let settled = gpuReport(gpu!);
    for (let step = 1; step <= 2000; step++) {
      {
        using _ = scope();
        const loss = F.crossEntropy(network.forward(x), labels);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        loss.item();
      }
      if (step === 10) settled = gpuReport(gpu!);
    }
    const { kernels, submits } = gpuReport(gpu!);
    expect(submits - settled.submits).toBe(1990);
    expect((kernels - settled.kernels) % 1990).toBe(0);
    expect(gpuReport(gpu!)).toEqual({ ...settled, kernels, submits });
  });

  test("the end of a scope gives its buffers back, and the next takes them", () => {
    const [start, { buffers }] = [inUse(), gpuReport(gpu!)];
    for (let round = 0; round < 3; round++) {
      const open = scope();
      const x = ones([70_000], { device: gpu! });
      x.add(1).mul(x);
      expect(inUse()).toBe(start + 3);
      open.end();
      expect(inUse()).toBe(start);
      expect(gpuReport(gpu!).buffers - buffers).toBeLessThanOrEqual(3);
    }
  });

  test("backward gives back what the tape held, as soon as it is through", () => {
    const open = scope();
    for (const retainGraph of [true, false]) {
      const x = ones([1000], { device: gpu! }).requiresGrad_();
      const start = inUse();
      let y = x.tanh();
      for (let i = 0; i < 4; i++) {
        const next = y.tanh();
        y.dispose(); // the tape holds its memory
        y = next;
      }
      const loss = y.sum();
      y.dispose();
      expect(inUse()).toBe(start + 6);
      loss.backward(undefined, { retainGraph });
      const gradient = 1;
      expect(inUse()).toBe(start + gradient + (retainGraph ? 6 : 1));
    }
    open.end();
  });
});
