/**
 * Imported operators against ONNX Runtime, where ONNX's own tests have few cases.
 *
 * @module-tag once
 */
import { importOnnx } from "@heddle/onnx";
import { Generator, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import {
  type Attribute,
  modelOf,
  type NodeFields,
  tensorOf,
  valueOf,
} from "../../packages/onnx/src/testing/build_model.ts";
import { hasRuntime, runModel } from "./runtime.ts";

type Numbers = Readonly<Record<string, readonly [dims: readonly number[], values: readonly (number | bigint)[]]>>;

async function expectSame(nodes: readonly NodeFields[], constants: Numbers, x: Tensor, opset = 17): Promise<void> {
  const initializers = Object.entries(constants).map(([name, [dims, values]]) =>
    tensorOf(name, dims, values as number[])
  );
  const bytes = modelOf({ nodes, initializers, inputs: [valueOf("x", "float32", x.shape)], opset });
  const [[wanted]] = await runModel(bytes, [x]) as [[Tensor]];
  const found = (await importOnnx(bytes)).forward(x);
  expect(found.shape).toEqual(wanted.shape);
  expect(found.sub(wanted).abs().amax().item()).toBeLessThan(1e-4);
}

const generator = new Generator(1);
const random = (...shape: number[]): Tensor => randn(shape, { generator });

describe.skipIf(!hasRuntime)("operators in ONNX Runtime", () => {
  test.each(
    ["half_pixel", "output_half_pixel"].flatMap((mode) =>
      [0n, 2n].flatMap((ratio) => [1, 0.5].map((scale) => [mode, ratio, scale] as const))
    ),
  )("RoiAlign, %s, %d samples, scale %d", async (mode, ratio, scale) => {
    const attributes: Record<string, Attribute> = {
      coordinate_transformation_mode: mode,
      sampling_ratio: ratio,
      spatial_scale: scale,
      output_height: 3n,
      output_width: 2n,
    };
    // A region within, one between elements, one beyond the edges, one without extent.
    const regions = [0, 0, 8, 11, 2, 3, 4.5, 6.2, -2, -3, 20, 5, 3, 3, 3, 3];
    const constants = { regions: [[4, 4], regions], images: [[4], [0n, 1n, 1n, 0n]] } as const;
    await expectSame([["RoiAlign", ["x", "regions", "images"], ["y"], attributes]], constants, random(2, 3, 12, 9));
  });

  test.each<[shape: number[], attributes: Record<string, Attribute>, n: bigint | null]>([
    [[2, 10, 1], {}, null],
    [[2, 10, 1], { onesided: 1n }, 9n],
    [[2, 10, 2], {}, 7n],
    [[2, 10, 2], { inverse: 1n }, 13n],
    [[2, 4, 6, 1], { axis: 2n, onesided: 1n }, null],
    [[2, 4, 6, 2], { axis: -2n }, null],
  ])("DFT, case %#", async (shape, attributes, n) => {
    const given = n === null ? ["x"] : ["x", "n"];
    await expectSame([["DFT", given, ["y"], attributes]], n === null ? {} : { n: [[], [n]] }, random(...shape));
  });

  test("DFT of operator set 20", async () => {
    await expectSame([["DFT", ["x"], ["y"]]], {}, random(2, 4, 6, 1), 20);
    await expectSame([["DFT", ["x", "", "axis"], ["y"]]], { axis: [[], [1n]] }, random(2, 4, 6, 1), 20);
  });

  test.each<[shape: number[], onesided: bigint, size: number, window: boolean]>([
    [[2, 40, 1], 1n, 8, false],
    [[2, 40, 1], 0n, 9, true],
    [[2, 40], 1n, 8, true],
  ])("STFT, case %#", async (shape, onesided, size, window) => {
    const own: Numbers = window ? { window: [[size], [...random(size).toTypedArray("float32")]] } : {};
    const given = ["x", "step", window ? "window" : "", "size"];
    const constants = { ...own, step: [[], [5n]], size: [[], [BigInt(size)]] } as const;
    await expectSame([["STFT", given, ["y"], { onesided }]], constants, random(...shape));
  });

  test.each([[8, 16, 8192, 0, 4096], [10, 64, 16000, 300, 7000], [40, 400, 16000, 20, 8000]])(
    "MelWeightMatrix of %d bins, length %d, rate %d, from %d to %d hertz",
    async (bins, length, rate, low, high) => {
      const numbers = {
        bins: [[], [BigInt(bins)]],
        length: [[], [BigInt(length)]],
        rate: [[], [BigInt(rate)]],
      } as const;
      const edges = { low: [[], [low]], high: [[], [high]] } as const;
      await expectSame(
        [["MelWeightMatrix", ["bins", "length", "rate", "low", "high"], ["m"]], ["Mul", ["m", "x"], ["y"]]],
        { ...numbers, ...edges },
        random(1),
      );
    },
  );
});
