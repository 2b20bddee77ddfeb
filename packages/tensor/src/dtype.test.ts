import { describe, expect, test } from "vitest";
import {
  checkDType,
  type DType,
  dtypes,
  finfo,
  integerRange,
  isFloat,
  isInteger,
  itemSize,
  promoteTypes,
  resultType,
} from "./dtype.ts";
import { arange, tensor, zeros } from "./mod.ts";

/** PyTorch's table of `torch.promote_types`, in the order of its rows. */
const order: DType[] = [
  "bool",
  "uint8",
  "int8",
  "int16",
  "int32",
  "int64",
  "float16",
  "bfloat16",
  "float32",
  "float64",
];
const promoted = `
  bool     uint8    int8     int16    int32    int64    float16  bfloat16 float32  float64
  uint8    uint8    int16    int16    int32    int64    float16  bfloat16 float32  float64
  int8     int16    int8     int16    int32    int64    float16  bfloat16 float32  float64
  int16    int16    int16    int16    int32    int64    float16  bfloat16 float32  float64
  int32    int32    int32    int32    int32    int64    float16  bfloat16 float32  float64
  int64    int64    int64    int64    int64    int64    float16  bfloat16 float32  float64
  float16  float16  float16  float16  float16  float16  float16  float32  float32  float64
  bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 float32  bfloat16 float32  float64
  float32  float32  float32  float32  float32  float32  float32  float32  float32  float64
  float64  float64  float64  float64  float64  float64  float64  float64  float64  float64`;

test("two dtypes are promoted as PyTorch does", () => {
  const rows = promoted.trim().split("\n").map((line) => line.trim().split(/\s+/));
  order.forEach((a, i) => order.forEach((b, j) => expect(promoteTypes(a, b), `${a} with ${b}`).toBe(rows[i]![j])));
});

describe("resultType", () => {
  const dims = (dtype: DType) => ({ dtype, ndim: 1 });
  const zeroDims = (dtype: DType) => ({ dtype, ndim: 0 });

  test("a tensor without dims counts by its kind only", () => {
    expect(resultType([dims("float32"), zeroDims("float64")])).toBe("float32");
    expect(resultType([dims("int8"), zeroDims("int64")])).toBe("int8");
    expect(resultType([dims("int64"), zeroDims("float16")])).toBe("float16");
    expect(resultType([dims("bool"), zeroDims("uint8")])).toBe("uint8");
    expect(resultType([zeroDims("float32"), zeroDims("float64")])).toBe("float64");
  });

  test("a JavaScript value counts less than both", () => {
    expect(resultType([dims("int8"), 1000])).toBe("int8");
    expect(resultType([dims("int8"), 2.5])).toBe("float32");
    expect(resultType([dims("float64"), 2.5])).toBe("float64");
    expect(resultType([dims("float16"), 2.5])).toBe("float16");
    expect(resultType([zeroDims("int16"), 3])).toBe("int16");
    expect(resultType([zeroDims("float16"), dims("int32"), 2.5])).toBe("float16");
    expect(resultType([dims("bool"), true])).toBe("bool");
    expect(resultType([dims("bool"), 1])).toBe("int32");
    expect(resultType([dims("bool"), 1n])).toBe("int64");
    expect(resultType([dims("bool"), 0.5])).toBe("float32");
    expect(resultType([dims("int32"), NaN])).toBe("float32");
    expect(resultType([dims("int32"), Infinity])).toBe("float32");
  });

  test("operations show it", () => {
    expect(tensor([1, 2], { dtype: "int32" }).add(1).dtype).toBe("int32");
    expect(tensor([1, 2], { dtype: "int32" }).div(2).dtype).toBe("float32");
    expect(tensor([1, 2], { dtype: "int32" }).sin().dtype).toBe("float32");
    expect(tensor([true]).mul(2).dtype).toBe("int32");
    expect(tensor([1], { dtype: "uint8" }).add(tensor([1], { dtype: "int8" })).dtype).toBe("int16");
    expect(tensor([1, 2]).lt(2).dtype).toBe("bool");
    expect(tensor([1], { dtype: "int8" }).sum().dtype).toBe("int32");
    expect(arange(3).argmax().dtype).toBe("int32");
  });
});

test("sizes and kinds", () => {
  expect(dtypes.map(itemSize)).toEqual([4, 8, 2, 2, 1, 2, 4, 8, 1, 1]);
  expect(dtypes.filter(isFloat)).toEqual(["float32", "float64", "float16", "bfloat16"]);
  expect(dtypes.filter(isInteger)).toEqual(["int8", "int16", "int32", "int64", "uint8"]);
});

test("ranges", () => {
  expect(integerRange("bool")).toEqual([0n, 1n]);
  expect(integerRange("uint8")).toEqual([0n, 255n]);
  expect(integerRange("int16")).toEqual([-32768n, 32767n]);
  expect(integerRange("int64")).toEqual([-(2n ** 63n), 2n ** 63n - 1n]);
  expect(finfo("float32").max).toBe(Math.fround(3.4028234663852886e38));
  expect(Math.fround(1 + finfo("float32").eps)).not.toBe(1);
  expect(Math.fround(1 + finfo("float32").eps / 2)).toBe(1);
  expect(tensor(finfo("float16").max, { dtype: "float16" }).item()).toBe(65504);
  expect(tensor(finfo("float16").tiny, { dtype: "float16" }).item()).toBe(2 ** -14);
  expect(tensor(finfo("bfloat16").max, { dtype: "bfloat16" }).item()).toBe(255 * 2 ** 120);
  expect(tensor(finfo("bfloat16").tiny, { dtype: "bfloat16" }).item()).toBe(2 ** -126);
});

test("an unknown dtype throws, with the list of dtypes", () => {
  const unknown = "float8" as DType;
  expect(() => checkDType("here", unknown)).toThrow(/^here: unknown dtype "float8"; use one of float32, float64/);
  expect(() => zeros([1], { dtype: unknown })).toThrow(/^zeros: unknown dtype "float8"/);
  expect(() => tensor([1], { dtype: unknown })).toThrow(/^tensor: unknown dtype/);
  expect(() => arange(3, { dtype: unknown })).toThrow(/^arange: unknown dtype/);
  expect(() => zeros([1]).sum(0, { dtype: unknown })).toThrow(/^sum: unknown dtype/);
  expect(() => zeros([1]).to("float8" as string)).toThrow(/^to: there is no device "float8" and no dtype of that name/);
  expect(() => zeros([1], { dtype: "toString" as DType })).toThrow(/unknown dtype/);
});
