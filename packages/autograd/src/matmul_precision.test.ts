import { linear } from "@heddle/tensor/engine";
import { manualSeed, randn, setMatmulPrecision, type Tensor } from "@heddle/tensor";
import { afterEach, expect, test } from "vitest";
import "./mod.ts";

afterEach(() => setMatmulPrecision("highest"));

/** What a product of rounded operands is. */
function rounded(a: Tensor, b: Tensor): Tensor {
  return a.detach().to("bfloat16").double().matmul(b.detach().to("bfloat16").double());
}

function difference(a: Tensor, b: Tensor): number {
  return a.detach().double().sub(b).abs().max().item() as number;
}

test("gradients of products round their operands too, by the setting when they are computed", () => {
  manualSeed(3);
  const [a, b] = [randn([33, 40], { requiresGrad: true }), randn([40, 19], { requiresGrad: true })];
  const g = randn([33, 19]);
  setMatmulPrecision("medium");
  const product = a.matmul(b);
  product.backward(g, { retainGraph: true });
  expect(difference(product, rounded(a, b))).toBeLessThan(1e-4);
  expect(difference(a.grad!, rounded(g, b.t()))).toBeLessThan(1e-4);
  expect(difference(b.grad!, rounded(a.t(), g))).toBeLessThan(1e-4);

  setMatmulPrecision("highest");
  a.grad = null;
  product.backward(g);
  expect(difference(a.grad!, g.double().matmul(b.detach().t().double()))).toBeLessThan(1e-4);
});

test("linear layers round rows and weight, and neither the bias nor what follows", () => {
  manualSeed(4);
  const [x, weight, bias] = [randn([6, 4, 40]), randn([21, 40]), randn([21])];
  setMatmulPrecision("medium");
  const want = rounded(x.flatten(0, 1), weight.t()).add(bias.double()).relu().reshape([6, 4, 21]);
  expect(difference(linear(x, weight, { bias, activation: "relu" }), want)).toBeLessThan(1e-4);
});
