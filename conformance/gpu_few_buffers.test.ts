/** Layers train on a GPU that binds no more buffers than WebGPU guarantees: on an adapter that computes nothing but checks the limits. */
import "@heddle/autograd";
import { webgpu } from "@heddle/gpu";
import { BatchNorm2d, Conv2d } from "@heddle/nn";
import { ones, scope } from "@heddle/tensor";
import { expect, test } from "vitest";
import { fakeAdapter } from "../packages/gpu/src/testing/fake_adapter.ts";

const device = await webgpu({ name: "few buffers", adapter: fakeAdapter().adapter });

test.each(["none", "relu"] as const)(
  "batch normalisation, with an addend and without, activation: %s",
  (activation) => {
    expect(device.backend.mostBuffers).toBe(8);
    for (const shortcut of [false, true]) {
      using _ = scope();
      const [conv, norm] = [new Conv2d(3, 4, 1), new BatchNorm2d(4)];
      for (const layer of [conv, norm]) layer.to(device);
      const x = ones([2, 3, 5, 5], { device });
      const residual = shortcut ? ones([2, 4, 5, 5], { device, requiresGrad: true }) : undefined;
      norm.after(conv, x, residual === undefined ? { activation } : { activation, residual }).sum().backward();
      expect(norm.weight!.grad!.shape).toEqual([4]);
      if (residual !== undefined) expect(residual.grad!.shape).toEqual([2, 4, 5, 5]);
    }
  },
);
