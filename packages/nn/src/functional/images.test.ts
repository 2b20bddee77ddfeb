import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { arange, Generator, ones, rand, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { affineGrid, gridSample } from "./grid_sample.ts";
import { interpolate } from "./interpolate.ts";
import { localResponseNorm } from "./local_response_norm.ts";
import { pixelShuffle, pixelUnshuffle } from "./pixel_shuffle.ts";

// Values are recorded from PyTorch (conformance/fixtures/vision.json). Here are gradients by differences, identities, and what is
// refused.

const generator = new Generator(12);
const double = (...shape: number[]): Tensor => randn(shape, { dtype: "float64", generator }).requiresGrad_();

describe("gradients that differences give", () => {
  const functions: Record<string, [number[], (x: Tensor) => Tensor]> = {
    "localResponseNorm": [[2, 5, 3], (x) => localResponseNorm(x, 4, { alpha: 0.5, beta: 0.6, k: 2 })],
    "pixelShuffle": [[8, 2, 3], (x) => pixelShuffle(x, 2).square()],
    "interpolate nearest": [[1, 2, 3, 4], (x) => interpolate(x, { size: [6, 5] })],
    "interpolate bilinear": [[1, 2, 3, 4], (x) => interpolate(x, { scaleFactor: 1.6, mode: "bilinear" })],
    "interpolate bicubic": [[1, 1, 4, 3], (x) => interpolate(x, { size: [3, 5], mode: "bicubic", alignCorners: true })],
    "interpolate trilinear": [[1, 1, 2, 3, 2], (x) => interpolate(x, { size: 4, mode: "trilinear" })],
  };
  test.each(Object.entries(functions))("%s", (_, [shape, fn]) => {
    expect(gradcheck((x) => fn(x!), [double(...shape)])).toBe(true);
  });

  test.each(["zeros", "border", "reflection"] as const)("gridSample with %s, for image and grid", (paddingMode) => {
    const grid = rand([1, 3, 3, 2], { dtype: "float64", generator }).mul(3).sub(1.5).requiresGrad_();
    const sample = (x?: Tensor, points?: Tensor): Tensor => gridSample(x!, points!, { paddingMode });
    expect(gradcheck(sample, [double(1, 2, 4, 3), grid])).toBe(true);
  });

  test("an affine map, through both", () => {
    const theta = tensor([[[0.9, 0.2, 0.1], [-0.3, 1.1, 0.05]]], { dtype: "float64" }).requiresGrad_();
    const warp = (x?: Tensor, map?: Tensor): Tensor => gridSample(x!, affineGrid(map!, [1, 1, 3, 4]));
    expect(gradcheck(warp, [double(1, 1, 3, 4), theta])).toBe(true);
  });
});

describe("identities", () => {
  test("the identity's grid shows the image, a quarter turn's the image turned", () => {
    const x = arange(9).reshape(1, 1, 3, 3);
    for (const alignCorners of [false, true]) {
      const grid = affineGrid(tensor([[[1, 0, 0], [0, 1, 0]]]), [1, 1, 3, 3], { alignCorners });
      expect(gridSample(x, grid, { alignCorners }).round({ decimals: 4 }).toArray()).toEqual(x.toArray());
    }
    const quarter = affineGrid(tensor([[[0, 1, 0], [-1, 0, 0]]]), [1, 1, 3, 3]);
    expect(gridSample(x, quarter, { mode: "nearest" }).toArray()).toEqual([[[[6, 3, 0], [7, 4, 1], [8, 5, 2]]]]);
  });

  test("points that are no numbers show nothing", () => {
    expect(gridSample(ones([1, 1, 2, 2]), tensor([[[[NaN, 0], [0, 0]]]])).toArray()).toEqual([[[[0, 1]]]]);
  });

  test("pixelUnshuffle is the reverse of pixelShuffle", () => {
    const x = randn([2, 8, 3, 2], { generator });
    expect(pixelUnshuffle(pixelShuffle(x, 2), 2).toArray()).toEqual(x.toArray());
  });

  test("interpolation to the same size copies", () => {
    const x = randn([1, 1, 3, 4], { generator });
    const y = interpolate(x, { size: [3, 4], mode: "bilinear" });
    expect(y.toArray()).toEqual(x.toArray());
    y.fill_(0);
    expect(x.abs().sum().item()).toBeGreaterThan(0);
  });

  test("an infinite pixel stays where it is", () => {
    const y = interpolate(tensor([[[0, 0, Infinity, 0, 0, 0]]]), { size: 3, mode: "linear" });
    expect(y.toArray()).toEqual([[[0, Infinity, 0]]]);
  });

  test("one channel alone is divided by its own size", () => {
    const y = localResponseNorm(tensor([[[3], [4]]], { dtype: "float64" }), 1, { alpha: 1, beta: 0.5, k: 16 });
    expect(y.flatten().toArray()).toEqual([3 / 5, 4 / Math.sqrt(32)]);
  });
});

describe("what is refused", () => {
  const image = ones([1, 4, 6, 6]);
  const grid = ones([1, 2, 2, 2]);
  test.each<[string, () => Tensor, string]>([
    ["no size", () => interpolate(image, {}), "interpolate: give either size or scaleFactor, got neither"],
    ["two sizes", () => interpolate(image, { size: 3, scaleFactor: 2 }), "got both"],
    ["a mode of lines", () => interpolate(image, { size: 3, mode: "linear" }), 'mode "linear" wants [N, C, L]'],
    [
      "no mode",
      () => interpolate(image, { size: 3, mode: "cubic" as "bicubic" }),
      'mode "cubic" is unknown; use one of',
    ],
    [
      "corners without lines",
      () => interpolate(image, { size: 3, alignCorners: false }),
      "alignCorners has no meaning",
    ],
    [
      "a size of nothing",
      () => interpolate(image, { scaleFactor: 0.1 }),
      "cannot become [0, 0] (scaleFactor [0.1, 0.1])",
    ],
    ["three sizes", () => interpolate(image, { size: [1, 2, 3] }), "size [1, 2, 3] has 3 entries"],
    ["channels", () => pixelShuffle(image, 3), "4 channels (shape [1, 4, 6, 6]) are no multiple of 9"],
    ["pixels", () => pixelUnshuffle(image, 4), "6 × 6 pixels (shape [1, 4, 6, 6]) cannot be split"],
    [
      "too few dimensions",
      () => localResponseNorm(ones([2, 3]), 2),
      "got an input of shape [2, 3]; expected [N, C, L]",
    ],
    ["another batch", () => gridSample(ones([2, 1, 3, 3]), grid), "and a grid of shape [1, 2, 2, 2]"],
    ["two dtypes", () => gridSample(image, grid.double()), "the input is float32, the grid float64"],
    ["whole numbers", () => gridSample(image.int(), grid), "the input is int32; expected a floating-point tensor"],
    [
      "another border",
      () => gridSample(image, grid, { paddingMode: "edge" as "border" }),
      'paddingMode "edge" is unknown',
    ],
    ["another map", () => affineGrid(ones([1, 3, 3]), [1, 1, 2, 2]), "theta has shape [1, 3, 3]"],
    ["a size of three", () => affineGrid(ones([1, 2, 3]), [1, 2, 2]), "size [1, 2, 2] must be four positive integers"],
  ])("%s", (_, call, message) => expect(call).toThrow(message));
});

describe("interpolate where a size stays", () => {
  test.each([1, 1.1, 1.19])("copies it in the linear modes, whatever the factor %d says", (scaleFactor) => {
    for (const alignCorners of [false, true]) {
      const line = arange(5).reshape(1, 1, 5);
      expect(interpolate(line, { scaleFactor, mode: "linear", alignCorners }).equal(line)).toBe(true);
      const picture = arange(12).reshape(1, 1, 3, 4);
      const rows = interpolate(picture, { scaleFactor: [scaleFactor, 2], mode: "bilinear", alignCorners });
      expect(rows.equal(interpolate(picture, { scaleFactor: [1, 2], mode: "bilinear", alignCorners }))).toBe(true);
    }
  });

  test("takes other pixels in the modes that have no lines, as PyTorch does", () => {
    const line = arange(5).reshape(1, 1, 5);
    expect(interpolate(line, { scaleFactor: 1.1 }).toArray()).toEqual([[[0, 0, 1, 2, 3]]]);
    expect(interpolate(line, { scaleFactor: 1.19, mode: "nearest-exact" }).toArray()).toEqual([[[0, 1, 2, 2, 3]]]);
    expect(interpolate(line, { scaleFactor: 1.1, mode: "area" }).equal(line)).toBe(true);
  });
});

describe("grids", () => {
  test.each(
    [
      ["bicubic", [1, 1, 3, 4], [1, 2, 2, 2]],
      ["bilinear", [1, 1, 2, 3, 3], [1, 1, 2, 2, 3]],
    ] as const,
  )("%s: gradients of any order", (mode, shape, points) => {
    const generator = new Generator(9);
    const x = randn(shape, { dtype: "float64", generator, requiresGrad: true });
    const grid = rand(points, { dtype: "float64", generator }).mul(1.6).sub(0.8).requiresGrad_();
    const sample = (x: Tensor, grid: Tensor) => gridSample(x, grid, { mode }).square();
    expect(gradcheck(sample, [x, grid])).toBe(true);
    expect(gradgradcheck(sample, [x, grid])).toBe(true);
  });
});
