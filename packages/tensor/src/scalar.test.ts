import { expect, test } from "vitest";
import { elementValue } from "./scalar.ts";
import { tensor } from "./mod.ts";

test("numbers are rounded or wrapped as the dtype does", () => {
  expect(elementValue(0.1, "float32")).toBe(Math.fround(0.1));
  expect(elementValue(0.1, "float64")).toBe(0.1);
  expect(elementValue(1e39, "float32")).toBe(Infinity);
  expect(elementValue(70000, "float16")).toBe(Infinity);
  expect(elementValue(70000, "bfloat16")).toBe(70144);
  expect(elementValue(3.4e38, "bfloat16")).toBe(Infinity);
  expect(elementValue(-1.9, "int32")).toBe(-1);
  expect(elementValue(2 ** 31, "int32")).toBe(-(2 ** 31));
  expect(elementValue(300, "uint8")).toBe(44);
  expect(elementValue(-1, "uint8")).toBe(255);
  expect(elementValue(200, "int8")).toBe(-56);
  expect(elementValue(40000, "int16")).toBe(-25536);
  expect(elementValue(0.5, "bool")).toBe(1);
  expect(elementValue(NaN, "bool")).toBe(1);
  expect(elementValue(-0, "bool")).toBe(0);
});

test("bigints and booleans go anywhere", () => {
  expect(elementValue(2n ** 63n, "int64")).toBe(-(2n ** 63n));
  expect(elementValue(-1.5, "int64")).toBe(-1n);
  expect(elementValue(true, "int64")).toBe(1n);
  expect(elementValue(true, "float32")).toBe(1);
  expect(elementValue(2n ** 33n + 5n, "int32")).toBe(5);
  expect(elementValue(2n ** 60n, "float64")).toBe(2 ** 60);
  expect(elementValue(300n, "uint8")).toBe(44);
  expect(elementValue(0n, "bool")).toBe(0);
});

test("a scalar is rounded to the dtype that is computed in, as in PyTorch", () => {
  expect(tensor([0]).mul(1e39).item()).toBeNaN(); // 0 · ∞
  expect(tensor([0], { dtype: "float64" }).mul(1e39).item()).toBe(0);
  expect(tensor([0.1]).eq(0.1).item()).toBe(1);
  expect(tensor([0.1]).to("float64").eq(0.1).item()).toBe(0);
});
