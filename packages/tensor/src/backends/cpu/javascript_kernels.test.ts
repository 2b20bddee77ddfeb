import { expect, test } from "vitest";
import { fuse, tensor } from "../../mod.ts";

test("kernels of one expression that differ in inputs which it does not use", () => {
  const [a, b, unused] = [tensor([1, 2, 3]), tensor([4, 5, 6], { dtype: "float16" }), tensor([7, 8, 9])];
  const three = fuse("three", [a, b, unused], (a, b) => a.mul(b));
  const two = fuse("two", [a, b], (a, b) => a.mul(b));
  expect([three.toArray(), two.toArray()]).toEqual([[4, 10, 18], [4, 10, 18]]);
});
