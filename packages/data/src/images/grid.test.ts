import { arange, rand, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { makeGrid } from "./grid.ts";

describe("makeGrid", () => {
  test("rows of pictures with a border", () => {
    const images = arange(5 * 3 * 2 * 3).reshape([5, 3, 2, 3]);
    const grid = makeGrid(images, { nrow: 2, padding: 1, padValue: -1 });
    expect(grid.shape).toEqual([3, 1 + 3 * 3, 1 + 2 * 4]);
    for (let i = 0; i < 5; i++) {
      const [top, left] = [1 + 3 * Math.floor(i / 2), 1 + 4 * (i % 2)];
      expect(grid.narrow(1, top, 2).narrow(2, left, 3).equal(images.at(i))).toBe(true);
    }
    // All else is border, the place of a sixth picture included.
    expect(grid.eq(-1).sum().item()).toBe(3 * (10 * 9 - 5 * 6));
  });

  test("fewer pictures than a row takes make a shorter row", () => {
    expect(makeGrid(zeros([3, 3, 4, 4])).shape).toEqual([3, 8, 20]);
    expect(makeGrid(zeros([9, 3, 4, 4])).shape).toEqual([3, 14, 50]);
    expect(makeGrid(zeros([9, 3, 4, 4]), { padding: 0 }).shape).toEqual([3, 8, 32]);
  });

  test("grey pictures get three channels, single ones no border, lists are stacked", () => {
    const image = rand([1, 4, 5]);
    const three = image.expand([3, 4, 5]);
    expect(makeGrid(image).equal(three)).toBe(true);
    expect(makeGrid(image.squeeze(0)).equal(three)).toBe(true);
    expect(makeGrid(image.unsqueeze(0)).equal(three)).toBe(true);
    expect(makeGrid([image, image]).equal(makeGrid(image.expand([2, 1, 4, 5])))).toBe(true);
    expect(makeGrid([image.squeeze(0)]).equal(three)).toBe(true);
    expect(makeGrid(zeros([2, 4, 3, 3])).shape[0]).toBe(4);
    expect(makeGrid(zeros([2, 3, 3, 3], { dtype: "uint8" }), { padValue: 200 }).amax().item()).toBe(200);
  });

  test("normalising: by all pictures, by each, by a range", () => {
    const images = tensor([[[[1, 3]]], [[[5, 9]]]]);
    const values = (options: object): unknown => {
      const grid = makeGrid(images, { normalize: true, padding: 0, ...options });
      expect(grid.shape).toEqual([3, 1, 4]);
      return grid.at(1, 0).toArray();
    };
    expect(values({})).toEqual([0, 0.25, 0.5, 1]);
    expect(values({ scaleEach: true })).toEqual([0, 1, 0, 1]);
    expect(values({ valueRange: [2, 6] })).toEqual([0, 0.25, 0.75, 1]);
    expect(images.toArray()).toEqual([[[[1, 3]]], [[[5, 9]]]]);
    expect(makeGrid(tensor([[[7, 7]]]), { normalize: true }).toArray()).toEqual(Array(3).fill([[0, 0]]));
    expect(makeGrid(images.to("uint8"), { normalize: true, padding: 0 }).at(0, 0).toArray()).toEqual([0, 0.25, 0.5, 1]);
  });

  test("bad input", () => {
    expect(() => makeGrid(zeros([2]))).toThrow(/expected pictures .*got \[2\]/);
    expect(() => makeGrid(zeros([0, 3, 4, 4]))).toThrow(/got \[0, 3, 4, 4\]/);
    expect(() => makeGrid([])).toThrow(/list of pictures is empty/);
    expect(() => makeGrid(zeros([2, 2], { dtype: "int32" }))).toThrow(/got int32/);
    expect(() => makeGrid(zeros([2, 2]), { nrow: 0 })).toThrow(/nrow must be an integer from 1/);
    expect(() => makeGrid(zeros([2, 2]), { valueRange: [0, 1] })).toThrow(/go with normalize: true/);
    expect(() => makeGrid(zeros([2, 2]), { normalize: true, valueRange: [1, 0] })).toThrow(
      /ascending order, got \[1, 0\]/,
    );
    expect(() => makeGrid(zeros([2, 2]), { rows: 2 } as object)).toThrow(/unknown option "rows"/);
  });
});
