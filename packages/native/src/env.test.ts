import { expect, test } from "vitest";
import { parseNative } from "./env.ts";

test("HEDDLE_NATIVE is 0, avx2, avx512 or nothing", () => {
  expect([undefined, "", "0", "avx2", "avx512"].map(parseNative)).toEqual(["auto", "auto", "off", "avx2", "avx512"]);
  for (const text of ["1", "AVX2", "avx", "sse"]) {
    expect(() => parseNative(text)).toThrow(new RangeError(`HEDDLE_NATIVE=${text}: expected 0, avx2 or avx512`));
  }
});
