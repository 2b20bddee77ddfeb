import { eye, fromTypedArray, Generator, linspace, multinomial, ones, randint, randperm, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "./testing/gpu_device.ts";

describe.skipIf(gpu === null)("dtypes that the GPU lacks", () => {
  const device = gpu!;

  test("as an intermediate step of a conversion, the host converts", () => {
    const wide = fromTypedArray(Float64Array.of(1.7, -1.7, 2 ** 31), [3], { dtype: "int32", device });
    expect(wide.toArray()).toEqual([1, -1, -(2 ** 31)]);
    expect(fromTypedArray(BigInt64Array.of(5n, -6n), [2], { dtype: "float32", device }).toArray()).toEqual([5, -6]);
    const generator = (): Generator => new Generator(3);
    const randomValues = randint(-5, 5, [40], { device, generator: generator() });
    expect(randomValues.toArray()).toEqual(randint(-5, 5, [40], { device: "cpu", generator: generator() }).toArray());
    expect(randperm(4, { device, generator: generator() }).dtype).toBe("int32");
    expect(multinomial(ones([3], { device }), 2, { generator: generator() }).device).toBe(device);
    expect(linspace(0, 1, 3, { device }).toArray()).toEqual([0, 0.5, 1]);
    expect(eye(2, { device, dtype: "int32" }).toArray()).toEqual([[1, 0], [0, 1]]);
  });

  test("isclose of integers, also of those that float32 cannot distinguish", () => {
    const int = (...values: number[]) => tensor(values, { dtype: "int32", device });
    const a = int(1, 100000, 2 ** 24 + 1, 2 ** 31 - 1, -5);
    const b = int(1, 100001, 2 ** 24, -(2 ** 31), -5);
    expect(a.isclose(b).toArray()).toEqual([true, true, true, false, true]);
    expect(a.isclose(b, { rtol: 0 }).toArray()).toEqual([true, false, false, false, true]);
    expect(int(3).isclose(int(4), { rtol: 0, atol: 1 }).item()).toBe(1);
    expect(int(1, 2).allclose(int(1, 2))).toBe(true);
    expect(tensor([250], { dtype: "uint8", device }).isclose(tensor([251], { dtype: "uint8", device })).item()).toBe(0);
    expect(tensor([true, false], { device }).isclose(tensor([true, true], { device })).toArray()).toEqual([
      true,
      false,
    ]);
    const weights = int(1, 2, 3);
    expect(int(0, 1, 1).bincount({ weights }).toArray()).toEqual([1, 5]);
  });

  test("other uses throw: the error names operation, dtype and remedy", () => {
    const wide = tensor([1n, 2n], { device });
    for (const run of [() => wide.add(1), () => wide.sum(), () => wide.to("float32"), () => wide.argmax()]) {
      expect(run).toThrow(/^(add|sum|to|argmax): the device "gpu" does not compute in int64; .*\.to\("/);
    }
    const x = ones([2, 2], { device });
    expect(() => x.gather(1, tensor([[0n], [1n]], { device }))).toThrow(/^gather: .*int64.*\.to\("int32"\)/);
    expect(() => x.indexSelect(0, wide)).toThrow(/^\w+: .*int64.*\.to\("int32"\)/);
    expect(() => tensor([1, 2], { device, dtype: "float64" }).matmul(x)).toThrow(/float64/);
    expect(() => x.double()).toThrow(/^cast: .*float64/);
  });
});
