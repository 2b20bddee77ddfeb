import { noGrad } from "@heddle/autograd";
import { manualSeed, rand, randn } from "@heddle/tensor";
import { expect, test } from "vitest";
import { Vae } from "./vae.ts";

test("the divergence is the one of codes drawn from both distributions", () => {
  manualSeed(0);
  const vae = new Vae(3);
  noGrad(() => {
    vae.logVariance.bias!.copy_(randn([3]));
    vae.mean.bias!.copy_(randn([3]));
    const images = rand([1, 1, 28, 28]);
    const { mean, logVariance } = vae.encode(images);
    const sigma = logVariance.mul(0.5).exp();
    // E over q of ln q(z) − ln p(z), from many draws.
    const z = randn([200_000, 3]).mul(sigma).add(mean);
    const logQ = z.sub(mean).div(sigma).square().add(logVariance).mul(-0.5).sum(1);
    const logP = z.square().mul(-0.5).sum(1);
    expect(vae.cost(images).divergence.item()).toBeCloseTo(logQ.sub(logP).mean().item(), 1);
  });
});

test("a network that knows nothing costs ln 2 a pixel, and its codes say nothing", () => {
  const vae = new Vae(2);
  noGrad(() => {
    for (const parameter of vae.parameters()) parameter.zero_();
    // Every pixel has probability 1/2, whatever the picture.
    const { reconstruction, divergence } = vae.cost(rand([5, 1, 28, 28]));
    expect(reconstruction.item()).toBeCloseTo(5 * 784 * Math.log(2), 1);
    expect(divergence.item()).toBeCloseTo(0);
  });
});
