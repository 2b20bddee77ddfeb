import { describe, expect, test } from "vitest";
import { dtypes, Generator, memory, zeros } from "../mod.ts";

describe("random_", () => {
  test("draws whole numbers within bounds, all of them", () => {
    for (const dtype of dtypes) {
      const [from, to] = dtype === "bool" ? [0, 2] : [2, 7];
      const values = [...zeros([300], { dtype }).random_(from, to).to("int32").toTypedArray()];
      expect(new Set(values), dtype).toEqual(new Set(Array.from({ length: to - from }, (_, i) => from + i)));
    }
  });

  test("starts from 0, and without bounds fills the dtype", () => {
    const below = zeros([300], { dtype: "int16" }).random_(3).toTypedArray("int16");
    expect(new Set(below)).toEqual(new Set([0, 1, 2]));
    for (
      const [dtype, most] of [["uint8", 255], ["int8", 127], ["float16", 2048], ["bfloat16", 256], [
        "float32",
        2 ** 24,
      ]] as const
    ) {
      const highest = zeros([4000], { dtype }).random_().to("float32").amax().item();
      expect(highest, dtype).toBeGreaterThan(most * 0.95);
      expect(highest, dtype).toBeLessThanOrEqual(most);
    }
    expect(zeros([100], { dtype: "int64" }).random_().to("float64").amax().item()).toBeGreaterThan(2 ** 50);
    expect(zeros([100], { dtype: "float64" }).random_().amax().item()).toBeGreaterThan(2 ** 50);
  });

  test("draws from the generator, writes through views and leaves nothing behind", () => {
    const draw = () => zeros([5]).random_(100, { generator: new Generator(3) }).toArray();
    expect(draw()).toEqual(draw());
    const x = zeros([2, 3]);
    const before = memory().storages;
    expect(x.select(0, 1).random_(5, 6).toArray()).toEqual([5, 5, 5]);
    expect(memory().storages).toBe(before);
    expect(x.toArray()).toEqual([[0, 0, 0], [5, 5, 5]]);
  });

  test("refuses bounds without an integer between them, and those that the dtype does not hold", () => {
    expect(() => zeros([2]).random_(3, 3)).toThrow(/random_: from 3 to 3/);
    expect(() => zeros([2]).random_(0.5, 3)).toThrow(RangeError);
    expect(() => zeros([2], { dtype: "uint8" }).random_(-1, 3)).toThrow(RangeError);
    expect(() => zeros([2], { dtype: "int8" }).random_(1000)).toThrow(RangeError);
    expect(() => zeros([1]).expand(2).random_(3)).toThrow(/random_: several elements/);
  });
});
