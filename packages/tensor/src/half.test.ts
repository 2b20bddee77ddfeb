import { describe, expect, test } from "vitest";
import { type DType, finfo, fromTypedArray, type HalfDType, promoteTypes, resultType, tensor } from "./mod.ts";
import { halfFormats } from "./half.ts";

const formats: readonly HalfDType[] = ["float16", "bfloat16"];
const devices: readonly string[] = ["cpu", "reference"];

const magnitude = 0x7fff;
const infinity: Readonly<Record<HalfDType, number>> = { float16: 0x7c00, bfloat16: 0x7f80 };

describe.each(formats)("%s", (dtype) => {
  const { toBits } = halfFormats[dtype];
  const values = halfFormats[dtype].values();

  test("every pattern survives conversion to float32 and back", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const back = toBits(values[bits]!);
      if (Number.isNaN(values[bits])) {
        expect((bits & magnitude) > infinity[dtype], `NaN ${bits}`).toBe(true);
        expect((back & magnitude) > infinity[dtype], `NaN ${bits}`).toBe(true);
      } else if (back !== bits) expect(back, `bits ${bits}`).toBe(bits);
    }
  });

  test("values between two neighbours round to the nearest, ties to even", () => {
    for (let bits = 0; bits + 1 < infinity[dtype]; bits++) {
      const [low, high] = [values[bits]!, values[bits + 1]!];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const rounded = [toBits(middle), toBits((low + middle) / 2), toBits((middle + high) / 2)];
      if (rounded[0] !== even || rounded[1] !== bits || rounded[2] !== bits + 1) {
        expect(rounded, `between ${low} and ${high}`).toEqual([even, bits, bits + 1]);
      }
    }
  });

  test("numbers that float32 cannot hold are rounded to it first", () => {
    const one = toBits(1);
    const half = finfo(dtype).eps / 2;
    // A little above the middle in float64; in float32 it is the middle.
    expect(toBits(1 + half + 2 ** -40)).toBe(one);
    expect(toBits(1 + half + 2 ** -22)).toBe(one + 1);
  });

  test.each(devices)("arithmetic rounds after every operation, on %s", (device) => {
    const one = tensor([1], { dtype, device });
    const half = finfo(dtype).eps / 2;
    expect(one.add(half).item()).toBe(1);
    expect(one.add(half).add(half).item()).toBe(1);
    expect(tensor([finfo(dtype).max], { dtype, device }).mul(2).item()).toBe(Infinity);
  });

  test.each(devices)("casts of all patterns on %s", (device) => {
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const x = fromTypedArray(patterns, [65536], { dtype, device });
    for (const wide of ["float32", "float64"] as const) {
      expect(Array.from(x.to(wide).toTypedArray(), Number)).toEqual(Array.from(values));
      expect(x.to(wide).to(dtype).toTypedArray()).toEqual(values);
    }
  });

  test.each(devices)("casts of halfway cases and their neighbours on %s", (device) => {
    const between: number[] = [];
    const wanted: number[] = [];
    for (let bits = 0; bits + 1 < infinity[dtype]; bits++) {
      const middle = (values[bits]! + values[bits + 1]!) / 2;
      const near = Math.max(middle * 2 ** -23, 2 ** -149);
      for (const value of [middle, middle - near, middle + near]) {
        between.push(value, -value);
        wanted.push(values[toBits(value)]!, -values[toBits(value)]!);
      }
    }
    for (const wide of ["float32", "float64"] as const) {
      expect(tensor(between, { dtype: wide, device }).to(dtype).toTypedArray()).toEqual(Float32Array.from(wanted));
    }
  });
});

test("overflow gives infinity, underflow gives a signed zero", () => {
  const { float16, bfloat16 } = halfFormats;
  expect([65504, 65519.996, 65520, 1e30].map(float16.toBits)).toEqual([0x7bff, 0x7bff, 0x7c00, 0x7c00]);
  expect([2 ** -24, 2 ** -25, 2 ** -25 * 1.001, 1e-40, -1e-40, -0].map(float16.toBits))
    .toEqual([1, 0, 1, 0, 0x8000, 0x8000]);
  expect([3.3895314e38, 3.39e38, 3.4e38, -3.4e38].map(bfloat16.toBits)).toEqual([0x7f7f, 0x7f7f, 0x7f80, 0xff80]);
  expect([2 ** -133, 2 ** -134, 2 ** -134 * 1.001, -1e-45, -0].map(bfloat16.toBits)).toEqual([1, 0, 1, 0x8000, 0x8000]);
});

test("bfloat16 and float16 promote to float32; a number or a single element promotes neither", () => {
  expect(promoteTypes("bfloat16", "float16")).toBe("float32");
  for (const low of ["bool", "uint8", "int8", "int16", "int32", "int64"] as const satisfies readonly DType[]) {
    expect(promoteTypes(low, "bfloat16")).toBe("bfloat16");
  }
  expect(promoteTypes("bfloat16", "float64")).toBe("float64");
  const [x, y] = [tensor([1.5], { dtype: "bfloat16" }), tensor([2], { dtype: "float16" })];
  expect(x.add(y).dtype).toBe("float32");
  expect(x.add(tensor(1, { dtype: "float64" })).dtype).toBe("bfloat16");
  expect(x.mul(0.1).dtype).toBe("bfloat16");
  expect(resultType([x, 0.5])).toBe("bfloat16");
  expect(x.add(tensor([1], { dtype: "int32" })).dtype).toBe("bfloat16");
});
