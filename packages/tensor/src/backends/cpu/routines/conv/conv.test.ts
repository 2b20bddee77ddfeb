import { afterAll, expect, test, vi } from "vitest";
import { type DType, dtypes, isFloat } from "../../../../dtype.ts";
import type { Attrs, ConvAttrs } from "../../../../prims/attrs.ts";
import { routineRules } from "../../../../prims/routines.ts";
import type { HostOperand } from "../../../reference/host_operand.ts";
import { Engine } from "../../engine.ts";
import { compare, randomOperand, seeded, type StorageLayout } from "../../testing/reference_comparison.ts";
import { convGradOfWeight } from "./conv_weight_grad.ts";
import { planned } from "../plan_cache.ts";
import { conv, convInputGrad, convWeightGrad } from "./conv.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 2);
afterAll(() => several.close());

interface Sizes extends ConvAttrs {
  readonly batch: number;
  /** Channels and filters of a group. */
  readonly channels: number;
  readonly filters: number;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
}

type Lies = readonly [StorageLayout, StorageLayout, StorageLayout];
const plain: Lies = ["contiguous", "contiguous", "contiguous"];

/** All three products of a geometry; the output with and without a bias and a rectifier. */
function check(seed: number, dtype: DType, sizes: Sizes, layouts: Lies = plain, on = engine): unknown[] {
  const { batch, channels, filters, input, kernel, stride, padding, dilation, groups } = sizes;
  const attrs = { stride, padding, dilation, groups };
  const random = seeded(seed);
  const xShape = [batch, channels * groups, ...input];
  const wShape = [filters * groups, channels, ...kernel];
  const x = randomOperand(random, dtype, xShape, layouts[0]);
  const w = randomOperand(random, dtype, wShape, layouts[1]);
  const { shape } = routineRules.conv.outputs([x, w], attrs)[0]!;
  const g = randomOperand(random, dtype, shape, layouts[0]);
  const taps = kernel.reduce((a, b) => a * b, 1);
  const positions = shape.slice(2).reduce((a, b) => a * b, 1);
  const outputLayout = layouts[2];
  const bias = randomOperand(random, dtype, [filters * groups], layouts[1]);
  const activation = isFloat(dtype) ? "relu" : "none";
  const forward = (more: readonly HostOperand[], attrs: Attrs["conv"]) =>
    compare(on, { name: "conv", routine: conv, inputs: [x, w, ...more], attrs, terms: channels * taps, outputLayout });
  return [
    ...forward([], attrs),
    ...forward([bias], { ...attrs, activation }),
    ...(seed % 2 === 0 ? forward([bias], attrs) : forward([], { ...attrs, activation })),
    ...compare(on, {
      name: "convInputGrad",
      routine: convInputGrad,
      inputs: [g, w],
      attrs: { ...attrs, inputSize: input },
      terms: filters * taps,
      outputLayout,
    }),
    ...compare(on, {
      name: "convWeightGrad",
      routine: convWeightGrad,
      inputs: [g, x],
      attrs: { ...attrs, kernelSize: kernel },
      terms: batch * positions,
      outputLayout,
    }),
  ];
}

/** A geometry in which a kernel fits. */
function randomSizes(random: () => number, dims: number, most: number): Sizes {
  const size = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const each = (make: () => number): number[] => Array.from({ length: dims }, make);
  const kernel = each(() => size(1, 4));
  const dilation = each(() => random() < 0.7 ? 1 : size(2, 3));
  const padding = each(() => random() < 0.5 ? 0 : size(1, 3));
  const stride = each(() => random() < 0.6 ? 1 : size(2, 4));
  const input = kernel.map((k, d) => Math.max(dilation[d]! * (k - 1) + 1 - 2 * padding[d]!, 1) + size(0, most));
  return {
    batch: size(1, 4),
    channels: size(1, 7),
    filters: size(1, 9),
    groups: random() < 0.7 ? 1 : size(2, 3),
    input,
    kernel,
    stride,
    padding,
    dilation,
  };
}

test("random geometries in one to three dimensions", () => {
  for (const [dims, most, count] of [[1, 30, 60], [2, 14, 150], [3, 6, 40]] as [number, number, number][]) {
    for (let seed = 0; seed < count; seed++) {
      check(seed, "float32", randomSizes(seeded(1000 * dims + seed), dims, most));
    }
  }
});

test("operands of any strides", () => {
  const layouts: readonly StorageLayout[] = ["contiguous", "permuted", "stepped", "repeated", "backwards"];
  for (let seed = 0; seed < 40; seed++) {
    const random = seeded(seed);
    const pick = (): StorageLayout => layouts[Math.floor(random() * layouts.length)]!;
    check(seed, "float32", randomSizes(random, 2, 9), [pick(), pick(), random() < 0.5 ? "permuted" : "stepped"]);
  }
});

test("every dtype", () => {
  for (const dtype of dtypes.filter((each) => each !== "bool")) {
    for (let seed = 0; seed < 12; seed++) check(seed, dtype, randomSizes(seeded(seed), 2, 10));
  }
});

const base = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
const networks: readonly Sizes[] = [
  { ...base, batch: 5, channels: 1, filters: 6, input: [28, 28], kernel: [5, 5], padding: [2, 2] },
  { ...base, batch: 5, channels: 6, filters: 16, input: [14, 14], kernel: [5, 5] },
  { ...base, batch: 4, channels: 1, filters: 32, input: [28, 28], kernel: [5, 5] },
  { ...base, batch: 20, channels: 32, filters: 64, input: [8, 8], kernel: [5, 5] },
  { ...base, batch: 2, channels: 16, filters: 24, input: [16, 16], kernel: [3, 3], padding: [1, 1] },
  { ...base, batch: 2, channels: 16, filters: 24, input: [15, 15], kernel: [3, 3], padding: [1, 1], stride: [2, 2] },
  { ...base, batch: 2, channels: 40, filters: 24, input: [9, 9], kernel: [1, 1] },
  { ...base, batch: 3, channels: 1, filters: 1, groups: 13, input: [17, 18], kernel: [3, 3], padding: [1, 1] },
  { ...base, batch: 3, channels: 1, filters: 2, groups: 5, input: [12, 12], kernel: [3, 3], stride: [2, 2] },
  { ...base, batch: 9, channels: 16, filters: 30, input: [5, 5], kernel: [5, 5] },
  { ...base, batch: 6, channels: 5, filters: 7, groups: 3, input: [2, 3], kernel: [2, 3] },
  { ...base, batch: 6, channels: 5, filters: 7, input: [3, 3], kernel: [3, 3], padding: [1, 1] },
];

test("the convolutions of networks", () => {
  networks.forEach((sizes, seed) => check(seed, "float32", sizes));
  networks.forEach((sizes, seed) => check(seed, "float64", sizes));
});

test("weight gradients in parts of the batch", () => {
  networks.slice(1).forEach(({ batch, channels, filters, input, kernel, groups, ...rest }, seed) => {
    const attrs = { ...rest, groups };
    const random = seeded(seed);
    const x = randomOperand(random, "float32", [batch, channels * groups, ...input], "contiguous");
    const w = randomOperand(random, "float32", [filters * groups, channels, ...kernel], "contiguous");
    const { shape } = routineRules.conv.outputs([x, w], attrs)[0]!;
    const g = randomOperand(random, "float32", shape, "contiguous");
    compare(engine, {
      name: "convWeightGrad",
      routine: planned((plan, [g, x], [w], attrs) => convGradOfWeight(plan, x!, w!, g!, attrs, 30_000)),
      inputs: [g, x],
      attrs: { ...attrs, kernelSize: kernel },
      terms: batch * shape.slice(2).reduce((a, b) => a * b, 1),
    });
  });
});

test("no images, and outputs that sum nothing", () => {
  check(1, "float32", { ...networks[0]!, batch: 0 });
  check(1, "float32", { ...networks[1]!, channels: 0 });
  check(1, "float32", { ...networks[1]!, filters: 0 });
});

test("NaN passes through a rectifier", () => {
  for (const sizes of networks) {
    if (sizes.channels >= 8 && sizes.kernel[0] === 3 && sizes.stride[0] === 1) continue; // tiles spread it: winograd.test.ts
    const random = seeded(4);
    const { batch, channels, filters, groups, input, kernel } = sizes;
    const x = randomOperand(random, "float32", [batch, channels * groups, ...input], "contiguous");
    const w = randomOperand(random, "float32", [filters * groups, channels, ...kernel], "contiguous");
    x.data[x.offset] = NaN;
    const attrs = { ...sizes, activation: "relu" as const };
    const [y] = compare(engine, { name: "conv", routine: conv, inputs: [x, w], attrs, terms: 800 });
    expect(y!.some(Number.isNaN)).toBe(true);
    expect(y!.some((value) => value === 0)).toBe(true);
  }
});

test("bit for bit the same on several threads", () => {
  several.ready(300_000);
  networks.forEach((sizes, seed) => {
    expect(check(seed, "float32", sizes)).toEqual(check(seed, "float32", sizes, plain, several));
  });
});

test.each([[[1, 1]], [[3, 3]]])("a kernel of %j shares its code between images of all sizes", (kernel) => {
  const engine = new Engine({}, 1);
  const compile = vi.spyOn(engine, "compile");
  const [stride, padding, dilation] = [[1, 1], [0, 0], [1, 1]];
  const sizes = { batch: 1, channels: 2, filters: 3, kernel, stride, padding, dilation, groups: 1 };
  for (let i = 0; i < 20; i++) check(i, "float32", { ...sizes, input: [9, 48 + i] }, plain, engine);
  const dots = compile.mock.calls.map(([key]) => key).filter((key) => key.startsWith("conv weight dot"));
  // One for each number of elements that are left after the loop over a row.
  expect(dots.length).toBeGreaterThan(0);
  expect(dots.length).toBeLessThanOrEqual(8);
});
