import { expect, test } from "vitest";
import { parseChecked, parseNative } from "./env.ts";

test("HEDDLE_NATIVE is 0, avx2, avx512, amx or nothing", () => {
  const texts = [undefined, "", "0", "avx2", "avx512", "amx"];
  expect(texts.map(parseNative)).toEqual(["auto", "auto", "off", "avx2", "avx512", "amx"]);
  for (const text of ["1", "AVX2", "avx", "sse"]) {
    expect(() => parseNative(text)).toThrow(new RangeError(`HEDDLE_NATIVE=${text}: expected 0, avx2, avx512 or amx`));
  }
});

test("HEDDLE_NATIVE_CHECKED is 0, 1 or nothing", () => {
  expect([undefined, "", "0", "1"].map(parseChecked)).toEqual([false, false, false, true]);
  expect(() => parseChecked("yes")).toThrow(new RangeError("HEDDLE_NATIVE_CHECKED=yes: expected 0 or 1"));
});
