import { type Device, type DType, manualSeed, randn, zeros } from "@heddle/tensor";
import type { RandomAttrs } from "@heddle/tensor/backend";
import { describe, expect, test } from "vitest";
import { gpu } from "../../testing/gpu_device.ts";

/** The bytes of a zeroed buffer after a device has drawn into the middle of it. */
function drawnBytes(device: Device | string, attrs: RandomAttrs, offset: number): Uint8Array<ArrayBuffer> {
  const { backend } = typeof device === "string" ? randn([1], { device }).device : device;
  const { dtype, shape } = attrs;
  const bytes = 4 * (shape[0]! + 8);
  const buffer = backend.alloc(bytes);
  backend.write(buffer, 0, new Uint8Array(bytes));
  const program = backend.prepare({
    kind: "routine",
    name: "random",
    inputs: [],
    outputs: [{ dtype, shape, strides: [1] }],
    attrs,
  });
  backend.dispatch(program, [], [{ buffer, offset }], []);
  const result = backend.read(buffer, 0, bytes);
  backend.free(buffer);
  return result;
}

const keys: readonly (readonly [number, number])[] = [[0, 0], [7, 0], [0xdeadbeef, 0x1fffff]];
const counters = [0, 1, 2 ** 32 - 3, 2 ** 32, 2 ** 52 - 1];

describe.skipIf(gpu === null)("random tensors on the GPU", () => {
  const kinds: [RandomAttrs["distribution"], DType][] = [
    ["bits", "int32"],
    ["bits", "int16"],
    ["bits", "uint8"],
    ["uniform", "float32"],
    ["uniform", "float16"],
    ["uniform", "bfloat16"],
  ];
  test.each(kinds)("%s of %s equal the reference's, bit for bit", (distribution, dtype) => {
    if (!gpu!.backend.supports(dtype)) return;
    for (const key of keys) {
      for (const counter of counters) {
        for (const count of [1, 3, 15, 16, 100]) {
          const attrs: RandomAttrs = { distribution, dtype, shape: [count], key, counter };
          for (const offset of [0, 1]) {
            expect(drawnBytes(gpu!, attrs, offset)).toEqual(drawnBytes("reference", attrs, offset));
          }
        }
      }
    }
  });

  test("normal numbers agree with the reference up to rounding", () => {
    for (const key of keys) {
      for (const counter of counters) {
        const attrs: RandomAttrs = { distribution: "normal", dtype: "float32", shape: [2001], key, counter };
        const [a, b] = [gpu!, "reference"].map((device) => new Float32Array(drawnBytes(device, attrs, 2).buffer));
        b!.forEach((value, i) => {
          if (!(Math.abs(a![i]! - value) <= 2e-6)) expect.fail(`element ${i} is ${a![i]}, expected ${value}`);
        });
      }
    }
  });

  test("a view is filled in the order of its elements", () => {
    const fill = (device: Device | string): unknown => {
      manualSeed(5);
      const x = zeros([4, 10], { device });
      x.t().narrow(0, 3, 5).uniform_();
      return x.toArray();
    };
    expect(fill(gpu!)).toEqual(fill("reference"));
  });

  test("moments, and the position in the stream afterwards", () => {
    manualSeed(3);
    const x = randn([400_000], { device: gpu! });
    expect(Math.abs(x.mean().item())).toBeLessThan(0.01);
    expect(Math.abs(x.std().item() - 1)).toBeLessThan(0.01);
    const next = randn([5], { device: gpu! }).toArray<number[]>();
    manualSeed(3);
    randn([400_000], { device: "cpu" });
    const wanted = randn([5], { device: "cpu" }).toArray<number[]>();
    next.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
    expect(randn([0], { device: gpu! }).toArray()).toEqual([]);
  });
});
