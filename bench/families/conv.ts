import { grad } from "@heddle/autograd";
import { conv2d, type Tensor } from "@heddle/tensor";
import { type Case, type Family, list, type Maker, size } from "../case.ts";
import { input, steady } from "./heddle_work.ts";

/** A layer's three convolutions: forward, and the gradients of its input and of its weight. */
export function convLayer(
  family: string,
  name: string,
  x: readonly number[],
  w: readonly number[],
  padding: number,
): Case[] {
  const [batch, , height, width] = x as [number, number, number, number];
  const [filters, channels, kernel] = w as [number, number, number, number];
  const outputs = batch * filters * (height + 2 * padding - kernel + 1) *
    (width + 2 * padding - kernel + 1);
  const amount = {
    of: 2 * outputs * channels * kernel ** 2,
    unit: "GFLOP/s",
  } as const;
  return [["forward", "conv"], ["input gradient", "conv dx"], [
    "weight gradient",
    "conv dw",
  ]].map(([what, kind]) => ({
    family,
    name: `${name} ${what}`,
    kind: kind!,
    sizes: { x, w, padding },
    // Weight gradients sum over batch and picture, 78,400 products at most.
    tolerance: 2e-5,
    amount,
  }));
}

/** Convolutions. */
export const conv: Family = {
  name: "conv",
  about: "convolutions of the digit networks",
  cases: [
    ...convLayer("conv", "lenet5 conv1 1→6", [100, 1, 28, 28], [6, 1, 5, 5], 2),
    ...convLayer(
      "conv",
      "lenet5 conv2 6→16",
      [100, 6, 14, 14],
      [16, 6, 5, 5],
      0,
    ),
    ...convLayer("conv", "lenet5 conv3 16→120", [100, 16, 5, 5], [
      120,
      16,
      5,
      5,
    ], 0),
    ...convLayer(
      "conv",
      "convnet conv1 1→32",
      [100, 1, 28, 28],
      [32, 1, 5, 5],
      0,
    ),
    ...convLayer(
      "conv",
      "convnet conv2 32→64",
      [100, 32, 8, 8],
      [64, 32, 5, 5],
      0,
    ),
  ],
};

/** Inputs and output gradient of a layer; only those in `needed` are tracked, so that only their gradients are computed. */
function layerOf(
  sizes: Parameters<Maker>[0],
  needed: "x" | "w" | null,
): [x: Tensor, w: Tensor, y: Tensor, g: Tensor] {
  const x = input(1, list(sizes, "x"), { requiresGrad: needed === "x" });
  const w = input(2, list(sizes, "w"), { requiresGrad: needed === "w" });
  const y = conv2d(x, w, { padding: size(sizes, "padding") });
  return [x, w, y, input(3, y.shape)];
}

/** Heddle's code for them. */
export const heddleConv: Readonly<Record<string, Maker>> = {
  conv(sizes) {
    const tensors = layerOf(sizes, null);
    const [x, w] = tensors;
    return steady(
      tensors,
      () => [conv2d(x, w, { padding: size(sizes, "padding") })],
    );
  },
  "conv dx"(sizes) {
    const tensors = layerOf(sizes, "x");
    const [x, , y, g] = tensors;
    return steady(
      tensors,
      () => grad([y], [x], { gradOutputs: [g], retainGraph: true }),
    );
  },
  "conv dw"(sizes) {
    const tensors = layerOf(sizes, "w");
    const [, w, y, g] = tensors;
    return steady(
      tensors,
      () => grad([y], [w], { gradOutputs: [g], retainGraph: true }),
    );
  },
};
