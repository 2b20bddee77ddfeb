import { zeros } from "@heddle/tensor";
import { expect, test } from "vitest";
import { Bilinear } from "./bilinear.ts";

test("inputs that do not fit are refused by their shapes", () => {
  const layer = new Bilinear(3, 4, 2);
  for (const [a, b] of [[[5, 4], [5, 4]], [[5, 3], [6, 4]], [[3], [1, 4]], [[], [4]]] as const) {
    expect(() => layer.forward(zeros(a), zeros(b))).toThrow(
      /bilinear: got inputs \[.*\] and \[.*\], weight \[2, 3, 4\], bias \[2\]; expected \[…, in1\], \[…, in2\]/,
    );
  }
});

test("a batch of none, and leading dimensions", () => {
  expect(new Bilinear(3, 4, 2).forward(zeros([0, 3]), zeros([0, 4])).shape).toEqual([0, 2]);
  expect(new Bilinear(3, 4, 2, { bias: false }).forward(zeros([5, 6, 3]), zeros([5, 6, 4])).shape).toEqual([5, 6, 2]);
});
