/** Operations of several steps compute as if their operands had been cast to the result's dtype first. */
import { describe, expect, test } from "vitest";
import { type DType, isFloat, resultType, type Tensor, tensor } from "../mod.ts";

const dtypes = ["float32", "float64", "int8", "uint8", "int32", "bool"] as const;

const operations: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
  xlogy: (a, b) => a.xlogy(b),
  hypot: (a, b) => a.hypot(b),
  copysign: (a, b) => a.copysign(b),
  logaddexp: (a, b) => a.logaddexp(b),
  logaddexp2: (a, b) => a.logaddexp2(b),
  ldexp: (a, b) => a.ldexp(b),
  atan2: (a, b) => a.atan2(b),
  lerp: (a, b) => a.lerp(b, 0.25),
  addcmul: (a, b) => a.addcmul(b, a, { value: 3 }),
  addcdiv: (a, b) => a.addcdiv(b, a.abs().add(1), { value: 3 }),
};

/** The second operand has one with a fraction, a sign and a zero, as far as its dtype allows. */
const values = (dtype: DType, scalar: boolean): Tensor => {
  const given = tensor(scalar ? 5.3 : [5.3, 1.7, 0, 3], { dtype: "float64" });
  const signed = dtype === "uint8" || dtype === "bool" ? given : given.mul(scalar ? -1 : tensor([-1, 1, 1, -1]));
  return signed.to(dtype);
};

describe.each(Object.entries(operations))("%s", (name, operation) => {
  const pairs = dtypes.flatMap((a) => dtypes.map((b) => [a, b] as const));
  test.each(pairs)("of %s and %s", (first, second) => {
    for (const [scalarA, scalarB] of [[false, false], [true, false], [false, true]]) {
      const [a, b] = [values(first, scalarA!), values(second, scalarB!)];
      const dtype = resultType([a, b]);
      if (!isFloat(dtype) || (name === "addcdiv" && first === "bool")) continue;
      const [got, expected] = [operation(a, b), operation(a.to(dtype), b.to(dtype))];
      expect(got.dtype).toBe(dtype);
      expect(got.toArray()).toEqual(expected.toArray());
    }
  });
});

test("integers interpolate as float32, and do not wrap on the way", () => {
  const [start, end] = [[5, 200], [3, 10]].map((row) => tensor(row, { dtype: "uint8" })) as [Tensor, Tensor];
  expect(start.lerp(end, 0.5).toArray()).toEqual([4, 105]);
});

test("the sign of an unsigned or a smallest integer is that of the other number", () => {
  expect(tensor([2, 1], { dtype: "uint8" }).copysign(tensor([-1.5, 2])).toArray()).toEqual([-2, 1]);
  expect(tensor([-128], { dtype: "int8" }).copysign(tensor([1.5])).toArray()).toEqual([128]);
});
