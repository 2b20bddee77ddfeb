/** Every optimiser on the GPU in Deno: its trajectory is the CPU's in float32. */
import "@heddle/autograd";
import * as optim from "@heddle/optim";
import { Optimizer } from "@heddle/optim";
import { type Device, Generator, getDevice, randn, scope, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";
import { loadFixtures } from "./load.ts";

type MakeOptimizer = new (params: Tensor[], options?: Record<string, unknown>) => Optimizer;

const gpu = await gpuFor("the tests of optimisers on the GPU");

/** Every optimiser that is exported, so that a new one is tested without a line here. */
const all = Object.entries(optim as unknown as Record<string, MakeOptimizer>).filter(([, value]) =>
  typeof value === "function" && value.prototype instanceof Optimizer
);

/**
 * The options in which the optimisers are recorded from PyTorch: every form of every formula. Those of LBFGS are left out, because its
 * result depends on the rounding of each loss: with strong Wolfe, lr 0.01 and 5 iterations, the parameters end up to 1.6 apart in
 * float32 on one CPU if the start changes by 6e-8. PyTorch's do the same, up to 0.9 from float64; in float64 they do it if each loss and
 * gradient is changed by 6e-8, and not if only the start is.
 */
const recorded = loadFixtures<{ name: string; optimizer?: string; options?: Record<string, unknown>; grads?: unknown }>(
  "optimisers",
).cases.filter(({ optimizer, options }) =>
  optimizer !== undefined && optimizer !== "LBFGS" && Object.keys(options ?? {}).length > 0
);

/** Two matrices, which also Muon takes, after some steps towards the minimum of a bowl with waves. */
function trained(device: Device, Make: MakeOptimizer, options: Record<string, unknown> = {}): number[] {
  const generator = new Generator(17);
  const [target, ...params] = [[4, 6], [4, 6], [6, 3]].map((shape) => randn(shape, { generator }).to(device));
  const [a, b] = params.map((param) => param.requiresGrad_()) as [Tensor, Tensor];
  const optimizer = new Make([a, b], options);
  for (let step = 0; step < 6; step++) {
    const open = scope();
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = a.sub(target!).square().mean().add(a.matmul(b).sin().mean()).add(b.square().mean());
      loss.backward();
      return loss;
    });
    open.end();
  }
  return [a, b].flatMap((x) => Array.from(x.toTypedArray(), Number));
}

function expectSame(Make: MakeOptimizer, options?: Record<string, unknown>): void {
  const [found, wanted] = [trained(gpu!, Make, options), trained(getDevice("cpu"), Make, options)];
  const start = trained(getDevice("cpu"), class extends optim.SGD {}, { lr: 0 });
  expect(wanted, "the steps do nothing").not.toEqual(start);
  found.forEach((value, i) => {
    const error = Math.abs(value - wanted[i]!);
    expect(error, `element ${i}: ${value}, not ${wanted[i]}`).toBeLessThanOrEqual(1e-4 + 3e-4 * Math.abs(wanted[i]!));
  });
}

describe.skipIf(gpu === null)("optimisers on a GPU", () => {
  test.each(all)("%s", (_, Make) => expectSame(Make));

  test.each(recorded.map((each) => [each.name, each] as const))(
    "%s",
    { tags: ["long"] },
    (_, { optimizer, options }) =>
      expectSame((optim as unknown as Record<string, MakeOptimizer>)[optimizer!]!, options),
  );
});
