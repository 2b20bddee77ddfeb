import { Buffer } from "node:buffer";
import { decodeImage } from "@heddle/data";
import { describe, expect, test } from "vitest";
import { imageGrid } from "./image_grid.ts";
import { encodePng, greyPixels, mosaic } from "./png.ts";

const pixels = (...values: number[]) => greyPixels(values, { width: 2, height: 2 });

describe("encodePng", () => {
  test("reads back as it was", () => {
    const image = {
      width: 3,
      height: 2,
      channels: 3 as const,
      data: Uint8Array.from({ length: 18 }, (_, i) => i * 14),
    };
    const back = decodeImage(encodePng(image));
    expect(back.shape).toEqual([3, 2, 3]);
    expect([...back.movedim(0, 2).toTypedArray()]).toEqual([...image.data]);
  });

  test("refuses the wrong number of values", () => {
    expect(() => encodePng({ width: 2, height: 2, channels: 3, data: new Uint8Array(4) })).toThrow(
      "encodePng: 4 values for 2 × 2 pixels of 3 channels",
    );
  });
});

test("greyPixels clamps, and inverts on demand", () => {
  expect([...pixels(0, 0.5, 1, 2).data]).toEqual([0, 128, 255, 255]);
  expect([...greyPixels([-1, 0.2], { width: 2, height: 1 }, { invert: true }).data]).toEqual([255, 204]);
});

test("mosaic lays images row by row, apart and on white", () => {
  const images = [0.2, 0.4, 0.6].map((value) => greyPixels([value, value], { width: 2, height: 1 }));
  const { width, height, data } = mosaic(images, 2, 1);
  expect([width, height]).toEqual([5, 3]);
  expect([...data]).toEqual([51, 51, 255, 102, 102, 255, 255, 255, 255, 255, 153, 153, 255, 255, 255]);
  expect(() => mosaic([], 2)).toThrow("mosaic: there are no images");
  expect(() => mosaic([...images, pixels(0, 0, 0, 0)], 2)).toThrow("images of 2 × 1 × 1 and of 2 × 2 × 1");
});

describe("imageGrid", () => {
  const svg = imageGrid({
    title: "Mistakes",
    columns: 2,
    images: [
      { pixels: pixels(0, 0, 0, 0), caption: "4 → 9" },
      { pixels: pixels(1, 1, 1, 1), caption: "7 → <1>" },
      { pixels: pixels(0, 1, 0, 1), caption: "0 → 6" },
    ],
  });

  test("holds every image as a PNG, row by row", () => {
    const images = [...svg.matchAll(/<image x="(\d+)" y="(\d+)"[^>]*href="data:image\/png;base64,([^"]+)"/g)];
    expect(images.map(([, x, y]) => [Number(x), Number(y)])).toEqual([[20, 70], [88, 70], [20, 106]]);
    expect([...decodeImage(Buffer.from(images[2]![3]!, "base64")).toTypedArray()]).toEqual([0, 255, 0, 255]);
  });

  test("has the captions", () => {
    for (const caption of ["4 → 9", "7 → &lt;1&gt;", "0 → 6"]) expect(svg).toContain(`>${caption}</text>`);
  });

  test("of no images is a page with its title", () => {
    expect(imageGrid({ title: "None", images: [] })).toContain(">None</text>");
  });
});
