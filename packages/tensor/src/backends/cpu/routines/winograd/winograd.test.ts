import { afterAll, expect, test } from "vitest";
import type { Attrs } from "../../../../prims/attrs.ts";
import { routineRules } from "../../../../prims/routines.ts";
import { contiguousStrides, sizeOf } from "../../../../shape.ts";
import * as reference from "../../../reference/conv.ts";
import { Engine } from "../../engine.ts";
import {
  compare,
  fromHeap,
  onHeap,
  randomOperand,
  seeded,
  type StorageLayout,
} from "../../testing/reference_comparison.ts";
import { conv } from "../conv/conv.ts";
import { convForward } from "../conv/conv_forward.ts";
import { planned } from "../plan_cache.ts";
import { convByTiles, convGradByTiles } from "./winograd.ts";
import { convGradOfWeightByTiles } from "./winograd_grad.ts";

const engine = new Engine({}, 1);
const several = new Engine({}, 3);
afterAll(() => several.close());

type Sizes = readonly [
  batch: number,
  channels: number,
  filters: number,
  height: number,
  width: number,
  padding: number,
];

/** Errors of tiles are about twice those of plain sums: see the last test. */
const slack = 2;

/** The routine under test: only the tiles, which must accept the work. */
const taken = (did: boolean): void => expect(did).toBe(true);

/** Compares all three products by tiles with those of the reference. */
function check(
  [batch, channels, filters, height, width, padding]: Sizes,
  layout: StorageLayout = "contiguous",
  on = engine,
) {
  const attrs = { stride: [1, 1], padding: [padding, padding], dilation: [1, 1], groups: 1 };
  const random = seeded(batch + channels + filters + height);
  const x = randomOperand(random, "float32", [batch, channels, height, width], layout);
  const w = randomOperand(random, "float32", [filters, channels, 3, 3], "contiguous");
  const bias = randomOperand(random, "float32", [filters], "contiguous");
  const { shape } = routineRules.conv.outputs([x, w], attrs)[0]!;
  const g = randomOperand(random, "float32", shape, "contiguous");
  const forward = (attrs: Attrs["conv"], more: typeof bias[]) =>
    compare(on, {
      name: "conv",
      routine: planned((plan, [x, w, bias], [y], attrs) => taken(convByTiles(plan, x!, w!, y!, attrs, bias))),
      inputs: [x, w, ...more],
      attrs,
      terms: channels * 9,
      slack,
    });
  return [
    ...forward(attrs, []),
    ...forward({ ...attrs, activation: "relu" }, [bias]),
    ...compare(on, {
      name: "convInputGrad",
      routine: planned((plan, [g, w], [x], attrs) => taken(convGradByTiles(plan, x!, w!, g!, attrs))),
      inputs: [g, w],
      attrs: { ...attrs, inputSize: [height, width] },
      terms: filters * 9,
      slack,
    }),
    ...compare(on, {
      name: "convWeightGrad",
      routine: planned((plan, [g, x], [w], attrs) => taken(convGradOfWeightByTiles(plan, x!, w!, g!, attrs))),
      inputs: [g, x],
      attrs: { ...attrs, kernelSize: [3, 3] },
      terms: batch * sizeOf(shape.slice(2)),
      slack,
    }),
  ];
}

const sizes: readonly Sizes[] = [
  [2, 16, 16, 16, 16, 1],
  [16, 8, 8, 4, 4, 1],
  [1, 8, 9, 17, 19, 1],
  [1, 13, 10, 24, 15, 0],
  [1, 9, 31, 23, 18, 2],
  [3, 17, 8, 11, 13, 1],
  [2, 65, 70, 14, 15, 2],
  [5, 34, 22, 9, 10, 0],
  [1, 16, 16, 90, 61, 1],
  [1, 12, 8, 40, 400, 1],
];

test("odd sizes, paddings, single images, channels in no multiples of vectors", () => {
  for (const each of sizes) check(each);
});

test("images of any strides between their rows", () => {
  for (const each of sizes.slice(0, 4)) {
    const [batch, channels, filters, height, width, padding] = each;
    const random = seeded(3);
    // Rows and channels of a wider image, and images in another order than in memory.
    const whole = randomOperand(random, "float32", [channels, batch, height + 2, width + 5], "contiguous");
    const [c, n, h] = whole.strides as [number, number, number];
    const x = { ...whole, shape: [batch, channels, height, width], strides: [n, c, h, 1], offset: whole.offset + 7 };
    const w = randomOperand(random, "float32", [filters, channels, 3, 3], "contiguous");
    const attrs = { stride: [1, 1], padding: [padding, padding], dilation: [1, 1], groups: 1 };
    compare(engine, {
      name: "conv",
      routine: planned((plan, [x, w], [y], attrs) => taken(convByTiles(plan, x!, w!, y!, attrs))),
      inputs: [x, w],
      attrs,
      terms: channels * 9,
      slack,
    });
    const { shape } = routineRules.conv.outputs([x, w], attrs)[0]!;
    compare(engine, {
      name: "convWeightGrad",
      routine: planned((plan, [g, x], [w], attrs) => taken(convGradOfWeightByTiles(plan, x!, w!, g!, attrs))),
      inputs: [randomOperand(random, "float32", shape, "contiguous"), x],
      attrs: { ...attrs, kernelSize: [3, 3] },
      terms: batch * sizeOf(shape.slice(2)),
      slack,
    });
  }
});

test("NaN spreads within its tiles only", () => {
  const random = seeded(4);
  const x = randomOperand(random, "float32", [2, 8, 16, 16], "contiguous");
  const w = randomOperand(random, "float32", [8, 8, 3, 3], "contiguous");
  x.data[x.offset + 6 * 16 + 5] = NaN; // reached by outputs of rows 5 to 7 and columns 4 to 6: one tile
  const attrs = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1, activation: "relu" as const };
  const [output] = routineRules.conv.outputs([x, w], attrs);
  const y = onHeap(engine, randomOperand(random, "float32", output!.shape, "contiguous"));
  const inputs = [x, w].map((operand) => onHeap(engine, operand));
  conv(engine, inputs, [y], attrs);
  const values = fromHeap(engine, y);
  for (let i = 0; i < values.length; i++) {
    const [row, column, image] = [Math.floor(i / 16) % 16, i % 16, Math.floor(i / (8 * 256))];
    const near = image === 0 && row >= 4 && row < 8 && column >= 4 && column < 8;
    expect(Number.isNaN(values[i])).toBe(near);
  }
  for (const operand of [...inputs, y]) operand.release();
});

test("rounding errors are about twice those of plain sums", () => {
  const random = seeded(9);
  const [channels, filters, size] = [32, 16, 16];
  const x = randomOperand(random, "float32", [2, channels, size, size], "contiguous");
  const w = randomOperand(random, "float32", [filters, channels, 3, 3], "contiguous");
  const attrs = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };
  const output = routineRules.conv.outputs([x, w], attrs)[0]!;
  const run = (routine: typeof convByTiles | typeof convForward): Float64Array => {
    const y = onHeap(engine, randomOperand(random, "float32", output.shape, "contiguous"));
    const inputs = [x, w].map((operand) => onHeap(engine, operand));
    planned<"conv">((plan, [x, w], [y], attrs) => taken(routine(plan, x!, w!, y!, attrs)))(engine, inputs, [y], attrs);
    const values = Float64Array.from(fromHeap(engine, y) as Float32Array);
    for (const operand of [...inputs, y]) operand.release();
    return values;
  };
  const exact = {
    ...output,
    data: new Float64Array(sizeOf(output.shape)),
    strides: contiguousStrides(output.shape),
    offset: 0,
  };
  const wide = [x, w].map((operand) => ({
    ...operand,
    dtype: "float64" as const,
    data: Float64Array.from(operand.data as Float32Array),
  }));
  reference.conv(wide, [{ ...exact, dtype: "float64" }], attrs);
  const error = (values: Float64Array): number =>
    Math.hypot(...values.map((value, i) => value - exact.data[i]!)) / Math.hypot(...exact.data);
  const [tiles, plain] = [error(run(convByTiles)), error(run(convForward))];
  expect(plain).toBeGreaterThan(0);
  expect(tiles).toBeLessThan(3 * plain);
  expect(tiles).toBeLessThan(1e-6);
});

test("bit for bit the same on several threads", () => {
  several.ready(300_000);
  for (const each of sizes) expect(check(each)).toEqual(check(each, "contiguous", several));
});
