import { expect, test } from "vitest";
import { SignatureCache } from "./signature_cache.ts";

const of = (signatures: SignatureCache<string>, numbers: readonly number[], text = "float32"): string => {
  signatures.addText(text);
  signatures.addNumbers(numbers);
  return signatures.getOrCreate(() => `${text} ${numbers}`);
};

test("an entry is found by its key only", () => {
  const signatures = new SignatureCache<string>(1000);
  const lists = [[], [0], [0, 0], [1, 2], [2, 1], [-1, 2], [1, -2], [2 ** 32 + 1, 2], [1, 2, 3]];
  for (let round = 0; round < 3; round++) {
    for (const list of lists) {
      expect(of(signatures, list)).toBe(`float32 ${list}`);
      expect(of(signatures, list, "int32")).toBe(`int32 ${list}`);
    }
  }
  signatures.addNumbers([5]);
  const kept = signatures.getOrCreate(() => "made");
  signatures.addNumbers([5]);
  expect(signatures.getOrCreate(() => "another")).toBe(kept);
});

test("lists of different lengths do not run into each other", () => {
  const signatures = new SignatureCache<string>(1000);
  const pair = (a: number[], b: number[]): string => {
    signatures.addNumbers(a);
    signatures.addNumbers(b);
    return signatures.getOrCreate(() => JSON.stringify([a, b]));
  };
  for (const [a, b] of [[[1, 2], [3]], [[1], [2, 3]], [[], [1, 2, 3]], [[1, 2, 3], []]] as const) {
    expect(pair([...a], [...b])).toBe(JSON.stringify([a, b]));
  }
});

test("numbers with the same hash are different keys", () => {
  // The hash uses 32 bits of a number.
  const signatures = new SignatureCache<string>(1000);
  expect(of(signatures, [7])).toBe("float32 7");
  expect(of(signatures, [2 ** 32 + 7])).toBe(`float32 ${2 ** 32 + 7}`);
  expect(of(signatures, [7])).toBe("float32 7");
});

test("keys may be long, and all entries are dropped when there are too many", () => {
  const signatures = new SignatureCache<string>(10);
  const long = Array.from({ length: 500 }, (_, i) => i);
  expect(of(signatures, long)).toBe(`float32 ${long}`);
  let made = 0;
  for (let i = 0; i < 100; i++) {
    signatures.addNumber(i);
    signatures.getOrCreate(() => (made++, "one of many"));
  }
  signatures.addNumber(99);
  signatures.getOrCreate(() => (made++, "again"));
  signatures.addNumber(0);
  signatures.getOrCreate(() => (made++, "again"));
  expect(made).toBe(101);
});
