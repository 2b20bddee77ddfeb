import { expect, test } from "vitest";
import { philox } from "./philox.ts";

const words = (counter: number, key0: number, key1: number): string[] => {
  const out = new Uint32Array(4);
  philox(counter, key0, key1, out);
  return [...out].map((word) => word.toString(16).padStart(8, "0"));
};

test("the known result of the Random123 library for counter 0 and key 0", () => {
  expect(words(0, 0, 0)).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
});

/** Philox 4x32-10 as in the paper, on bigints. */
function byDefinition(counter: bigint, key: [bigint, bigint]): string[] {
  const mask = 0xffffffffn;
  let c = [counter & mask, counter >> 32n, 0n, 0n];
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [p, q] = [0xd2511f53n * c[0]!, 0xcd9e8d57n * c[2]!];
    c = [(q >> 32n) ^ c[1]! ^ k0, q & mask, (p >> 32n) ^ c[3]! ^ k1, p & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return c.map((word) => word.toString(16).padStart(8, "0"));
}

test("large counters and keys agree with the definition in exact arithmetic", () => {
  const counters = [1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 7, 2 ** 53 - 1, 123456789012345];
  for (const counter of counters) {
    for (const [key0, key1] of [[1, 0], [0xffffffff, 0xffffffff], [0xdeadbeef, 0x12345678]] as const) {
      expect(words(counter, key0, key1)).toEqual(byDefinition(BigInt(counter), [BigInt(key0), BigInt(key1)]));
    }
  }
});
