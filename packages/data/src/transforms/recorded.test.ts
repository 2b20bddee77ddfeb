/** Geometry and smoothing, against what PyTorch computed (conformance/fixtures/pictures.json). */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { fromTypedArray, type Tensor, tensor } from "@heddle/tensor";
import { RandomRotation } from "./affine.ts";
import { GaussianBlur } from "./gaussian_blur.ts";
import { onPictures } from "./pictures.ts";
import type { Interpolation, ResizeInterpolation } from "./resample.ts";
import { Resize } from "./resize.ts";
import { type AffineParts, affinePlaces, inverseAffine, Warp } from "./warp.ts";

interface Recorded {
  shape: number[];
  data: string;
}
interface Case {
  name: string;
  call: string;
  inputs: [Recorded];
  args: unknown[];
  outputs: [Recorded];
}

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures");
const { cases } = JSON.parse(readFileSync(join(folder, "pictures.json"), "utf8")) as { cases: Case[] };
const of = (call: string): Case[] => cases.filter((each) => each.call === call);
const decode = ({ shape, data }: Recorded): Tensor =>
  fromTypedArray(new Float32Array(Uint8Array.from(Buffer.from(data, "base64")).buffer), shape);

function expectClose(actual: Tensor, expected: Recorded): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.sub(decode(expected)).abs().amax().item()).toBeLessThan(1e-6);
}

function affine(image: Tensor, parts: AffineParts, interpolation: Interpolation, fill: number): Tensor {
  return onPictures("affine", image, (pictures) => {
    const warp = new Warp(pictures, interpolation, fill);
    for (let i = 0; i < pictures.count; i++) {
      affinePlaces(inverseAffine(parts), pictures.height, pictures.width, warp.places);
      warp.picture(pictures, i);
    }
    return pictures;
  });
}

describe("as affine_grid and grid_sample do it", () => {
  test.each(of("affine"))("$name", ({ inputs, args, outputs }) => {
    const [parts, interpolation, fill] = args as [AffineParts, Interpolation, number];
    expectClose(affine(decode(inputs[0]), parts, interpolation, fill), outputs[0]);
  });

  test("RandomRotation turns the other way", () => {
    const turned = of("affine").filter(({ name }) => name.includes("turned"));
    expect(turned).toHaveLength(8);
    for (const { inputs, args, outputs } of turned) {
      const [{ angle }, interpolation, fill] = args as [AffineParts, Interpolation, number];
      const rotation = new RandomRotation([-angle, -angle], { interpolation, fill });
      expectClose(rotation.apply(decode(inputs[0])), outputs[0]);
    }
  });
});

describe("as interpolate does it", () => {
  test.each(of("resize"))("$name", ({ inputs, args, outputs }) => {
    const [size, interpolation, antialias] = args as [[number, number], ResizeInterpolation, boolean];
    expectClose(new Resize(size, { interpolation, antialias }).apply(decode(inputs[0])), outputs[0]);
  });

  test("bicubic overshoots at an edge, but stays within bytes, and is always antialiased", () => {
    const edge = tensor([[[0, 0, 255, 255]]], { dtype: "uint8" });
    const values = [...new Resize([1, 8], { interpolation: "bicubic" }).apply(edge).toTypedArray()].map(Number);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect([values[0], values[7]]).toEqual([0, 255]);
    expect(() => new Resize(8, { interpolation: "bicubic", antialias: false })).toThrow(/always antialiased/);
    expect(() => new Resize(8, { interpolation: "area" as "bicubic" })).toThrow(/"nearest", "bilinear" or "bicubic"/);
  });
});

describe("as a convolution with the mirrored picture", () => {
  test.each(of("smooth"))("$name", ({ inputs, args, outputs }) => {
    const [size, sigma] = args as [[number, number], number];
    expectClose(new GaussianBlur(size, { sigma }).apply(decode(inputs[0])), outputs[0]);
  });
});
