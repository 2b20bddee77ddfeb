import { crc32 as expected } from "node:zlib";
import { expect, test } from "vitest";
import { crc32, inTables } from "./crc32.ts";

test("the tables compute what zlib does, from any start and in pieces", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 97 + (i >> 3)) & 255);
  for (const sum of [crc32, inTables]) {
    expect(sum(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    for (const length of [0, 1, 7, 8, 9, 64, 1000]) {
      expect(sum(bytes.subarray(0, length))).toBe(expected(bytes.subarray(0, length)));
    }
    expect(sum(bytes.subarray(333), sum(bytes.subarray(0, 333)))).toBe(expected(bytes));
    expect(sum(bytes.subarray(1, 1000))).toBe(expected(bytes.subarray(1)));
  }
});
