/** Convolutions by Winograd's algorithm, which kernels for GPUs use from 128 channels on, against plain sums. */
import { type Device, manualSeed, randn, scope, type Tensor } from "@heddle/tensor";
import { type Attrs, type ConvAttrs, type RoutinePrim } from "@heddle/tensor/backend";
import { apply } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import { webgpu } from "../../mod.ts";
import { fakeAdapter } from "../../testing/fake_adapter.ts";
import { gpu } from "../../testing/gpu_device.ts";
import { devices } from "../../testing/reference_comparison.ts";

const attrs = (padding: readonly number[], stride = 1, groups = 1): ConvAttrs => ({
  ...{ stride: [stride, stride], dilation: [1, 1] },
  ...{ padding, groups },
});

/** The sizes of a convolution, and what it and its gradients are of inputs that a function makes. */
interface Case {
  readonly x: readonly number[];
  readonly filters: number;
  readonly padding: readonly number[];
}

function results(
  { x: [n, c, height, width], filters, padding }: Case,
  make: (shape: number[], turned: boolean) => Tensor,
  activation?: "relu",
): Tensor[] {
  const [x, w] = [make([n!, c!, height!, width!], false), make([filters, c!, 3, 3], true)];
  const bias = make([filters], false);
  const conv = apply("conv", [x, w, bias], { ...attrs(padding), ...(activation ? { activation } : {}) });
  const g = make([n!, filters, height! + 2 * padding[0]! - 2, width! + 2 * padding[1]! - 2], true);
  return [
    conv,
    apply("convInputGrad", [g, w], { ...attrs(padding), inputSize: [height!, width!] }),
    apply("convWeightGrad", [g, x], { ...attrs(padding), kernelSize: [3, 3] }),
  ];
}

describe.skipIf(gpu === null)("Winograd's algorithm", () => {
  test.each<Case>([
    { x: [2, 128, 32, 32], filters: 128, padding: [1, 1] },
    { x: [8, 192, 15, 14], filters: 112, padding: [1, 1] },
    { x: [8, 128, 16, 13], filters: 130, padding: [0, 2] },
  ])("$x with $filters filters", (sizes) => {
    for (const activation of [undefined, "relu"] as const) {
      const computed = devices.map((device) => {
        using _ = scope();
        manualSeed(7);
        const make = (shape: number[], turned: boolean): Tensor => {
          const x = randn(turned ? [...shape].reverse() : shape, { device: "cpu" }).to(device);
          return turned ? x.permute(shape.map((_, d) => shape.length - 1 - d)) : x;
        };
        return results(sizes, make, activation).map((x) => x.toTypedArray() as Float32Array);
      });
      computed[0]!.forEach((wanted, i) => {
        const found = computed[1]![i]!;
        const scale = Math.sqrt(wanted.reduce((sum, x) => sum + x * x, 0) / wanted.length);
        const errors = wanted.map((x, k) => Math.abs(x - found[k]!) / scale);
        expect(Math.max(...errors.subarray(0, 10_000)), `result ${i}`).toBeLessThan(3e-5);
        expect(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length), `result ${i}`).toBeLessThan(4e-6);
        // Not the same kernels.
        expect(errors.some((e) => e > 0), `result ${i}`).toBe(true);
      });
    }
  });
});

describe("which convolutions are computed by Winograd's algorithm", () => {
  const keysOf = async (
    call: (make: (...shape: number[]) => Tensor) => unknown,
    description = "a GPU that computes nothing",
    dtype: "float32" | "float16" = "float32",
  ): Promise<boolean> => {
    const { adapter, sources } = fakeAdapter({ description });
    const device: Device = await webgpu({ name: "nothing", adapter });
    using _ = scope();
    call((...shape) => randn([1], { device: "cpu" }).to(device).to(dtype).expand(shape));
    return [...sources.keys()].some((key) => key.startsWith("winograd"));
  };
  const conv = <P extends RoutinePrim>(prim: P, a: number[], b: number[], given: Attrs[P]) =>
  (
    make: (...shape: number[]) => Tensor,
  ): unknown => apply(prim as "conv", [make(...a), make(...b)], given as Attrs["conv"]);

  test("those with many channels, and their gradients", async () => {
    const [x, w, same] = [[128, 128, 8, 8], [256, 128, 3, 3], attrs([1, 1])];
    const g = [128, 256, 8, 8];
    expect(await keysOf(conv("conv", x, w, same))).toBe(true);
    expect(await keysOf(conv("convInputGrad", g, w, { ...same, inputSize: [8, 8] }))).toBe(true);
    expect(await keysOf(conv("convWeightGrad", g, x, { ...same, kernelSize: [3, 3] }))).toBe(true);
  });

  test("not those for which it is slower, less exact or larger than a binding", async () => {
    const same = attrs([1, 1]);
    const w = [256, 256, 3, 3];
    const none: [string, Promise<boolean>][] = [
      ["few channels", keysOf(conv("conv", [128, 64, 8, 8], [64, 64, 3, 3], same))],
      ["few tiles", keysOf(conv("conv", [4, 256, 8, 8], w, same))],
      ["tiles that are mostly padding", keysOf(conv("conv", [512, 256, 2, 2], w, same))],
      ["strides", keysOf(conv("conv", [128, 256, 8, 8], w, attrs([1, 1], 2)))],
      ["groups", keysOf(conv("conv", [128, 256, 8, 8], [256, 128, 3, 3], attrs([1, 1], 1, 2)))],
      ["5×5", keysOf(conv("conv", [128, 256, 8, 8], [256, 256, 5, 5], attrs([2, 2])))],
      ["float16", keysOf(conv("conv", [128, 256, 8, 8], w, same), undefined, "float16")],
      ["much memory", keysOf(conv("conv", [32, 256, 56, 56], w, same))],
      ["software", keysOf(conv("conv", [128, 256, 8, 8], w, same), "llvmpipe")],
    ];
    for (const [what, used] of none) expect(await used, what).toBe(false);
  });
});
