/**
 * The host does not see indices on the GPU, so indices out of range cannot be refused. Their effect is the same on
 * every GPU.
 */
import { arange, type DType, isFloat, ones, type Tensor, tensor, zeros } from "@heddle/tensor";
import { applyAll } from "@heddle/tensor/engine";
import { describe, expect, test } from "vitest";
import { gpu } from "../../testing/gpu_device.ts";
import { devices, dtypes } from "../../testing/reference_comparison.ts";

const far = [-7, 3, 100, 2 ** 31 - 1, -(2 ** 31)];

describe.skipIf(gpu === null)("indices out of range on the GPU", () => {
  const of = (values: number[], device: Tensor["device"] = gpu!) => tensor(values, { dtype: "int32", device });

  test("reads give NaN, 0 for integers, false for bool", () => {
    for (const dtype of dtypes) {
      const none = isFloat(dtype) ? NaN : dtype === "bool" ? false : 0;
      const all = far.map(() => none);
      const x = tensor([1, 1, 1], { dtype, device: gpu! });
      expect(x.gather(0, of(far)).toArray()).toEqual(all);
      expect(x.indexSelect(0, of(far)).toArray()).toEqual(all);
      expect(x.at(of(far)).toArray()).toEqual(all);
      expect(x.take(of([-1, -3, 2])).toArray()).toEqual([x, x, x].map((t) => t.at(0).toArray()));
      expect(ones([0], { dtype, device: gpu! }).gather(0, of([0])).toArray()).toEqual([none]);
    }
    const rows = arange(6, { device: gpu! }).reshape(3, 2);
    expect(rows.indexSelect(0, of([1, 3])).toArray()).toEqual([[2, 3], [NaN, NaN]]);
  });

  test("an index out of range is not compensated by those of other dimensions", () => {
    const x = arange(24, { device: gpu! }).reshape(2, 3, 4);
    const [i, j, k] = [of([1, 0, 1, 0, -1]), of([2, 3, 0, -4, -1]), of([3, 1, 2, 1, -1])];
    expect(x.at(i, j).select(1, 0).toArray()).toEqual([20, NaN, 12, NaN, 20]);
    expect(x.at(i, j, k).toArray()).toEqual([23, NaN, 14, NaN, 23]);
    expect(x.at(of([0, 2, 0, 2 ** 30]), ":", of([4, 0, 3, 3])).select(1, 0).toArray()).toEqual([NaN, NaN, 3, NaN]);
    const written = zeros([2, 3], { device: gpu! }).indexPut_([of([0, 1, 0, -2]), of([3, 0, -4, 1])], 1);
    expect(written.toArray()).toEqual([[0, 1, 0], [1, 0, 0]]);
  });

  test("writes are skipped in every algorithm", () => {
    for (const device of devices) {
      for (const dtype of ["float32", "int32", "uint8", "bool"] satisfies DType[]) {
        for (const length of [5, 3000]) {
          const index = of(Array.from({ length }, (_, i) => far[i % 5]!), device);
          const [x, source] = [zeros([3], { dtype, device }), ones([length], { dtype, device })];
          for (const reduce of ["sum", "prod", "amax", "amin", undefined] as const) {
            const found = x.scatter(0, index, source, reduce ? { reduce } : {});
            expect(found.to("int32").toArray()).toEqual([0, 0, 0]);
          }
        }
      }
      const x = zeros([3, 2], { device });
      expect(x.indexAdd(0, of([3, -1, 1], device), ones([3, 2], { device })).toArray()).toEqual([[0, 0], [1, 1], [
        0,
        0,
      ]]);
      x.indexCopy_(0, of([5, 0], device), ones([2, 2], { device })).indexFill_(0, of([-2, 2], device), 4);
      expect(x.toArray()).toEqual([[1, 1], [0, 0], [4, 4]]);
    }
  });

  test("memory outside the tensor is neither read nor written", () => {
    const all = arange(12, { device: gpu! });
    const middle = all.narrow(0, 4, 4);
    expect(middle.gather(0, of([-1, 0, 4])).toArray()).toEqual([NaN, 4, NaN]);
    middle.scatter_(0, of([-1, 4, 3]), 100).indexFill_(0, of([-4, 4, 1]), 50);
    expect(all.toArray()).toEqual([0, 1, 2, 3, 4, 50, 6, 100, 8, 9, 10, 11]);
  });

  test("a label out of range makes loss and gradient NaN, unless it is ignoreIndex", () => {
    for (const device of devices) {
      const scores = arange(12, { device }).reshape(4, 3);
      const labels = of([2, 3, -1, -100], device).reshape(4, 1);
      const attrs = { dim: 1, ignoreIndex: -100 };
      const [loss, high, log] = applyAll("labelLoss", [scores, labels], attrs) as [Tensor, Tensor, Tensor];
      const own = Math.log(1 + Math.exp(-1) + Math.exp(-2));
      expect(loss.reshape(-1).at(0).item()).toBeCloseTo(own, 6);
      expect(loss.reshape(-1).narrow(0, 1, 3).toArray()).toEqual([NaN, NaN, 0]);
      const [gradient] = applyAll("labelLossGrad", [ones([4, 1], { device }), scores, labels, high, log], attrs);
      expect(gradient!.isnan().any(1).toArray()).toEqual([false, true, true, false]);
      expect(gradient!.at(3).toArray()).toEqual([0, 0, 0]);
    }
  });
});
