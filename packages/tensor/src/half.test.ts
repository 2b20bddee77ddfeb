import { expect, test } from "vitest";
import { halfTable, toHalfBits } from "./half.ts";
import { tensor } from "./mod.ts";

test("every half survives conversion to float32 and back", () => {
  const table = halfTable();
  for (let bits = 0; bits < 65536; bits++) {
    const back = toHalfBits(table[bits]!);
    if (Number.isNaN(table[bits])) expect(back & 0x7fff, `NaN ${bits}`).toBe(0x7e00);
    else if (back !== bits) expect(back, `bits ${bits}`).toBe(bits);
  }
});

test("values between two halves round to the nearest, ties to even", () => {
  const table = halfTable();
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [table[bits]!, table[bits + 1]!];
    const middle = (low + high) / 2;
    const even = bits % 2 === 0 ? bits : bits + 1;
    const rounded = [toHalfBits(middle), toHalfBits((low + middle) / 2), toHalfBits((middle + high) / 2)];
    if (rounded[0] !== even || rounded[1] !== bits || rounded[2] !== bits + 1) {
      expect(rounded, `between ${low} and ${high}`).toEqual([even, bits, bits + 1]);
    }
  }
});

test("overflow gives infinity, underflow gives a signed zero", () => {
  expect([65504, 65519.996, 65520, 1e30].map(toHalfBits)).toEqual([0x7bff, 0x7bff, 0x7c00, 0x7c00]);
  expect([2 ** -24, 2 ** -25, 2 ** -25 * 1.001, 1e-40, -1e-40, -0].map(toHalfBits))
    .toEqual([1, 0, 1, 0, 0x8000, 0x8000]);
});

test("arithmetic in float16 rounds after every operation", () => {
  const one = tensor([1], { dtype: "float16" });
  expect(one.add(2 ** -11).item()).toBe(1);
  expect(one.add(2 ** -11).add(2 ** -11).item()).toBe(1);
  expect(tensor([60000], { dtype: "float16" }).mul(2).item()).toBe(Infinity);
});
